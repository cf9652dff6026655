"""Debian's Prometheus, which scrapes the server beside Debian's blackbox exporter."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from processes import eventually, free_port
from scrapes import MODULES
from security import HASH, PASSWORD
from server import MailServer, certificate

FOLDER = "packaging/prometheus"

BLACKBOX = """
modules:
  smtp:
    prober: tcp
    timeout: 5s
    tcp:
      query_response: [{expect: "^220 "}, {send: "QUIT\\r"}]
  smtp_certificate:
    prober: tcp
    timeout: 5s
    tcp:
      query_response: [{expect: "^220 "}, {send: "EHLO prober\\r"}, {expect: "^250.STARTTLS"}, {send: "STARTTLS\\r"}, {expect: "^220"}, {starttls: true}]
      tls_config: {insecure_skip_verify: true}
"""


def query(port, expression):
    """The values that Prometheus has, by exporter, module and target."""
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(url, timeout=60) as answer:
        results = json.load(answer)["data"]["result"]
    key = ("exporter", "module", "instance")
    return {tuple(result["metric"].get(name) for name in key): float(result["value"][1]) for result in results}


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=60) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return False


def job(exporter, module, targets, port, more=""):
    return f"""
  - job_name: {exporter}-{module}
    metrics_path: /probe
    params: {{module: [{module}]}}
    static_configs: [{{targets: {json.dumps(targets)}}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "127.0.0.1:{port}"}}
      - {{target_label: exporter, replacement: {exporter}}}
      - {{target_label: module, replacement: {module}}}
{more}"""


def prometheus_scrapes_it_beside_the_blackbox_exporter(place, mail):
    ca = certificate(place, "ca", "ca")
    certificate(place, "server", "sandcheck", ca)
    web = place.file("web.yml", f"""
tls_server_config: {{cert_file: server.crt, key_file: server.key}}
basic_auth_users: {{prometheus: {HASH}}}
""")
    server = place.serve(MODULES, "--web.config.file", web)
    blackbox, prometheus = free_port(), free_port()
    place.listens("blackbox", ["prometheus-blackbox-exporter", f"--config.file={place.file('blackbox.yml', BLACKBOX)}",
                               f"--web.listen-address=127.0.0.1:{blackbox}"], blackbox)
    refused = free_port()
    access = f"""    scheme: https
    basic_auth: {{username: prometheus, password: {PASSWORD}}}
    tls_config: {{ca_file: {ca[1]}}}
"""
    with MailServer(b"554 no service\r\n") as busy, MailServer(None) as silent:
        targets = [f"127.0.0.1:{port}" for port in [mail, refused, busy.port, silent.port]]
        rules = os.path.abspath(f"{FOLDER}/sandcheck.rules.yml")
        config = place.file("prometheus.yml", f"""
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: sandcheck
    static_configs: [{{targets: ["127.0.0.1:{server.port}"]}}]
{access}""" + job("sandcheck", "smtp", targets, server.port, access)
            + job("sandcheck", "smtp_certificate", targets[:1], server.port, access)
            + job("blackbox", "smtp", targets, blackbox)
            + job("blackbox", "smtp_certificate", targets[:1], blackbox))
        place.listens("prometheus", ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={place.state}/data",
                                     f"--web.listen-address=127.0.0.1:{prometheus}"], prometheus)
        eventually(lambda: is_ready(prometheus), "Prometheus does not become ready")
        eventually(lambda: len(query(prometheus, "probe_success")) == 10, "not everything is scraped")
        found = query(prometheus, "probe_success")
        for (exporter, module, target), value in found.items():
            assert value == (target == targets[0]), (exporter, module, target, value)
        assert all(query(prometheus, "up").values()), query(prometheus, "up")
        ends = query(prometheus, "probe_ssl_earliest_cert_expiry")
        assert len(ends) == 2 and len(set(ends.values())) == 1, ends
        assert len(query(prometheus, "probe_metric_time_seconds")) >= 1
        assert query(prometheus, 'sandcheck_checks_total{state="ok"}'), "its own metrics are there"
        alerts = 'ALERTS{alertname="SandcheckProbeFailed"}'
        eventually(lambda: len(query(prometheus, alerts)) >= 2, "nothing alerts")
        assert all(target != targets[0] for _, _, target in query(prometheus, alerts)), query(prometheus, alerts)


def what_is_shipped_for_prometheus_is_right(place, mail):
    rules = f"{FOLDER}/sandcheck.rules.yml"
    done = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done
    done = subprocess.run(["promtool", "test", "rules", f"{FOLDER}/sandcheck.rules.test.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done
    config = f"{FOLDER}/prometheus.yml"
    done = subprocess.run(["promtool", "check", "config", "--syntax-only", config], capture_output=True, text=True)
    assert done.returncode == 0, done
    with open(f"{FOLDER}/serve.yml", encoding="utf-8") as file:
        example = file.read().replace("/usr/local/lib/sandcheck/plugins/", os.path.abspath("target/release") + "/")
    server = place.serve(example)
    answer = server.probe("smtp", f"127.0.0.1:{mail}")
    assert answer.value("probe_success") == 1, answer.text


def the_dashboard_asks_for_what_there_is(place, mail):
    with open("packaging/grafana/sandcheck.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    server = place.serve(MODULES)
    probe = server.probe("smtp_certificate", f"127.0.0.1:{mail}").text + server.probe("smtp", f"127.0.0.1:{mail}").text
    known = probe + server.get("/metrics").text
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(expressions) >= 8, expressions
    for expression in expressions:
        for name in re.findall(r"\b(?:probe|sandcheck|process)_[a-z_]+", expression):
            assert name in known or name.endswith("_exceeded_total") or name.endswith("_unreported_total"), (name, expression)


CASES = [prometheus_scrapes_it_beside_the_blackbox_exporter, what_is_shipped_for_prometheus_is_right, the_dashboard_asks_for_what_there_is]
