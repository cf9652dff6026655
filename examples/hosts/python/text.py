"""A report as the text that monitoring systems read. What comes from a plugin or a server is data: one
line stays one line, without characters that mean something to a terminal or begin performance data."""

import math
import os
import re
import sys
from dataclasses import dataclass

CODES = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
LINE_LIMIT = 8 * 1024 - 256  # bytes; Nagios reads 8 KiB
WIDTH = 80  # characters of a usage text
PRECISION_LIMIT = 9  # digits
THRESHOLD_LIMIT = 64  # bytes
# C1 controls, separators, and what Unicode calls format characters: they reorder or hide text.
INVISIBLE = re.compile(
    "[\x80-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
BLANK = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*")
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


@dataclass
class Problem:
    """Why there is no report: a `misuse` of whoever wrote the order, or a `failure` of this host or the plugin."""

    kind: str
    message: str
    hint: str | None = None


@dataclass
class Output:
    """What is printed and the exit code; with a problem where there is no report."""

    text: str
    code: int
    problem: Problem | None = None


def line(text):
    """One line, bounded."""
    text = text.rstrip("\r\n").replace("\r\n", "\n")
    text = re.sub("[\r\n\t|]", " ", text)
    text = re.sub("[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", text)
    text = INVISIBLE.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)
    data = text.encode()
    if len(data) <= LINE_LIMIT:
        return text
    return data[: LINE_LIMIT - 3].decode(errors="ignore") + "..."


def report(found):
    """The transcript, the findings, the summary with the performance data, the details."""
    lines = [line(text) for text in [*found.transcript, *found.findings]]
    if found.summary is not None and (lines or not BLANK.fullmatch(found.summary)):
        lines.append(line(found.summary))
    if not lines:
        lines.append(found.state.upper())
    if found.metrics:
        lines[-1] += "|" + " ".join(datum(metric) for metric in found.metrics)
    lines += [line(text) for text in found.details]
    return Output("".join(text + "\n" for text in lines), CODES[found.state])


def datum(metric):
    """`label=value[unit];[warn];[crit];[min];[max]`"""
    digits = min(metric.precision, PRECISION_LIMIT)
    fields = [
        value(metric, digits),
        threshold(metric.warning),
        threshold(metric.critical),
        bound(metric.min, digits),
        bound(metric.max, digits),
    ]
    return f"{label(metric.name)}={';'.join(fields).rstrip(';')}"


def value(metric, digits):
    number = bound(metric.value, digits)
    return f"{number}{unit(metric)}" if number else "U"


def unit(metric):
    return re.sub("[^A-Za-z%]", "", metric.unit)[:8]


def bound(number, digits):
    return f"{number:.{digits}f}" if number is not None and math.isfinite(number) else ""


def label(name):
    name = re.sub("['\"=]", "_", line(name))
    return name if re.fullmatch("[A-Za-z0-9_./-]+", name) else f"'{name}'"


def threshold(text):
    """A range of the plugin guidelines, `[@]start:end`; nothing when it is none."""
    if text is None or len(text.encode()) > THRESHOLD_LIMIT:
        return ""
    start, colon, end = text.removeprefix("@").partition(":")
    if not colon:
        return text if is_number(start) else ""
    return text if (start == "~" or is_number(start)) and (not end or is_number(end)) else ""


def is_number(text):
    return bool(NUMBER.fullmatch(text)) and math.isfinite(float(text))


def failed(message):
    """What the host itself has to say."""
    return late("unknown", message)


def late(state, message):
    """Of a run that had to be stopped because its time was over."""
    return Output(f"{state.upper()} - {line(message)}\n", CODES[state], Problem("failure", message))


def misuse(manifest, found):
    lines = [f"{line(manifest.name)}: {line(found.message)}"]
    lines += [] if found.hint is None else [line(found.hint)]
    shown = "\n".join(lines) + f"\n{usage(manifest)}"
    return Output(shown, CODES["unknown"], Problem("misuse", found.message, found.hint))


def stopped(manifest, stop):
    """What is printed where the words could not be read to their end. Pages that were asked for are no problem."""
    name = line(manifest.name)
    if stop.kind == "version":
        return Output(f"{name} v{line(manifest.version)}\n", CODES["unknown"])
    if stop.kind == "help":
        return Output(f"{name}: {line(manifest.summary)}\n{usage(manifest)}", CODES["unknown"])
    hint = f"see {name} --help"
    shown = f"{usage(manifest)}\n{name}: {line(stop.message)}; {hint}\n"
    return Output(shown, CODES["unknown"], Problem("misuse", stop.message, hint))


def usage(manifest):
    shown, width = [line(manifest.name)], len(line(manifest.name))
    for option in manifest.options:
        item = usage_item(option)
        breaks = width + 1 + len(item.encode()) > WIDTH
        shown.append(("\n" if breaks else " ") + item)
        width = (0 if breaks else width + 1) + len(item.encode())
    return "Usage:\n" + "".join(shown) + "\n"


def usage_item(option):
    name = f"--{option.name}" if option.short is None else f"-{option.short}"
    item = line(name if option.kind == "flag" else f"{name} {option.placeholder}")
    return (item if option.required else f"[{item}]") + ("..." if option.repeatable else "")


def print_all(text):
    """Somebody who closed standard output does not want to know."""
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except OSError:
        os.close(1)
