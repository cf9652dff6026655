"""What Prometheus asks for: /probe and /metrics, and the configuration behind it."""

import os
import re
import signal
import subprocess

from processes import eventually
from server import PLUGIN, MailServer

MODULES = f"""
modules:
  smtp:
    plugin: {PLUGIN}
    options:
      warning: 7.5
      critical: 9
  smtp_certificate:
    plugin: {PLUGIN}
    options: {{starttls: true, certificate: "30,10"}}
  smtp_verbose:
    plugin: {PLUGIN}
    options: {{verbose: true}}
  lenient:
    plugin: {PLUGIN}
    options: {{response: ["never said"], command: ["NOOP"]}}
    success: warning
"""


def check_metrics(text):
    """Judged by Prometheus' own tool, which finds mistakes of naming too."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done


def a_probe_tells_what_the_check_found(place, mail):
    server = place.serve(MODULES)
    up = server.probe("smtp", f"127.0.0.1:{mail}")
    assert up.status == 200 and up.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8", up.headers
    assert up.value("probe_success") == 1 and up.value('probe_state{state="ok"}') == 1
    assert up.value('probe_state{state="critical"}') == 0
    assert 0 < up.value("probe_metric_time_seconds") <= up.value("probe_duration_seconds") < 7.5
    threshold = 'probe_threshold{name="probe_metric_time_seconds",severity="warning",alert="outside",bound="upper"}'
    assert up.value(threshold) == 7.5
    check_metrics(up.text)
    down = server.probe("smtp", "127.0.0.1:1")
    assert down.status == 200 and down.value("probe_success") == 0
    assert down.value('probe_state{state="critical"}') == 1
    check_metrics(down.text)
    nowhere = server.probe("smtp", "mx.invalid")
    assert nowhere.value("probe_success") == 0 and nowhere.value('probe_unreported{reason="misuse"}') == 1
    check_metrics(nowhere.text)
    warning = server.probe("lenient", f"127.0.0.1:{mail}")
    assert warning.value("probe_success") == 1 and warning.value('probe_state{state="warning"}') == 1
    own = server.get("/metrics")
    check_metrics(own.text)
    assert own.value('sandcheck_checks_total{plugin="check_smtp",state="ok"}') == 1
    assert own.value('sandcheck_checks_total{plugin="check_smtp",state="critical"}') == 1
    assert own.value('sandcheck_checks_unreported_total{plugin="check_smtp",reason="misuse"}') == 1
    assert own.value('sandcheck_check_duration_seconds_count{plugin="check_smtp"}') == 4
    assert own.value("sandcheck_checks_running") == 0 and own.value("sandcheck_checks_limit") == 100
    assert own.value('sandcheck_http_requests_total{handler="/probe",code="200"}') == 4
    assert own.value("process_resident_memory_bytes") > 1e6


def a_certificate_has_an_end(place, mail):
    server = place.serve(MODULES)
    found = server.probe("smtp_certificate", f"127.0.0.1:{mail}")
    assert found.value("probe_success") == 1, found.text
    pem = subprocess.run(["openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{mail}"],
                         input="", capture_output=True, text=True).stdout
    end = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601"], input=pem,
                         capture_output=True, text=True, check=True).stdout
    end = subprocess.run(["date", "+%s", "-d", end.strip().partition("=")[2]], capture_output=True, text=True, check=True)
    assert found.value("probe_ssl_earliest_cert_expiry") == float(end.stdout), found.text
    check_metrics(found.text)


def the_format_is_negotiated(place, mail):
    server = place.serve(MODULES)
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}
    for path in ["/metrics", f"/probe?module=smtp&target=127.0.0.1:{mail}"]:
        answer = server.get(path, headers=accept)
        assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0"), answer.headers
        assert answer.text.endswith("# EOF\n"), answer.text
    head = server.ask("HEAD", "/metrics")
    assert head.status == 200 and head.text == "", head.text


def targets_are_written_in_several_ways(place, mail):
    server = place.serve(MODULES + f"""
  with_port:
    plugin: {PLUGIN}
    options: {{port: {mail}}}
