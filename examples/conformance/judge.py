"""What a host did that it should not have done."""

import re

from cases import filled

LINE_LIMIT = 8192  # bytes that Nagios reads
# What does something to a terminal, or is not seen.
ACTIVE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def differences(case, seen):
    """A text for each."""
    if seen.exit is None:
        return ["the host did not end by itself"]
    try:
        text = seen.stdout.decode()
    except UnicodeDecodeError:
        return ["the output is no UTF-8"]
    found = [*always(seen, text), *expected(case, seen, text)]
    reached = case.reached
    if reached is not None and seen.reached != reached:
        found.append(f"it connected {seen.reached} times to what is granted, not {reached}")
    if seen.reached_other != case.reached_other:
        found.append(f"it connected {seen.reached_other} times to what is not granted")
    if case.received is not None and seen.received != case.received:
        found.append(f"the server received {seen.received[:200]!r}")
    return found


def always(seen, text):
    """What holds for every host."""
    if not 0 <= seen.exit <= 3:
        yield f"exit code {seen.exit} is no state"
    if not text.endswith("\n"):
        yield "the output does not end with a line's end"
    if any(len(line.encode()) > LINE_LIMIT for line in text.split("\n")):
        yield "a line is too long"
    if active := ACTIVE.search(text):
        yield f"the output has the character U+{ord(active[0]):04X}"
    if text.count("|") > 1:
        yield "metrics begin at more than one place"
    lines = text.split("\n")
    if seen.exit != 0 and any(line.startswith("OK") for line in lines):
        yield "a line of its own says OK"


def expected(case, seen, text):
    """What is right in this case."""
    if seen.exit not in (case.exit if isinstance(case.exit, list) else [case.exit]):
        yield f"exit code {seen.exit}, not {case.exit}"
    first = text.split("\n")[0]
    if case.line and not re.search(filled(case.line, seen.values), first):
        yield f"the first line is not {case.line}"
    for part in case.never:
        if part in text:
            yield f"the output has {part!r}"
    if case.output is not None and text != filled(case.output, seen.values):
        yield f"the output is not {filled(case.output, seen.values)!r}"
    if case.begins is not None and not text.startswith(filled(case.begins, seen.values)):
        yield f"the output does not begin with {case.begins!r}"
    if case.steps and case.exit == 0:
        yield from steps(case, seen, text)


def steps(case, seen, text):
    """The probe's report: a line for each step. An outcome between slashes is a pattern."""
    lines = ["PROBE OK", *(filled(f"{step}: {outcome}", seen.values) for step, outcome in case.steps), ""]
    found = text.split("\n")
    if len(found) != len(lines):
        yield f"there are {len(found) - 1} lines, not {len(lines) - 1}"
    for right, line in zip(lines, found):
        begin, _, outcome = right.rpartition(": /")
        is_pattern = begin and outcome.endswith("/")
        pattern = re.escape(f"{begin}: ") + f"(?:{outcome[:-1]})" if is_pattern else re.escape(right)
        if not re.fullmatch(pattern, line):
            yield f"{line!r} should be {right!r}"
