"""The cases of tests/gearman/run. Ends with a line `N passed, N failed`."""

import argparse
import base64
import collections
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

from gearman import CAN_DO, GRAB_JOB, JOB_ASSIGN, JOB_CREATED, NO_JOB, NOOP, Connection
from gearman import decrypt, encrypt, job, packet, parse_result, status
from processes import Processes, eventually, free_port, matches

PLUGIN = "/usr/lib/nagios/plugins/check_smtp"
KEY = b"should_be_changed"


class Suite:
    def __init__(self, options):
        self.options = options
        self.processes = Processes(options.state)
        self.smtp = self.processes.smtp_server(options.smtp_server)
        self.plugins = os.path.join(options.state, "plugins")
        os.mkdir(self.plugins)
        shutil.copy("target/release/check_smtp.wasm", self.plugins)
        self.cache = os.path.join(options.state, "cache")
        self.passed = self.failed = 0

    def case(self, name, run):
        """Runs a case with a gearmand of its own."""
        mine = Processes(self.options.state)
        began = time.monotonic()
        try:
            run(mine)
            verdict = "ok"
            self.passed += 1
        except Exception:  # whatever it is, the others go on
            traceback.print_exc(file=sys.stdout)
            verdict = "FAILED"
            self.failed += 1
        finally:
            mine.end(with_signal=signal.SIGKILL)
        print(f"{verdict}: {name} ({time.monotonic() - began:.1f} s)", flush=True)

    def words(self, *ports, plugins=None):
        servers = [f"--gearman=127.0.0.1:{port}" for port in ports]
        return [*servers, "--plugins", plugins or self.plugins, "--cache", self.cache]

    def command(self, port=None):
        return f"{PLUGIN} -H 127.0.0.1 -p {port or self.smtp}"


def ask(port, texts, open_result=base64.b64decode):
    """Submits jobs to the queue service; returns as many results, by host."""
    with Connection(port) as client, Connection(port) as reader:
        client.submit(b"service", texts)
        results = {}
        reader.socket.settimeout(60)
        for text in reader.jobs(b"check_results", until=lambda: len(results) == len(texts)):
            result = parse_result(open_result(text))
            assert result["host_name"] not in results, f"answered twice: {result}"
            results[result["host_name"]] = result
            if len(results) == len(texts):
                return results
        return results


def both_settings(suite, mine):
    key_file = os.path.join(suite.options.state, "key")
    with open(key_file, "wb") as file:
        file.write(KEY + b"\n")
    for name, more, seal, unseal in [
        ("plain", [], lambda text: text, lambda data: data),
        ("base64", [], base64.b64encode, base64.b64decode),
        ("aes", ["--key-file", key_file], lambda text: encrypt(text, KEY), lambda data: decrypt(data, KEY)),
    ]:
        _, port = mine.gearmand()
        mine.worker(f"worker-{name}", suite.words(port) + more)
        texts = [seal(job(1, suite.command())), seal(job(2, suite.command(), kind="host"))]
        results = ask(port, texts, unseal)
        service, host = results["host1"], results["host2"]
        matches(r"^SMTP OK - [0-9.]+ sec. response time\|time=", service["output"])
        assert service["return_code"] == host["return_code"] == "0", results
        assert service["service_description"] == "service 1" and "service_description" not in host
        assert service["core_start_time"] == "1790000001.000000" and service["exited_ok"] == "1"
        assert 0 <= float(service["finish_time"]) - float(service["start_time"]) < 30
        matches("^sandcheck @ ", service["source"])


def other_command_lines(suite, mine):
    """Nothing but a plugin of the folder is run, and never a shell."""
    trace = os.path.join(suite.options.state, "was-run")
    _, port = mine.gearmand()
    worker = mine.worker("worker-refuses", suite.words(port))
    lines = {
        f"touch {trace}": "'touch' is not run: this worker runs check_smtp, and no other program",
        f"/bin/sh -c 'touch {trace}'": "'sh' is not run",
        f"{suite.command()}; touch {trace}": "';' would need a shell",
        f"{suite.command()} $(touch {trace})": "'$' would need a shell",
        f"{suite.command()} | tee {trace}": "'|' would need a shell".replace("|", " "),
        f"{PLUGIN} -H 'mx": "a quote ' is not closed",
        "../check_smtp.wasm -H mx": "'check_smtp.wasm' is not run",
        "check_smtp/ -H mx": "'' is not run",
        f"A=b {suite.command()}": "'=' would need a shell",
        f"{PLUGIN} --extra-opts=x@/etc/passwd": "--extra-opts is not taken from a job",
        f"{PLUGIN} -H mx --authpass-file /etc/passwd": "--authpass-file is not taken from a job: it would read a secret",
        f"{PLUGIN} -H mx --authpass-env HOME": "--authpass-env is not taken from a job",
        f"{PLUGIN} -H mx -P -": "--authpass=- is not taken from a job",
        f"{PLUGIN} -p 70000 -H mx": "Port must be a positive integer",
    }
    texts = [base64.b64encode(job(number, line)) for number, line in enumerate(lines)]
    results = ask(port, texts)
    for number, (line, part) in enumerate(lines.items()):
        result = results[f"host{number}"]
        assert result["return_code"] == "3" and part in result["output"], (line, result)
    assert not os.path.exists(trace)
    children = f"/proc/{worker.pid}/task/{worker.pid}/children"
    assert open(children).read() == "", "the worker has children"


