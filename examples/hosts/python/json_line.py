"""What came of a check as one line of JSON (docs/output.md). Its texts are those of the text form, escaped and
bounded alike, so that they may be shown."""

import json
from types import SimpleNamespace

import text

SCHEMA = 1
LONG = 1e21  # from here on a number is written with an exponent
NOTHING = SimpleNamespace(summary=None, findings=[], metrics=[], details=[], transcript=[])


def line(manifest, output, found):
    """Of a report, or of the problem that there is instead of one."""
    problem = output.problem or text.Problem("report", None)
    found = found or NOTHING
    states = [name.upper() for name in text.CODES]
    return with_fields(
        schema=SCHEMA,
        name=quoted(manifest.name),
        version=quoted(manifest.version),
        result=quoted(problem.kind),
        state=quoted(states[output.code]),
        exit_code=output.code,
        summary=quoted(found.summary),
        findings=listed(map(quoted, found.findings)),
        metrics=listed(map(metric, found.metrics)),
        details=listed(map(quoted, found.details)),
        transcript=listed(map(quoted, found.transcript)),
        error=quoted(problem.message),
        hint=quoted(problem.hint),
        output=json.dumps(output.text, ensure_ascii=False),
    ) + "\n"


def metric(found):
    digits = min(found.precision, text.PRECISION_LIMIT)
    return with_fields(
        name=quoted(found.name),
        value=number(found.value, digits),
        unit=quoted(text.unit(found)),
        warning=quoted(text.threshold(found.warning) or None),
        critical=quoted(text.threshold(found.critical) or None),
        min=number(found.min, digits),
        max=number(found.max, digits),
        precision=digits,
    )


def number(value, digits):
    """With as many digits as the metric is good for, which `json.dumps` would not write."""
    shown = text.bound(value, digits)
    return "null" if not shown else shown if abs(value) < LONG else repr(value).replace("e+", "e")


def quoted(found):
    """One line, as it would be shown. What JSON has no escapes for has been taken out by that."""
    return "null" if found is None else json.dumps(text.line(found), ensure_ascii=False)


def listed(items):
    return f"[{','.join(items)}]"


def with_fields(**fields):
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"
