"""The forms in which a host shows what came of a check, and which one is asked for."""

from dataclasses import replace

import grants
import json_line
import metrics
import text

FORMS = ["text", "json", "openmetrics"]


class Showing:
    """How what came of these arguments is shown. `given` is where they come from, as words or by their names."""

    def __init__(self, manifest, given, pairs, stop):
        self.manifest, self.pairs = manifest, pairs
        self.form = (of_what_was_given(manifest, given) if stop else of_pairs(manifest, pairs)) or "text"

    def report(self, found):
        return self.shown(text.report(found), found)

    def unreported(self, output):
        """Pages that were asked for stay what they are."""
        return self.shown(output) if output.problem else output

    def shown(self, output, found=None):
        if self.form == "json":
            return replace(output, text=json_line.line(self.manifest, output, found))
        if self.form == "openmetrics":
            target = grants.target(self.manifest, self.pairs)
            return replace(output, text=metrics.exposition(self.manifest.name, target, output, found))
        return output


def of_pairs(manifest, pairs):
    """The last value of the option counts, or else its default."""
    option = output_option(manifest)
    if option is None:
        return None
    given = [value for name, value in pairs if name == option.name]
    return named(given[-1] if given else option.default)


def of_what_was_given(manifest, given):
    """Whoever reads JSON does so where the arguments cannot be read to their end too."""
    option = output_option(manifest)
    if option is None:
        return None
    if isinstance(given, dict):
        found = given.get(option.name)
        values = found if isinstance(found, list) else [found]
    else:
        values = list(values_among(given, f"--{option.name}"))
    return next(filter(None, map(named, reversed(values))), None)


def values_among(words, option):
    """`--output json`, `--output=json`"""
    end = words.index("--") if "--" in words else len(words)
    for word, following in zip(words[:end], [*words[1:end], None]):
        if word == option:
            yield following
        elif word.startswith(f"{option}="):
            yield word.removeprefix(f"{option}=")


def named(value):
    return value if value in FORMS else None


def output_option(manifest):
    return next((option for option in manifest.options if option.kind == "output"), None)