def bad_jobs(suite, mine):
    """What nobody can be told of is dropped, said, and costs no other job."""
    _, port = mine.gearmand()
    wrong = os.path.join(suite.options.state, "wrong-key")
    with open(wrong, "w") as file:
        file.write("another\n")
    for name, more, data, part in [
        ("wrong", ["--key-file", wrong], encrypt(job(1, "x"), KEY), "cannot be decrypted: this key is not the one"),
        ("clear", ["--key-file", wrong], base64.b64encode(job(1, "x")), "it is not encrypted, and only"),
        ("no-key", [], encrypt(job(1, "x"), KEY), "name the key with --key-file"),
        ("garbage", [], b"\xff\0\n garbage", "it is not in base64"),
        ("empty", [], b"", "name the key with --key-file"),
        ("long", [], b"A" * (2 << 20), "its text is too long"),
        ("event", [], base64.b64encode(job(1, "x", kind="eventhandler")), "only host and service are run"),
    ]:
        worker = mine.worker(f"worker-{name}", suite.words(port) + more)
        with Connection(port) as client:
            client.submit(b"service", [data])
        eventually(lambda: part in mine.log(f"worker-{name}"), f"{name}: {mine.log(f'worker-{name}')}")
        eventually(lambda: status(port)["service"][:2] == (0, 0), f"{name}: the job is still there")
        assert "check_results" not in status(port) or status(port)["check_results"][0] == 0, name
        if not more:
            results = ask(port, [base64.b64encode(job(7, suite.command()))])
            assert results["host7"]["return_code"] == "0", results
        assert mine.end(worker) == [0]


def job_timeout(suite, mine):
    """A job's own timeout counts, not the plugin's, and other checks go on meanwhile."""
    _, port = mine.gearmand()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mine.worker("worker-timeout", suite.words(port))
        slow = suite.command(silent.getsockname()[1]) + " -t 60"
        texts = [job(1, slow, timeout=1), job(2, suite.command())]
        results = ask(port, [base64.b64encode(text) for text in texts])
    assert results["host1"]["return_code"] == "2", results
    matches(r"^\(Service Check Timed Out After 1 s On Worker: ", results["host1"]["output"])
    assert results["host2"]["return_code"] == "0", results


def hostile_text(suite, mine):
    """What a mail server says makes no lines in a result."""
    _, port = mine.gearmand()
    with socket.create_server(("127.0.0.1", 0)) as hostile:

        def serve():
            connection, _ = hostile.accept()
            with connection:
                connection.sendall(b"554 no\\nreturn_code=0\\noutput=SMTP OK|x=1\r\n")
                connection.recv(1024)

        thread = threading.Thread(target=serve)
        thread.start()
        mine.worker("worker-hostile", suite.words(port))
        command = suite.command(hostile.getsockname()[1])
        result = ask(port, [base64.b64encode(job(1, command))])["host1"]
        thread.join()
    assert result["return_code"] != "0", result
    assert not any(line.startswith(("return_code", "output")) for line in result["output"].split("\n")), result


def drained(suite, mine):
    """SIGTERM: what runs is finished and answered, nothing more is taken."""
    _, port = mine.gearmand()
    with socket.create_server(("127.0.0.1", 0)) as slow:
        worker = mine.worker("worker-drained", suite.words(port) + ["--concurrency", "1"])
        with Connection(port) as client:
            client.submit(b"service", [base64.b64encode(job(1, suite.command(slow.getsockname()[1])))])
            connection, _ = slow.accept()
            client.submit(b"service", [base64.b64encode(job(2, suite.command()))])
            worker.send_signal(signal.SIGTERM)
            eventually(lambda: "takes no more jobs" in mine.log("worker-drained"), "it does not drain")
            with connection:
                connection.sendall(b"220 mx\r\n")
                connection.recv(1024)
                connection.sendall(b"250 mx\r\n")
                connection.recv(1024)
                connection.sendall(b"221 bye\r\n")
                assert worker.wait(timeout=60) == 0
    counts = status(port)
    assert counts["check_results"][0] == 1 and counts["service"][0] == 1, counts
    mine.worker("worker-after", suite.words(port))
    eventually(lambda: status(port)["check_results"][0] == 2, "the other job is lost")


