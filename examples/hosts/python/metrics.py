"""What came of a check as OpenMetrics 1.0 (docs/output.md): the names are those of `sandcheck serve`."""

import math
import re
from datetime import datetime, timezone
from decimal import Decimal

import text

PREFIX = "probe_metric_"  # so that no plugin can name a metric that the host itself says something with
# What a value is multiplied with to be in the base unit, in which a name ends.
BASE_UNITS = {
    "": ("", 1.0), "c": ("", 1.0), "%": ("ratio", 1e-2),
    "s": ("seconds", 1.0), "ms": ("seconds", 1e-3), "us": ("seconds", 1e-6), "ns": ("seconds", 1e-9),
    "B": ("bytes", 1.0), "kB": ("bytes", 1e3), "KB": ("bytes", 1e3), "MB": ("bytes", 1e6),
    "GB": ("bytes", 1e9), "TB": ("bytes", 1e12), "KiB": ("bytes", 2.0**10), "MiB": ("bytes", 2.0**20),
    "GiB": ("bytes", 2.0**30), "TiB": ("bytes", 2.0**40),
    "C": ("celsius", 1.0), "V": ("volts", 1.0), "A": ("amperes", 1.0), "W": ("watts", 1.0),
}  # fmt: skip
# Spans of time that a name without a unit may count in, and their seconds.
SPANS = {"minutes": 60.0, "hours": 3600.0, "days": 86400.0, "weeks": 604800.0}
KNOWN_UNITS = {unit for unit, _ in BASE_UNITS.values()} - {""}
UNIT_LIMIT = 16  # characters of a unit that is not known
RESERVED = ("_total", "_count", "_sum", "_bucket", "_info", "_created")  # ends of names that mean something
# A finding about a certificate that is the plugin's own: the date stands at its end, where no name of a
# certificate, which the server chooses, can be mistaken for it.
EXPIRY = re.compile(
    r"(?:OK|WARNING|CRITICAL) - Certificate '.*"
    r"(?:' will expire on (.{24}) \+0000\.|' expired on (.{24}) \+0000\.| \((.{24}) \+0000\)\.?)",
    re.DOTALL,
)


class Family:
    """Metrics of one name, without the `_total` of a counter."""

    def __init__(self, name, help, kind="gauge", unit=""):
        self.name, self.help, self.kind, self.unit = name, help, kind, unit
        self.samples = {}

    def add(self, labels, value):
        """Unless these labels have a value already."""
        self.samples.setdefault(tuple(labels.items()), value)
        return self

    def lines(self, common):
        end = "_total" if self.kind == "counter" else ""
        yield f"# HELP {self.name} {escaped(self.help)}"
        yield f"# TYPE {self.name} {self.kind}"
        if self.unit:
            yield f"# UNIT {self.name} {self.unit}"
        for labels, value in self.samples.items():
            shown = ",".join(f'{name}="{escaped(label)}"' for name, label in (*labels, *common))
            yield f"{self.name}{end}{{{shown}}} {number(value)}"


def exposition(plugin, target, output, found):
    """Of a report, or of the problem that there is instead of one. Every sample says of what it is."""
    state = list(text.CODES)[output.code]
    families = [success(found is not None and state == "ok"), states(state)]
    families += of_report(found) if found else [unreported(output.problem)]
    common = [(name, text.line(value)) for name, value in (("plugin", plugin), ("target", target)) if value]
    lines = (line for family in families if family.samples for line in family.lines(common))
    return "".join(f"{line}\n" for line in lines) + "# EOF\n"


def success(is_success):
    return Family("probe_success", "Whether the check was a success").add({}, float(is_success))


def states(found):
    family = Family("probe_state", "The state that the check found: 1, the others: 0")
    for state in text.CODES:
        family.add({"state": state}, float(state == found))
    return family


def unreported(problem):
    return Family("probe_unreported", "Why the check has no report").add({"reason": problem.kind}, 1.0)