""")
    assert server.probe("with_port", "127.0.0.1").value("probe_success") == 1
    assert server.probe("with_port", "127.0.0.1:1").value("probe_success") == 0
    assert server.probe("with_port", "localhost").value("probe_success") == 1
    for target in ["[::1]:1", "%5B::1%5D:1"]:
        answer = server.probe("smtp_verbose", f"{target}&debug=true")
        assert "connect to address ::1 and port 1: Connection refused" in answer.text, answer.text


def debugging_shows_everything(place, mail):
    server = place.serve(MODULES)
    answer = server.probe("smtp_verbose", f"127.0.0.1:{mail}&debug=true")
    assert answer.headers["content-type"].startswith("text/plain"), answer.headers
    for part in ["Logs for the probe:\n", "SMTP OK - ", "\nprobe_success 1\n", "Module configuration:\nplugin: /",
                 "\noptions.verbose: true\n"]:
        assert part in answer.text, answer.text
    secret = place.serve(f"""
modules:
  login:
    plugin: {PLUGIN}
    options: {{starttls: true, authtype: LOGIN, authuser: somebody, authpass: s3cr3t, verbose: true}}
""")
    answer = secret.probe("login", f"127.0.0.1:{mail}&debug=true")
    assert "\noptions.authpass: <secret>\n" in answer.text and "options.authuser: somebody" in answer.text, answer.text
    for text in [answer.text, secret.get("/").text, secret.get("/result?id=1").text, secret.log()]:
        assert "s3cr3t" not in text and "czNjcjN0" not in text, text


def what_is_wrong_with_a_request_is_said(place, mail):
    server = place.serve(MODULES)
    for query, part in [
        ("", "the parameter 'module' is missing"),
        ("module=smtp", "the parameter 'target' is missing"),
        ("module=smtp&target=", "the parameter 'target' is empty"),
        ("module=none&target=mx", "there is no module 'none'"),
        ("module=no%0Ane&target=mx", "there is no module 'no ne'"),
        ("module=smtp&target=mx&target=my", "the parameter 'target' is given twice"),
        ("module=smtp&target=mx&hostname=x", "there is no parameter 'hostname'; there are module, target, debug"),
        ("module=smtp&target=%ff", "is not UTF-8"),
        ("module=smtp&target=%zz", "'%zz' is no escape"),
        ("module=smtp&target=mx:0", "is no number from 1 to 65535"),
        ("module=smtp&target=/run/docker.sock", "is not HOST, HOST:PORT or [IPV6]:PORT"),
        ("module=smtp&target=http://mx/", "is not HOST, HOST:PORT"),
        ("module=smtp&target=" + "x" * 3000, "at most 2048 are read"),
    ]:
        answer = server.get("/probe?" + query)
        assert answer.status == 400 and part in answer.text and answer.text.count("\n") == 1, (query, answer.text)
    for method, path, status in [("POST", "/probe", 405), ("GET", "/-/reload", 405), ("GET", "/nothing", 404),
                                 ("DELETE", "/", 405), ("GET", "/result?id=1", 404)]:
        answer = server.ask(method, path)
        assert answer.status == status and answer.text.count("\n") == 1, (path, answer.text)


def a_scrape_has_a_timeout(place, mail):
    server = place.serve(MODULES + f"""
  short:
    plugin: {PLUGIN}
    timeout: 300ms