def several_servers_and_a_restart(suite, mine):
    """Each server's jobs are run; one that dies is connected to again when it is back."""
    first, one = mine.gearmand(name="gearmand-one")
    _, two = mine.gearmand(name="gearmand-two")
    dead = free_port()
    mine.worker("worker-several", suite.words(one, two, dead), until=f"127.0.0.1:{two}: connected")
    for port in (one, two):
        assert ask(port, [base64.b64encode(job(1, suite.command()))])["host1"]["return_code"] == "0"
    mine.end(first, with_signal=signal.SIGKILL)
    eventually(lambda: f"127.0.0.1:{one}: it closed" in mine.log("worker-several"), "the loss is not said")
    matches(f"127.0.0.1:{dead}: Connection refused.*; next attempt in ", mine.log("worker-several"))
    assert ask(two, [base64.b64encode(job(2, suite.command()))])["host2"]["return_code"] == "0"
    mine.gearmand(one, name="gearmand-one-again")
    assert ask(one, [base64.b64encode(job(3, suite.command()))])["host3"]["return_code"] == "0"


def servers_that_are_none(suite, mine):
    """Garbage, oversized lengths, jobs that nobody asked for, half packets: said, and tried again."""
    answers = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "this is no gearman server"),
        (packet(JOB_CREATED, magic=b"\0RES")[:8] + b"\xff\xff\xff\xff", "a packet of type 8 has 4294967295 bytes"),
        (packet(JOB_ASSIGN, b"H:x:1", magic=b"\0RES"), "a job has no handle or no queue"),
        (packet(JOB_ASSIGN, b"H:x:1", b"service", b"", magic=b"\0RES") * 99, "a job that nobody asked for"),
        (packet(NOOP, magic=b"\0RES")[:7], "it closed the connection"),
        (b"", "it closed the connection"),
    ]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve():
            for answer, _ in answers:
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        worker = mine.worker("worker-none", suite.words(port))
        thread.join(timeout=60)
        for _, part in answers:
            eventually(lambda: part in mine.log("worker-none"), f"{part}: {mine.log('worker-none')}")
    assert mine.end(worker) == [0]


