#!/usr/bin/env python3
"""Runs one monitoring check that is a WebAssembly component: JSON in, a plugin's line out.

    host.py [--cache FOLDER] '{"plugin": "check_smtp.wasm", "arguments": ["-H", "mx.example.org"]}'

Without an order on the command line it is read from standard input. The exit code is the state: 0 OK,
1 WARNING, 2 CRITICAL, 3 UNKNOWN. Whatever the host has to say by itself is one line that begins with
`UNKNOWN - `.
"""

import os
import sys
import time

import grants
import lend
import manifest
import order
import text
import words
from form import Showing
from plugin import Late, Plugin, PluginError

USAGE = "host.py [--cache FOLDER] [ORDER]"


def main(program_words):
    """What to print and the exit code, whatever happens."""
    try:
        cache, json = read_command_line(program_words)
        return carry_out(order.parse(json if json is not None else order.read(sys.stdin.buffer)), cache)
    except Exception as error:
        return failed(error)


def failed(error):
    is_ours = isinstance(error, (order.OrderError, PluginError, OSError))
    # A defect of this host must not look like anything else.
    return text.failed(str(error) if is_ours else f"internal error: {type(error).__name__}: {error}")


def read_command_line(program_words):
    """The folder for compiled code and the order; none of both where they are not given."""
    cache, rest = None, list(program_words)
    if rest and rest[0] == "--cache":
        if len(rest) < 2 or not rest[1]:
            raise order.OrderError(f"--cache needs a folder: {USAGE}")
        cache, rest = rest[1], rest[2:]
    if len(rest) > 1 or rest and rest[0].startswith("-"):
        raise order.OrderError(f"unexpected word '{rest[-1]}': {USAGE}")
    return cache, rest[0] if rest else None


def carry_out(job, cache):
    """Meets the plugin, reads the arguments by its manifest, and shows what comes of them."""
    plugin = Plugin(job.plugin, cache)
    about = plugin.describe()
    manifest.check(about)
    given, stop = words.arguments(about, job.arguments)
    showing = Showing(about, job.arguments, given, stop)
    plugin.unreported = showing.unreported
    try:
        found = check(plugin, about, job, given, stop)
    except Exception as error:
        found = failed(error)
    return showing.unreported(found) if isinstance(found, text.Output) else showing.report(found)


def check(plugin, about, job, given, stop):
    """The plugin's report, or what there is to print instead."""
    if stop:
        # The first mistake counts, and it may stand before the place where reading stopped.
        misuse = plugin.validate(lend.plain(about, given))
        return text.misuse(about, misuse) if misuse else text.stopped(about, stop)
    missing = words.missing(about, given)
    if missing:
        return text.misuse(about, missing)
    seconds, state = words.budget(about, given)
    end = time.monotonic() + seconds
    try:
        lend.check(about, given)
        lent = lend.lend(about, given, end)
    except lend.Unlendable as unlendable:
        # The first mistake counts, and it may stand before that.
        earlier = plugin.validate(lend.plain(about, given[: unlendable.before]))
        return text.misuse(about, earlier or unlendable.misuse)
    allowed = grants.Grants(about, given, job.deny, lend.source(about, given))
    arguments = words.with_node_name(about, lent) if job.arguments else lent
    try:
        report, misuse = plugin.run(arguments, allowed, seconds if lent == given else end - time.monotonic(), state)
    except Late as late:
        return text.late(state, str(late))
    return text.misuse(about, misuse) if misuse else report


if __name__ == "__main__":
    output = main(sys.argv[1:])
    text.print_all(output.text)
    # Nothing is worth waiting for: not a name look-up that goes on, nor the release of memory.
    os._exit(output.code)