def of_report(found):
    """The end of the certificate, the metrics as the report has them, their thresholds."""
    families, thresholds = {}, Family("probe_threshold", "Where a metric begins to alert, in its own unit")
    for metric in found.metrics:
        name = Name(text.line(metric.name), metric.unit)
        family = families.setdefault(name.text, name.family())
        family.add(name.labels, metric.value * name.factor if math.isfinite(metric.value) else math.nan)
        for severity in ("warning", "critical"):
            add_threshold(thresholds, name, severity, getattr(metric, severity) or "")
    return [*certificate(found.findings), *families.values(), thresholds]


def certificate(findings):
    """Under the name that it has in blackbox_exporter, for the same alerts."""
    ends = [end for end in map(expiry, findings) if end is not None]
    help = "The end of the server's certificate, in seconds since 1970"
    return [Family("probe_ssl_earliest_cert_expiry", help).add({}, min(ends))] if ends else []


def expiry(finding):
    found = EXPIRY.fullmatch(finding)
    date = found and next(filter(None, found.groups()))
    try:
        moment = datetime.strptime(date or "", "%a %b %d %H:%M:%S %Y")
    except ValueError:
        return None
    is_date = moment.ctime() == date and moment.year >= 1970
    return moment.replace(tzinfo=timezone.utc).timestamp() if is_date else None


class Name:
    """How a metric of a report is called: in snake case, with its base unit at the end."""

    def __init__(self, original, unit):
        is_counter = unit == "c"
        base, suffix, self.factor = spelled_span(original, unit) or in_unit(original, unit)
        name = PREFIX + base
        if suffix and not name.endswith(f"_{suffix}"):
            name += f"_{suffix}"
        if is_counter and name.endswith("_total"):
            name = name.removesuffix("_total")
        elif name.endswith(RESERVED):
            name += "_value"
        self.original, self.text, self.kind = original, name, "counter" if is_counter else "gauge"
        self.unit = suffix if suffix in KNOWN_UNITS and name.endswith(suffix) else ""
        # The plugin's own name, when it cannot be told from the other one.
        self.labels = {} if base == original else {"metric": original}

    def family(self):
        return Family(self.text, f"Performance data of the plugin: {self.original}", self.kind, self.unit)


def in_unit(original, unit):
    """The name, its base unit, and what a value is multiplied with to be in that."""
    return snake_case(original), *(BASE_UNITS.get(unit) or (snake_case(unit[:UNIT_LIMIT]), 1.0))


def spelled_span(original, unit):
    """The same of `certificate_days`, which is `certificate` in seconds."""
    words = snake_case(original).split("_")
    at = next((at for at, word in enumerate(words) if word in SPANS), None)
    if unit or at is None or len(words) == 1:
        return None
    return "_".join(words[:at] + words[at + 1 :]), "seconds", SPANS[words[at]]


def snake_case(name):
    """Lower-case letters, digits and single inner underscores."""
    return re.sub("[^A-Za-z0-9]+", "_", name).strip("_").lower() or "unnamed"


def add_threshold(family, name, severity, threshold):
    """One sample for each end of the range. A number alone is an upper end."""
    bounds = threshold.removeprefix("@")
    start, end = bounds.split(":", 1) if ":" in bounds else ("~", bounds)
    are_numbers = (start == "~" or text.is_number(start)) and (text.is_number(end) or ":" in bounds and not end)
    if not are_numbers:
        return
    sample = name.text + ("_total" if name.kind == "counter" else "")
    alert = "inside" if threshold.startswith("@") else "outside"
    for bound, value in (("lower", start), ("upper", end)):
        if value not in ("~", ""):
            labels = {"name": sample, "severity": severity, "alert": alert, "bound": bound}
            family.add(labels | name.labels, float(value) * name.factor)


def escaped(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def number(value):
    """The shortest digits that are this number, without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return format(Decimal(repr(value)), "f").removesuffix(".0")
