"""What `--output openmetrics` prints, judged as what is scraped is."""

import os
import subprocess

from scrapes import check_metrics
from server import PLUGIN, PROGRAM, MailServer

CHECK = os.environ.get("CHECK_SMTP", "target/release/check_smtp")


def printed(place, *words):
    """The metrics of `check_smtp`, and of any host's plugin: the values by their names, without labels."""
    hosted = [PROGRAM, "run", "--cache", os.path.join(place.shared, "cache"), "--output", "openmetrics", PLUGIN, "--"]
    runs = [subprocess.run([CHECK, "--output", "openmetrics", *words], capture_output=True, text=True),
            subprocess.run([*hosted, *words], capture_output=True, text=True)]
    for run in runs:
        assert run.stdout.endswith("# EOF\n") and not run.stderr, run
        check_metrics(run.stdout)
    names = [[line.partition(" ")[0] for line in run.stdout.splitlines() if not line.startswith("#")] for run in runs]
    assert names[0] == names[1] and runs[0].returncode == runs[1].returncode, runs
    return runs[0].returncode, values(runs[0].stdout)


def values(text):
    samples = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def sample(values, begin, *parts):
    """The one value whose name begins so and holds these parts."""
    found = [value for name, value in values.items() if name.startswith(begin) and all(part in name for part in parts)]
    assert len(found) == 1, (begin, parts, values)
    return found[0]


def a_report_is_printed_as_metrics(place, mail):
    code, found = printed(place, "-H", "127.0.0.1", "-p", str(mail), "-S", "-D", "30,10", "--timings", "-w", "7.5",
                          "--critical-phase", "greeting=8")
    assert code == 0 and sample(found, "probe_success{") == 1 and sample(found, "probe_state{", 'state="ok"') == 1, found
    for phase in ["connect", "greeting", "ehlo", "starttls", "tls", "quit", "total"]:
        assert 0 <= sample(found, f"probe_metric_time_{phase}_seconds{{") < 7.5, found
    assert sample(found, "probe_threshold{", "probe_metric_time_greeting_seconds", 'severity="critical"') == 8, found
    assert sample(found, "probe_metric_certificate_seconds{", 'metric="certificate_days"') > 30 * 86400, found
    assert sample(found, "probe_threshold{", 'metric="certificate_days"', 'severity="warning"') == 30 * 86400, found
    code, found = printed(place, "-4", "-H", "localhost", "-p", str(mail), "--all-addresses", "--timings")
    assert code == 0 and sample(found, "probe_metric_time_resolve_127_0_0_1_seconds{") >= 0, found


def a_failure_is_printed_as_metrics(place, mail):
    with MailServer(b"554 \"no\" {service} = \\ here|x=1\r\n") as refusing:
        code, found = printed(place, "-H", "127.0.0.1", "-p", str(refusing.port), "--timings", "--critical-phase", "total=~:0")
        assert code == 2 and sample(found, "probe_state{", 'state="critical"') == 1, found
    code, found = printed(place, "-H", "127.0.0.1", "-p", str(mail), "--expect-keyword", "NEVER", "--timings", "-c", "@0:60")
    assert code == 2 and sample(found, "probe_success{") == 0, found
    code, found = printed(place, "-H", "127.0.0.1", "-p", "1", "--timings")
    assert code == 2 and sample(found, "probe_success{") == 0, found
    assert not any("time_connect" in name for name in found), found


def what_is_no_report_is_printed_as_metrics(place, mail):
    code, found = printed(place, "-H", "mx.invalid", "-t", "5", "--timings")
    assert code == 3 and sample(found, "probe_unreported{", 'reason="misuse"') == 1, found
    code, found = printed(place, "-H", "127.0.0.1", "-p", "0")
    assert code == 3 and sample(found, "probe_state{", 'state="unknown"') == 1, found
    with MailServer(None) as silent:
        code, found = printed(place, "-H", "127.0.0.1", "-p", str(silent.port), "-t", "1", "--timings")
        assert code == 2 and sample(found, "probe_metric_time_total_seconds{") >= 1, found


CASES = [a_report_is_printed_as_metrics, a_failure_is_printed_as_metrics, what_is_no_report_is_printed_as_metrics]
