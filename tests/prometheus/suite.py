"""The cases of tests/prometheus/run. Ends with a line `N passed, N failed`."""

import argparse
import os
import signal
import sys
import time
import traceback

import browser
import engines
import limits
import outputs
import requests_of_icinga
import scrapes
import security
from server import Place

CASES = [*scrapes.CASES, *outputs.CASES, *limits.CASES, *security.CASES, *requests_of_icinga.CASES, *engines.CASES, *browser.CASES]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--smtp-server", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    shared = Place(options.state, options.state)
    mail = shared.smtp_server(options.smtp_server)
    passed = failed = 0
    try:
        for run in CASES:
            name = run.__name__.replace("_", " ")
            if options.only not in name:
                continue
            folder = os.path.join(options.state, run.__name__)
            os.mkdir(folder)
            place = Place(folder, options.state)
            began = time.monotonic()
            try:
                run(place, mail)
                verdict, passed = "ok", passed + 1
            except Exception:  # whatever it is, the others go on
                traceback.print_exc(file=sys.stdout)
                verdict, failed = "FAILED", failed + 1
            finally:
                place.end(with_signal=signal.SIGKILL)
            print(f"{verdict}: {name} ({time.monotonic() - began:.1f} s)", flush=True)
    finally:
        shared.end(with_signal=signal.SIGKILL)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
