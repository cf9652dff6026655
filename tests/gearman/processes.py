"""The processes of a test: started, watched, and ended again."""

import os
import re
import select
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Processes:
    """Everything that was started, for ending it."""

    def __init__(self, state):
        self.state = state
        self.all = []

    def start(self, name, words, **more):
        log = open(os.path.join(self.state, f"{name}.log"), "ab")
        with log:
            process = subprocess.Popen(words, stderr=log, stdin=subprocess.DEVNULL, **more)
        self.all.append(process)
        return process

    def log(self, name):
        with open(os.path.join(self.state, f"{name}.log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def gearmand(self, port=None, name="gearmand"):
        """Starts one, and waits until it accepts connections."""
        port = port or free_port()
        words = ["gearmand", "--listen=127.0.0.1", f"--port={port}", "--log-file=stderr"]
        if os.geteuid() == 0:
            words.append("--user=root")
        process = self.start(name, words, stdout=subprocess.DEVNULL)
        eventually(lambda: process.poll() is None and can_connect(port), "gearmand does not listen")
        return process, port

    def smtp_server(self, program):
        process = self.start("smtp-server", [program], stdout=subprocess.PIPE)
        return int(process.stdout.readline())

    def worker(self, name, words, until="connected"):
        """Starts `sandcheck work`, and waits until its log has that."""
        process = self.start(name, ["target/release/sandcheck", "work", *words], stdout=subprocess.PIPE)
        eventually(lambda: process.poll() is not None or until in self.log(name), f"{name} does not say: {until}")
        return process

    def end(self, *processes, with_signal=signal.SIGTERM):
        """Ends some, or all; returns their exit codes."""
        for process in processes or self.all:
            if process.poll() is None:
                process.send_signal(with_signal)
        codes = []
        for process in processes or self.all:
            try:
                codes.append(process.wait(timeout=60))
            except subprocess.TimeoutExpired:
                process.kill()
                codes.append(process.wait())
        return codes


def can_connect(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(holds, otherwise, seconds=60):
    """Looks again and again, for what no event tells: another process's log, or a port."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(otherwise)
        select.select([], [], [], 0.02)


def matches(pattern, text):
    if not re.search(pattern, text):
        raise AssertionError(f"no {pattern!r} in {text!r}")
