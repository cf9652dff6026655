#!/usr/bin/env python3
"""Runs the conformance kit against a host of the contract `monitoring:plugin`.

    run.py [--guests FOLDER] [--exceptions FILE] [--only BEGINNING] HOST [WORDS...]

HOST WORDS... is started once for each case. It reads an order, one line of JSON, from its standard input,
does the check, prints the plugin's lines and ends with the state as its exit code. README.md says more.
Needs Python 3.11 and nothing else.
"""

import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile
import tomllib

import cases
import judge
import machine
from play import play

HERE = pathlib.Path(__file__).resolve().parent
AT_A_TIME = 4


def main():
    options = read_command_line()
    found = [case for case in cases.load(HERE / "cases") if case.name.startswith(options.only)]
    exceptions = read_exceptions(options.exceptions)
    unknown = sorted(set(exceptions) - {case.name for case in cases.load(HERE / "cases")})
    if unknown:
        sys.exit(f"{options.exceptions}: there is no case {unknown[0]}")
    if not found:
        sys.exit(f"no case begins with {options.only}")
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory(prefix="kit") as folder:
        run = lambda case: verdict(case, options, pathlib.Path(folder), exceptions.get(case.name))
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for case, (outcome, text) in zip(found, pool.map(run, found)):
                counts[outcome] += 1
                print(f"{outcome} {case.name}{text}", flush=True)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


def read_command_line():
    parser = argparse.ArgumentParser(description="Runs the conformance kit against a host.")
    parser.add_argument("--guests", default=HERE / "../../target/conformance", type=pathlib.Path,
                        metavar="FOLDER", help="where `build` has put the plugins")
    parser.add_argument("--exceptions", type=pathlib.Path, metavar="FILE",
                        help="what this host cannot do, and why")
    parser.add_argument("--only", default="", metavar="BEGINNING", help="cases whose names begin so")
    parser.add_argument("host", nargs=argparse.REMAINDER, help="the host's command")
    options = parser.parse_args()
    if not options.host:
        parser.error("the host's command is missing")
    if not (options.guests / "probe.wasm").is_file():
        parser.error(f"there are no plugins in {options.guests}: run {HERE}/build {options.guests}")
    options.guests = options.guests.resolve()
    return options


def read_exceptions(path):
    """Reasons by the names of cases."""
    if path is None:
        return {}
    with open(path, "rb") as file:
        entries = tomllib.load(file)["exception"]
    return {entry["case"]: entry["reason"] for entry in entries}


def verdict(case, options, folder, exception):
    """`passed`, `failed` or `skipped`, and what there is to say."""
    lack = machine.lacks(case)
    if lack:
        return "skipped", f": this machine lacks {lack}"
    place = folder / case.name.replace("/", "-")
    os.mkdir(place)
    try:
        seen = play(case, options.host, options.guests, place)
    except OSError as error:
        return "failed", f": {error}"
    wrong = judge.differences(case, seen)
    if exception and wrong:
        return "skipped", f": {exception}"
    if exception:
        return "failed", f": the exception no longer occurs: {exception}"
    if not wrong:
        return "passed", ""
    return "failed", "".join(f"\n  {text}" for text in [f"({case.why})", *wrong, *seen.shown()])


if __name__ == "__main__":
    sys.exit(main())
