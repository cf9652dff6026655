"""Who may ask, what may be reached, and what hostile servers can do."""

import http.client
import json
import socket
import ssl

from processes import eventually
from scrapes import MODULES, check_metrics
from server import PLUGIN, MailServer, certificate, client_context

# bcrypt's published test vector, of this password.
PASSWORD = "abcdefghijklmnopqrstuvwxyz"
HASH = "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"

HOSTILE = b'554 no|evil=1;2;3 "} 1 \x1b[2J <script>document.title=1</script> level=error msg="forged" \\n\r\n'


def tls_and_users(place, mail):
    ca = certificate(place, "ca", "ca")
    certificate(place, "server", "sandcheck", ca)
    web = place.file("web.yml", f"""
tls_server_config:
  cert_file: server.crt
  key_file: server.key
http_server_config:
  http2: true
  headers: {{Strict-Transport-Security: max-age=60}}
basic_auth_users:
  prometheus: {HASH}
""")
    server = place.serve(MODULES, "--web.config.file", web, context=client_context(ca))
    user = f"prometheus:{PASSWORD}"
    for path in ["/", "/metrics", "/-/healthy", "/probe", "/nothing"]:
        answer = server.get(path)
        assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Basic"), (path, answer.headers)
    for wrong in ["prometheus:wrong", "nobody:wrong", f"nobody:{PASSWORD}", "prometheus:", ":", f"prometheus:{PASSWORD}x"]:
        assert server.get("/metrics", user=wrong).status == 401, wrong
    for _ in range(2):
        answer = server.probe("smtp", f"127.0.0.1:{mail}", user=user)
        assert answer.value("probe_success") == 1
        assert answer.headers["strict-transport-security"] == "max-age=60", answer.headers
    assert server.get("/metrics", user=user).value("sandcheck_http_logins_failed_total") == 11
    server.context = client_context(ca)
    server.context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert server.get("/-/healthy", user=user).status == 200
    try:
        clear = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        clear.request("GET", "/metrics")
        raise AssertionError(f"it answers without TLS: {clear.getresponse().status}")
    except (http.client.HTTPException, OSError):
        pass


def certificates_are_renewed(place, mail):
    ca = certificate(place, "ca", "ca")
    certificate(place, "server", "first", ca)
    web = place.file("web.yml", "tls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS13}\n")
    server = place.serve(MODULES, "--web.config.file", web)

    def subject():
        context = client_context(ca)
        context.check_hostname = False
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            with context.wrap_socket(client) as secure:
                return dict(part[0] for part in secure.getpeercert()["subject"])["commonName"]

    assert subject() == "first"
    certificate(place, "server", "second", ca)
    eventually(lambda: subject() == "second", "the new certificate is not used")
    place.file("server.crt", "nonsense")
    eventually(lambda: subject() == "second" and "cannot be read; the old one stays" in server.log(), "it is not said")


def a_client_needs_a_certificate(place, mail):
    ca, other = certificate(place, "ca", "ca"), certificate(place, "other-ca", "other")
    certificate(place, "server", "sandcheck", ca)
    good, bad = certificate(place, "good", "icinga", ca), certificate(place, "bad", "icinga", other)
    web = place.file("web.yml", """
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
""")
    server = place.serve(MODULES, "--web.config.file", web, context=client_context(ca, good))
    assert server.get("/-/healthy").status == 200
    for context in [client_context(ca), client_context(ca, bad)]:
        server.context = context
        try:
            answer = server.get("/-/healthy")
            raise AssertionError(answer.text)
        except (ssl.SSLError, http.client.HTTPException, OSError):
            pass


