"""Gearman's binary protocol and mod_gearman's texts, written apart from the Rust that is tested."""

import base64
import socket
import struct
import subprocess

CAN_DO, PRE_SLEEP, NOOP, JOB_CREATED, GRAB_JOB, NO_JOB, JOB_ASSIGN = 1, 4, 6, 8, 9, 10, 11
WORK_COMPLETE, ECHO_REQ, ECHO_RES, SUBMIT_JOB_BG, ERROR = 13, 16, 17, 18, 19


def packet(kind, *parts, magic=b"\0REQ"):
    body = b"\0".join(parts)
    return magic + struct.pack(">II", kind, len(body)) + body


class Connection:
    """A client or a worker of a gearmand."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, *packets):
        self.socket.sendall(b"".join(packets))

    def receive(self):
        """The next packet: its number and its parts."""
        header = self.file.read(12)
        if len(header) < 12:
            raise EOFError("gearmand closed the connection")
        kind, length = struct.unpack(">II", header[4:])
        body = self.file.read(length)
        return kind, body.split(b"\0", 2 if kind == JOB_ASSIGN else 1)

    def submit(self, queue, texts):
        """Puts jobs into a queue, and waits until all are there."""
        for begin in range(0, len(texts), 500):
            some = texts[begin : begin + 500]
            self.send(*(packet(SUBMIT_JOB_BG, queue, b"", text) for text in some))
            for _ in some:
                kind, parts = self.receive()
                if kind != JOB_CREATED:
                    raise AssertionError(f"a job was not taken: {kind} {parts}")

    def jobs(self, queue, until):
        """The texts of all jobs of a queue, as they come, until there is nothing and `until` says so."""
        self.send(packet(CAN_DO, queue), packet(GRAB_JOB))
        while True:
            kind, parts = self.receive()
            if kind == JOB_ASSIGN:
                self.send(packet(WORK_COMPLETE, parts[0], b""), packet(GRAB_JOB))
                yield parts[2]
            elif kind == NO_JOB:
                if until():
                    return
                self.send(packet(PRE_SLEEP))
            elif kind == NOOP:
                self.send(packet(GRAB_JOB))


def status(port):
    """The queues: how many jobs each has, how many of them are running, how many workers."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as admin:
        admin.sendall(b"status\n")
        lines = iter(admin.makefile("r").readline, ".\n")
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return {name: tuple(int(count) for count in counts) for name, *counts in rows}


def job(number, command, kind="service", queue="check_results", timeout=30):
    """A job as mod_gearman's module writes it."""
    service = f"service_description=service {number}\n" if kind == "service" else ""
    return (
        f"type={kind}\nresult_queue={queue}\ntarget_queue={kind}\nhost_name=host{number}\n{service}"
        f"core_time={1790000000 + number}.000000\ntimeout={timeout}\ncommand_line={command}\n\n\n"
    ).encode()


def parse_result(text):
    """As mod_gearman's module reads a result: an empty value ends it."""
    result = {}
    for line in text.split(b"\n"):
        name, _, value = line.partition(b"=")
        if name == b"output":
            value = value.replace(b"\\n", b"\n")
        if not value:
            break
        if name in result:
            raise AssertionError(f"{name} is there twice: {text}")
        result[name.decode()] = value.decode()
    return result


def encrypt(text, key):
    return base64.b64encode(_openssl("-e", text + b"\0" * (16 - len(text) % 16), key))


def decrypt(data, key):
    return _openssl("-d", base64.b64decode(data), key).rstrip(b"\0")


def _openssl(direction, data, key):
    """AES by somebody else: nothing of it is in Python's own library."""
    command = ["openssl", "enc", direction, "-aes-256-ecb", "-nopad", "-K", key.ljust(32, b"\0")[:32].hex()]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
