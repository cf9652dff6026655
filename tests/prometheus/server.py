"""`sandcheck serve` under test, and the clients and servers around it."""

import base64
import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import threading

from processes import Processes, can_connect, eventually, free_port

PROGRAM = os.environ.get("SANDCHECK", "target/release/sandcheck")
PLUGIN = os.path.abspath("target/release/check_smtp.wasm")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()

    def value(self, sample):
        """The value of a metric, named as it is written, with its labels."""
        for line in self.text.splitlines():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return float(value)
        raise AssertionError(f"there is no {sample} in\n{self.text}")


class Server:
    """A running server, and how to ask it."""

    def __init__(self, processes, process, name, port, context=None):
        self.processes, self.process, self.name, self.port, self.context = processes, process, name, port, context

    def ask(self, method, path, headers=None, body=None, user=None, timeout=60):
        if self.context:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = dict(headers or {})
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers)
            return Answer(connection.getresponse())

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def probe(self, module, target, **more):
        return self.get(f"/probe?module={module}&target={target}", **more)

    def log(self):
        return self.processes.log(self.name)


class Place(Processes):
    """Files and processes of one case."""

    def __init__(self, state, shared):
        super().__init__(state)
        self.shared = shared
        self.count = 0

    def file(self, name, text):
        path = os.path.join(self.state, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)
        return path

    def words(self, config, *more):
        return [PROGRAM, "serve", "--config.file", config, "--cache", os.path.join(self.shared, "cache"), *more]

    def serve(self, config, *more, context=None, host="127.0.0.1"):
        """Starts a server with a configuration, and waits until it listens."""
        self.count += 1
        name, port = f"serve-{self.count}", free_port()
        path = self.file(f"{name}.yml", config)
        address = f"{host}:{port}"
        process = self.start(name, self.words(path, "--web.listen-address", address, *more), stdout=subprocess.PIPE)
        eventually(lambda: process.poll() is not None or "listening" in self.log(name), "it does not listen")
        assert process.poll() is None, process.stdout.read() + self.log(name).encode()
        return Server(self, process, name, port, context)

    def refused(self, config, *more):
        """What a server says that does not start."""
        path = self.file("bad.yml", config)
        address = ["--web.listen-address", f"127.0.0.1:{free_port()}"]
        done = subprocess.run(self.words(path, *address, *more), capture_output=True, timeout=60, text=True)
        assert done.returncode == 3, done
        assert done.stdout.count("\n") == 1 and done.stdout.startswith("UNKNOWN - "), done
        return done.stdout

    def listens(self, name, words, port, **more):
        process = self.start(name, words, **more)
        eventually(lambda: process.poll() is not None or can_connect(port), f"{name} does not listen")
        assert process.poll() is None, self.log(name)
        return process


class MailServer:
    """Says what it is told to, to each client in a thread, and waits where it is told to wait."""

    def __init__(self, *replies):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.replies = replies
        self.connected = threading.Semaphore(0)
        self.go_on = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.connected.release()
                threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        with connection, contextlib.suppress(OSError):
            for reply in self.replies:
                if reply is None:
                    self.go_on.wait(60)
                else:
                    connection.sendall(reply)
                    connection.recv(4096)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self.socket.close()


def certificate(place, name, subject, ca=None, days=30):
    """A key and a certificate, self-signed or by a CA."""
    key, file = os.path.join(place.state, f"{name}.key"), os.path.join(place.state, f"{name}.crt")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
             "-keyout", key, "-out", file, "-subj", f"/CN={subject}", "-addext", f"subjectAltName=DNS:{subject},IP:127.0.0.1"]
    if ca:
        words += ["-CA", ca[1], "-CAkey", ca[0], "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(words, check=True, capture_output=True)
    return key, file


def client_context(ca, own=None):
    context = ssl.create_default_context(cafile=ca[1])
    if own:
        context.load_cert_chain(own[1], own[0])
    return context