def mistakes_of_the_web_configuration_are_named(place, mail):
    certificate(place, "server", "sandcheck")
    files = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
    for text, part in [
        ("tls_server_config: {}\n", "tls_server_config: cert_file is missing"),
        (files + "  min_version: TLS10\n", "min_version: 'TLS10' is not TLS12 or TLS13"),
        (files + "  client_auth_type: RequireAnyClientCert\n", "RequireAnyClientCert would take any certificate"),
        (files + "  client_auth_type: Some\n", "'Some' is not NoClientCert"),
        (files + "  client_auth_type: RequireAndVerifyClientCert\n", "client_ca_file is missing"),
        (files + "  client_ca_file: server.crt\n", "client_ca_file says nothing without client_auth_type"),
        (files.replace("server.key", "server.crt"), "server.crt: there is nothing of that kind in it"),
        (files + "  curve_preferences: [P256]\n", "web.yml, line 4: unknown field"),
        ("basic_auth_users:\n  a: secret\n", "a: its password is no bcrypt hash"),
    ]:
        said = place.refused(MODULES, "--web.config.file", place.file("web.yml", text))
        assert part in said and "secret" not in said, (text, said)


def only_what_is_allowed_is_reached(place, mail):
    server = place.serve(f"""
modules:
  free:
    plugin: {PLUGIN}
  narrow:
    plugin: {PLUGIN}
    targets: ["tcp://127.0.0.1:{mail}"]
  network:
    plugin: {PLUGIN}
    targets: ["tcp://127.0.0.0/30:1-65535", "tcp://[fd00::]/8:25"]
  other:
    plugin: {PLUGIN}
    targets: ["tcp://127.0.0.2:{mail}"]
""", "--deny", "tcp://127.0.0.9:*")

    def refusal(module, target):
        answer = server.probe(module, target + "&debug=true")
        assert "\nprobe_success 0\n" in answer.text, answer.text
        assert 'probe_unreported{reason="refused"} 1' in answer.text, answer.text
        return answer.text

    assert server.probe("narrow", f"127.0.0.1:{mail}").value("probe_success") == 1
    assert server.probe("network", f"localhost:{mail}").value("probe_success") == 1
    assert "it is not among the targets that are allowed here" in refusal("narrow", "127.0.0.1:1")
    assert "it is not among the targets that are allowed here" in refusal("narrow", "192.0.2.1")
    assert "leads to 127.0.0.1, it is not among the targets" in refusal("other", f"localhost:{mail}")
    assert "it is not among the targets that are allowed here" in refusal("network", "127.0.0.4:25")
    assert "denied by 'metadata'" in refusal("free", "169.254.169.254:80")
    assert "denied by 'metadata'" in refusal("free", "[::ffff:169.254.169.254]:80")
    assert "denied by 'tcp://127.0.0.9:*'" in refusal("free", "127.0.0.9:25")
    cross = server.probe("free", f"127.0.0.1:{mail}", headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status == 403, cross.text


def a_hostile_server_forges_nothing(place, mail):
    for form in ["logfmt", "json"]:
        server = place.serve(MODULES, "--log.format", form)
        with MailServer(HOSTILE) as hostile:
            answer = server.probe("smtp_verbose", f"127.0.0.1:{hostile.port}")
        assert answer.value("probe_success") == 0 and answer.text.count("\nprobe_success ") == 1, answer.text
        assert "evil" not in answer.text and "\x1b" not in answer.text, answer.text
        check_metrics(answer.text)
        page = server.get("/result?id=1")
        assert "554 no evil=1;2;3" in page.text and "&lt;script&gt;" in page.text, page.text
        for text in [page.text, server.get("/").text]:
            assert "<script" not in text and "\x1b" not in text, text
        lines = server.log().splitlines()
        assert "\x1b" not in server.log()
        probed = [line for line in lines if "554 no evil" in line]
        assert len(probed) == 1, lines
        if form == "json":
            assert all(json.loads(line)["level"] in ["info", "warn"] for line in lines), lines
        else:
            assert probed[0].split(" ")[1] == "level=info", probed
            assert not any(line.startswith("level=error") for line in lines), lines


CASES = [
    tls_and_users, certificates_are_renewed, a_client_needs_a_certificate, mistakes_of_the_web_configuration_are_named,
    only_what_is_allowed_is_reached, a_hostile_server_forges_nothing,
]
