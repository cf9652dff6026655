"""One case: servers, an order, the host, and what came of it."""

import json
import os
import signal
import socket
import subprocess
from dataclasses import dataclass

from cases import filled
from server import Server

PATIENCE = 30  # seconds until a host that does not end is killed
RECEIVE_BUFFER = 16 << 10  # bytes
LIE = b"@LIE"  # what stands in a guest where a patch belongs
LIE_LENGTH = 24
SHOWN = 600  # characters of what is shown of an output


@dataclass
class Seen:
    exit: int | None  # none when the host had to be killed
    stdout: bytes
    stderr: bytes
    values: dict
    reached: int
    received: str
    reached_other: int

    def shown(self):
        """What a host author wants to see."""
        for name, data in (("stdout", self.stdout), ("stderr", self.stderr)):
            text = data.decode(errors="backslashreplace")
            if text:
                yield f"{name}: {text[:SHOWN]!r}"


def play(case, host, guests, folder):
    """Runs the host once."""
    sockets = listeners(folder)
    values = names(sockets, folder)
    for name, content in case.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    os.mkfifo(folder / "pipe")
    scripts = filled(case.server, values)
    servers = {name: Server(sockets[name], scripts) for name in ("tcp", "tcp6", "unix") if name in sockets}
    others = [Server(sockets[name], []) for name in ("other", "other_unix", "elsewhere")]
    try:
        exit_code, stdout, stderr = run(host, order(case, values, guests, folder), filled(case.environment, values))
    finally:
        ends = [server.finish() for server in servers.values()]
        reached_other = sum(server.finish()[0] for server in others)
        sockets["closed"].close()
        sockets["stale"].close()
    reached = sum(count for count, _ in ends)
    received = "".join(text for _, text in ends)
    return Seen(exit_code, stdout, stderr, values, reached, received, reached_other)


def listeners(folder):
    """Those that are granted, and those that nobody may reach."""
    made = {
        "tcp": tcp(),
        "other": socket.create_server(("127.0.0.1", 0)),
        "unix": unix(folder / "granted.sock"),
        "other_unix": unix(folder / "other.sock"),
    }
    port = made["tcp"].getsockname()[1]
    # The same port of another address.
    made["elsewhere"] = socket.create_server(("127.0.0.2", port))
    try:
        made["tcp6"] = socket.create_server(("::1", port), family=socket.AF_INET6)
    except OSError:
        pass
    # A port that is taken and does not listen; a socket file without a listener.
    made["closed"] = socket.socket()
    made["closed"].bind(("127.0.0.1", 0))
    made["stale"] = socket.socket(socket.AF_UNIX)
    made["stale"].bind(os.fspath(folder / "stale.sock"))
    return made


def tcp():
    """What it has not read yet is little, so that a plugin soon has to wait with what it writes."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def unix(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(path))
    listener.listen()
    return listener


def names(sockets, folder):
    """What stands for what in a case."""
    return {
        "port": sockets["tcp"].getsockname()[1],
        "other": sockets["other"].getsockname()[1],
        "closed": sockets["closed"].getsockname()[1],
        "socket": folder / "granted.sock",
        "other_socket": folder / "other.sock",
        "stale": folder / "stale.sock",
        "folder": folder,
        "long_path": "/" + "x" * 120,
        "nodename": os.uname().nodename,
    }


def order(case, values, guests, folder):
    """The line of JSON."""
    arguments = filled(case.arguments, values)
    if case.steps:
        steps = ";".join(filled(step, values) for step, _ in case.steps)
        arguments = arguments | {"steps": steps} if isinstance(arguments, dict) else [*arguments, "--steps", steps]
    made = {"plugin": os.fspath(guest(case, guests, folder)), "arguments": arguments}
    if case.deny:
        made["deny"] = case.deny
    return json.dumps(made).encode() + b"\n"


def guest(case, guests, folder):
    path = guests / f"{case.guest}.wasm"
    if not case.patch:
        return path
    data = path.read_bytes()
    at = data.index(LIE)
    patched = folder / path.name
    patched.write_bytes(data[:at] + case.patch.encode().ljust(LIE_LENGTH) + data[at + LIE_LENGTH :])
    return patched


def run(host, line, environment):
    """The exit code and the outputs; no exit code when the host did not end by itself."""
    child = subprocess.Popen(host, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             start_new_session=True, env=os.environ | environment)
    try:
        stdout, stderr = child.communicate(line, PATIENCE)
        return child.returncode, stdout, stderr
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        stdout, stderr = child.communicate()
        return None, stdout, stderr
