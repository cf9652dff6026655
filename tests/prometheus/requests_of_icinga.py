"""Icinga's `ifw-api`, in the shapes of its lib/methods/ifwapichecktask.cpp."""

import json

from scrapes import MODULES
from security import HASH, HOSTILE, PASSWORD
from server import PLUGIN, MailServer, certificate, client_context

COMMANDS = f"""
commands:
  check_smtp:
    plugin: {PLUGIN}
  smtp_inside:
    plugin: {PLUGIN}
    targets: ["tcp://*.example.org:25"]
"""


def call(server, command, arguments, user=None, raw=None):
    """As Icinga asks: the same headers, and a body of resolved arguments."""
    headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "Icinga/v2.14.0"}
    body = raw if raw is not None else json.dumps(arguments)
    answer = server.ask("POST", f"/v1/checker?command={command}", headers=headers, body=body, user=user)
    assert answer.headers["content-type"] == "application/json", answer.text
    result = json.loads(answer.text)
    assert list(result) == [command], result
    result = result[command]
    assert list(result) == ["exitcode", "checkresult", "perfdata"], result
    assert result["exitcode"] in [0, 1, 2, 3] and isinstance(result["checkresult"], str), result
    assert all(isinstance(value, str) for value in result["perfdata"]), result
    return answer.status, result


def icinga_gets_the_documented_shape(place, mail):
    ca = certificate(place, "ca", "ca")
    certificate(place, "server", "sandcheck", ca)
    icinga = certificate(place, "icinga", "icinga", ca)
    web = place.file("web.yml", f"""
tls_server_config: {{cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}}
basic_auth_users: {{icinga: {HASH}}}
""")
    server = place.serve(COMMANDS, "--web.config.file", web, context=client_context(ca, icinga))
    user = f"icinga:{PASSWORD}"
    status, result = call(server, "check_smtp", {"-H": "127.0.0.1", "-p": str(mail), "-w": "7.5", "-c": 9}, user)
    assert status == 200 and result["exitcode"] == 0, result
    assert result["checkresult"].startswith("SMTP OK - ") and "|" not in result["checkresult"], result
    assert len(result["perfdata"]) == 1 and result["perfdata"][0].startswith("time=0."), result
    assert ";7.500000;9.000000;" in result["perfdata"][0], result
    _, result = call(server, "check_smtp", {"-H": "127.0.0.1", "-p": "1"}, user)
    assert result["exitcode"] == 2 and "Connection refused\nSMTP CRITICAL - " in result["checkresult"], result


def icinga_gives_arguments_of_every_kind(place, mail):
    server = place.serve(COMMANDS)
    good = {"-H": "127.0.0.1", "-p": mail}
    for arguments, exitcode in [
        ({"-S": True, "-q": True, "-4": "true"}, 0),
        ({"-S": False, "-6": None}, 0),
        ({"-C": ["NOOP", "RSET"], "-R": ["250", "250"]}, 0),
        ({"-C": ["NOOP", "RSET"], "-R": ["250", "never"]}, 1),
        ({"--expect": "220", "--starttls": True}, 0),
        ({"-t": 5, "-f": "a@b"}, 0),
    ]:
        status, result = call(server, "check_smtp", {**good, **arguments})
        assert status == 200 and result["exitcode"] == exitcode, (arguments, result)
    for arguments, part in [
        ({"-z": "1"}, "check_smtp has no option '-z'"),
        ({"--host": "mx"}, "check_smtp has no option '--host'"),
        ({"--extra-opts": "x@/etc/passwd"}, "check_smtp has no option '--extra-opts'"),
        ({"--authpass-file": "/etc/passwd"}, "check_smtp has no option '--authpass-file'"),
        ({"-P": "-"}, "--authpass=- is not taken from a request: it would read a secret of this machine"),
        ({"-S": "--extra-opts=x@/etc/passwd"}, "the option 'starttls' takes no value"),
        ({"-p": [1, 2]}, "the option 'port' takes one value"),
        ({"-p": True}, "the option 'port' needs a value"),
        ({"-p": {}}, "expected a text, a number, true"),
        ([], "an object of options"),
    ]:
        arguments = {**good, **arguments} if isinstance(arguments, dict) else arguments
        status, result = call(server, "check_smtp", arguments)
        assert status == 400 and result["exitcode"] == 3 and part in result["checkresult"], (arguments, result)
    status, result = call(server, "check_smtp", None, raw="{")
    assert status == 400 and "EOF while parsing" in result["checkresult"], result
    status, result = call(server, "check_smtp", {**good, "-p": "70000"})
    assert status == 200 and result["exitcode"] == 3 and "Port must be a positive integer" in result["checkresult"], result
    status, result = call(server, "nothing", good)
    assert status == 404 and "'nothing' is no command of this server" in result["checkresult"], result


def icinga_reaches_what_is_allowed(place, mail):
    server = place.serve(COMMANDS + MODULES)
    for command, arguments, part in [
        ("check_smtp", {"-H": "/run/docker.sock"}, "connection to unix:/run/docker.sock refused: denied by 'unix:*'"),
        ("check_smtp", {"-H": "169.254.169.254"}, "denied by 'metadata'"),
        ("smtp_inside", {"-H": "127.0.0.1", "-p": mail}, "it is not among the targets that are allowed here"),
    ]:
        _, result = call(server, command, arguments)
        assert result["exitcode"] == 3 and part in result["checkresult"], result
    with MailServer(HOSTILE) as hostile:
        _, result = call(server, "check_smtp", {"-H": "127.0.0.1", "-p": hostile.port, "-v": True})
    assert result["exitcode"] != 0 and "\x1b" not in result["checkresult"] and "|" not in result["checkresult"], result
    assert len(result["perfdata"]) <= 1, result
    for query, status in [("", 400), ("command=a&command=b", 400), ("x=y", 400)]:
        answer = server.ask("POST", f"/v1/checker?{query}", headers={"Content-Type": "application/json"}, body="{}")
        assert answer.status == status, answer.text
    answer = server.ask("POST", "/v1/checker?command=check_smtp", headers={"Content-Type": "text/plain"}, body="{}")
    assert answer.status == 415, answer.text
    assert server.get("/v1/checker?command=check_smtp").status == 405


CASES = [icinga_gets_the_documented_shape, icinga_gives_arguments_of_every_kind, icinga_reaches_what_is_allowed]