""")
    header = "X-Prometheus-Scrape-Timeout-Seconds"
    with MailServer(None) as silent:
        answer = server.probe("smtp", f"127.0.0.1:{silent.port}", headers={header: "1"})
        assert answer.value("probe_success") == 0 and answer.value('probe_state{state="critical"}') == 1
        assert 0.5 <= answer.value("probe_duration_seconds") < 10, answer.text
        for headers in [{}, {header: "60"}]:
            answer = server.probe("short", f"127.0.0.1:{silent.port}", headers=headers)
            assert answer.value("probe_success") == 0
            assert 0.3 <= answer.value("probe_duration_seconds") < 10, answer.text
    for value, part in [("x", "'x' is no number of seconds"), ("-1", "is no number of seconds"), ("nan", "no number"),
                        ("0.5", "leaves no time for a check")]:
        answer = server.probe("smtp", f"127.0.0.1:{mail}", headers={header: value})
        assert answer.status == 400 and part in answer.text, answer.text
    other = place.serve(MODULES, "--timeout-offset", "0.1")
    assert other.probe("smtp", f"127.0.0.1:{mail}", headers={header: "0.5"}).status == 200


def a_configuration_is_read_anew(place, mail):
    server = place.serve(MODULES)
    path = os.path.join(place.state, f"{server.name}.yml")
    good = "sandcheck_config_last_reload_successful"
    assert server.get("/metrics").value(good) == 1
    place.file(os.path.basename(path), MODULES + f"  new:\n    plugin: {PLUGIN}\n")
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: server.probe("new", f"127.0.0.1:{mail}").status == 200, "the new module is not there")
    time = server.get("/metrics").value("sandcheck_config_last_reload_success_timestamp_seconds")
    place.file(os.path.basename(path), "modules:\n  new:\n    plugin: /nowhere.wasm\n")
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: server.get("/metrics").value(good) == 0, "the bad reload does not show")
    assert server.probe("new", f"127.0.0.1:{mail}").value("probe_success") == 1, "the old one stays"
    assert server.get("/metrics").value("sandcheck_config_last_reload_success_timestamp_seconds") == time
    assert re.search(r'level=error msg="the configuration cannot be read; the old one stays".*line 3.*nowhere', server.log())
    answer = server.ask("POST", "/-/reload")
    assert answer.status == 500 and "line 3: modules.new.plugin: /nowhere.wasm: No such file" in answer.text, answer.text
    place.file(os.path.basename(path), MODULES)
    assert server.ask("POST", "/-/reload").status == 200
    assert server.get("/metrics").value(good) == 1
    assert server.probe("new", f"127.0.0.1:{mail}").status == 400, "it is gone"


def mistakes_of_a_configuration_are_named(place, mail):
    module = f"modules:\n  smtp:\n    plugin: {PLUGIN}\n"
    for config, part in [
        ("", "there are no modules and no commands in it"),
        ("# nothing\n", "there are no modules and no commands in it"),
        ("modules: [\n", "bad.yml, line "),
        ("module: {}\n", "bad.yml, line 1: unknown field"),
        ("modules:\n  smtp: {}\n", "bad.yml, line 2: missing field"),
        ("modules:\n  smtp:\n    plugin: /nowhere.wasm\n", "line 3: modules.smtp.plugin: /nowhere.wasm: No such file"),
        (f"modules:\n  smtp:\n    plugin: {__file__}\n", "line 3: modules.smtp.plugin: "),
        (module + "    option: {}\n", "line 4: unknown field"),
        (module + "    options:\n      warn: 5\n", "line 5: modules.smtp.options.warn: check_smtp has no option 'warn'; it has "),
        (module + "    options:\n      port: 70000\n", "line 5: modules.smtp.options.port: Port must be"),
        (module + "    options:\n      hostname: mx\n", "line 5: modules.smtp.options.hostname: the target gives it"),
        (module + "    options:\n      starttls: maybe\n", "line 5: modules.smtp.options.starttls: the option 'starttls' takes no value"),
        (module + "    options:\n      port: true\n", "line 5: modules.smtp.options.port: the option 'port' needs a value"),
        (module + "    options:\n      port: [25, 26]\n", "the option 'port' takes one value"),
        (module + "    options:\n      port: {}\n", "expected a text, a number, true"),
        (module + "    timeout: 5\n", "line 4: modules.smtp.timeout: '5' is no time such as 5s"),
        (module + "    timeout: 0s\n", "line 4: modules.smtp.timeout: '0s' is no time"),
        (module + "    success: critical\n", "line 4: modules.smtp.success: 'critical' is not ok or warning"),
        (module + "    targets: [\"mx:25\"]\n", "line 4: modules.smtp.targets: 'mx:25': it begins with neither"),
        (module + "    host_option: port\n", "line 4: modules.smtp.host_option: the option 'port' is not of the kind host"),
        (module + "  smtp: {}\n", "line 4: "),
        ("commands:\n  x:\n    plugin: 1.wasm\n", "line 3: commands.x.plugin: 1.wasm: No such file"),
    ]:
        said = place.refused(config)
        assert part in said, (config, said)
    path = place.file("good.yml", MODULES)
    done = subprocess.run(place.words(path, "--config.check"), capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == f"{path}: 4 modules and 0 commands\n", done
    done = subprocess.run(place.words("/nowhere.yml"), capture_output=True, text=True)
    assert done.returncode == 3 and "/nowhere.yml: --config.file FILE names the configuration: No such file" in done.stdout, done
    assert "/nowhere.yml: No such file" in place.refused(MODULES, "--web.config.file", "/nowhere.yml")


def what_listens_already_is_said(place, mail):
    said = place.refused(MODULES, "--web.listen-address", f"127.0.0.1:{mail}")
    assert f"--web.listen-address 127.0.0.1:{mail}: Address already in use" in said or "Address in use" in said, said


CASES = [
    a_probe_tells_what_the_check_found, a_certificate_has_an_end, the_format_is_negotiated,
    targets_are_written_in_several_ways, debugging_shows_everything, what_is_wrong_with_a_request_is_said,
    a_scrape_has_a_timeout, a_configuration_is_read_anew, mistakes_of_a_configuration_are_named,
    what_listens_already_is_said,
]