def job_that_comes_twice(suite, mine):
    """The same handle again while it runs: one check, one result."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        mine.worker("worker-twice", suite.words(server.getsockname()[1]), until="for the queues")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            text = base64.b64encode(job(1, suite.command()))
            heard = read_until(connection, lambda heard: heard.count(packet(GRAB_JOB)) >= 2)
            assign = packet(JOB_ASSIGN, b"H:x:1", b"service", text, magic=b"\0RES")
            connection.sendall(assign * 2)
            heard += read_until(connection, lambda heard: b"H:x:1\0" in heard)
            connection.sendall(packet(JOB_CREATED, b"H:x:2", magic=b"\0RES"))
    assert heard.count(b"check_results\0") == 1, heard
    assert heard.count(packet(CAN_DO, b"service")) == 1
    eventually(lambda: "it came twice, and is run once" in mine.log("worker-twice"), "nothing is said")


def read_until(connection, holds):
    heard = b""
    while not holds(heard):
        some = connection.recv(65536)
        if not some:
            raise AssertionError(f"the worker went away after {heard}")
        heard += some
    return heard


def rejected_result(suite, mine):
    """A result that the server does not take is sent again, and nothing is lost."""
    error = packet(19, b"QUEUE_ERROR", b"the disk is full", magic=b"\0RES")
    with socket.create_server(("127.0.0.1", 0)) as server:
        worker = mine.worker("worker-rejected", suite.words(server.getsockname()[1]), until="for the queues")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            read_until(connection, lambda heard: packet(GRAB_JOB) in heard)
            text = base64.b64encode(job(1, suite.command()))
            connection.sendall(packet(JOB_ASSIGN, b"H:x:1", b"service", text, magic=b"\0RES"))
            read_until(connection, lambda heard: b"H:x:1\0" in heard)
            connection.sendall(error)
            again = read_until(connection, lambda heard: b"check_results\0\0" in heard)
            assert b"H:x:1" not in again, again
            connection.sendall(packet(JOB_CREATED, b"H:x:2", magic=b"\0RES"))
    matches("says QUEUE_ERROR: the disk is full", mine.log("worker-rejected"))
    assert mine.end(worker) == [0]


def mistakes_at_the_start(suite, mine):
    """Each is one line, and exit code 3."""
    for words, part in [
        ([], "no server is named: --gearman HOST:PORT"),
        (["--gearman=127.0.0.1"], "no plugins are named that jobs may run: --plugins FOLDER"),
        (["--gearman=127.0.0.1", "--plugins=/nonexistent"], "--plugins /nonexistent: No such file"),
        (["--gearman=127.0.0.1", "--plugins=/etc"], "--plugins /etc: there is no NAME.wasm in it"),
        (["--gearman=127.0.0.1", "--plugins", suite.plugins, "--key-file=/dev/null"], "--key-file /dev/null: it is no file"),
    ]:
        done = subprocess.run(["target/release/sandcheck", "work", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 3 and part in done.stdout and len(done.stdout.splitlines()) <= 2, (words, done)


def fleet(suite, mine):
    """Three workers, many jobs; one worker is killed and one told to end in the middle."""
    count = suite.options.jobs
    _, port = mine.gearmand()
    workers = [mine.worker(f"fleet-{n}", suite.words(port)) for n in range(3)]
    seen = collections.Counter()
    bad = []

    def read():
        with Connection(port) as reader:
            for text in reader.jobs(b"check_results", until=lambda: len(seen) == count):
                result = parse_result(base64.b64decode(text))
                seen[result["host_name"]] += 1
                if result["return_code"] != "0":
                    bad.append(result)
                if len(seen) == count:
                    return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with Connection(port) as client:
        command = suite.command()
        began = time.monotonic()
        client.submit(b"service", [base64.b64encode(job(number, command)) for number in range(count)])
    waited = lambda share: eventually(lambda: len(seen) >= count * share, f"only {len(seen)} results", 600)
    waited(0.3)
    mine.end(workers[0], with_signal=signal.SIGKILL)
    waited(0.5)
    assert mine.end(workers[1]) == [0], "the worker did not end well"
    left = count - len(seen)
    reader.join(timeout=600)
    seconds = time.monotonic() - began
    assert len(seen) == count, f"{count - len(seen)} jobs have no result"
    assert 0 < left < count, "the signals came too early or too late"
    eventually(lambda: status(port)["service"][:2] == (0, 0), f"jobs are left: {status(port)}")
    # What was sent twice would come after the others.
    assert mine.end(workers[2]) == [0]
    with Connection(port) as late:
        for text in late.jobs(b"check_results", until=lambda: True):
            seen[parse_result(base64.b64decode(text))["host_name"]] += 1
    twice = sum(results > 1 for results in seen.values())
    print(f"  {count} jobs, {len(seen)} of them answered, {twice} twice, {len(bad)} not OK, in {seconds:.1f} s")
    assert twice == 0 and not bad, (twice, bad[:3])


def throughput(suite, mine):
    """Figures for the docs; nothing is asserted of them."""
    count = 60_000
    for workers in (1, 2, 4):
        _, port = mine.gearmand()
        text = base64.b64encode(job(1, suite.command()))
        measure(mine, port, b"service", [text] * count, f"{workers} sandcheck work", lambda: [
            mine.worker(f"speed-{port}-{n}", suite.words(port)) for n in range(workers)
        ])
    for workers in (1, 2, 4, 8):
        _, port = mine.gearmand()
        words = ["gearman", "-h", "127.0.0.1", "-p", str(port), "-w", "-f", "service", "--"]
        words += suite.command().split()
        measure(mine, port, b"service", [b""] * (count // 10), f"{workers} gearman -w, which fork the C plugin", lambda: [
            mine.start(f"fork-{port}-{n}", words, stdout=subprocess.DEVNULL) for n in range(workers)
        ])


def measure(mine, port, queue, texts, name, start):
    with Connection(port) as client:
        client.submit(queue, texts)
    processes = start()
    began = time.monotonic()
    before = status(port)[queue.decode()][0]
    eventually(lambda: status(port)[queue.decode()][0] == 0, "it does not come to an end", 600)
    seconds = time.monotonic() - began
    print(f"  {name}: {before / seconds:.0f} checks/s ({before} in {seconds:.1f} s)", flush=True)
    mine.end(*processes, with_signal=signal.SIGKILL)


CASES = [
    both_settings, other_command_lines, bad_jobs, job_timeout, hostile_text, drained, several_servers_and_a_restart,
    servers_that_are_none, job_that_comes_twice, rejected_result, mistakes_at_the_start, fleet,
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--smtp-server", required=True)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--throughput", action="store_true")
    options = parser.parse_args()
    suite = Suite(options)
    cases = CASES + ([throughput] if options.throughput else [])
    try:
        for run in cases:
            suite.case(run.__name__.replace("_", " "), lambda mine, run=run: run(suite, mine))
    finally:
        suite.processes.end(with_signal=signal.SIGKILL)
    print(f"{suite.passed} passed, {suite.failed} failed")
    sys.exit(suite.failed != 0)


main()
