"""What the plugins of the kit connect to: a script for each connection."""

import contextlib
import select
import socket
import struct
import threading

DRIP = 0.02  # seconds between two bytes


class Server:
    """A listener. The first connection plays the first script, the last script is for all others:

    send TEXT       receive N       wait for N bytes
    drip            a byte now and then, until the client is gone
    shutdown        no more is sent; reading goes on
    reset           ends the connection at once, as one that broke
    close           ends it
    freeze          does not read; to the end of the case
    after N         wait until connection N (from 1) has been closed by the client

    At its end a script reads until the client closes the connection."""

    def __init__(self, listener, scripts):
        self.listener, self.scripts = listener, scripts or [[]]
        self.connections, self.threads = [], []
        self.wake, self.waker = socket.socketpair()
        self.over = threading.Event()
        self.accepting = threading.Thread(target=self.accept)
        self.accepting.start()

    def accept(self):
        """Whoever has connected before the end is counted, if accepted or not."""
        self.listener.setblocking(False)
        while True:
            ready, _, _ = select.select([self.listener, self.wake], [], [])
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.begin(self.listener.accept()[0])
            if self.wake in ready:
                return

    def begin(self, stream):
        stream.setblocking(True)
        script = self.scripts[min(len(self.connections), len(self.scripts) - 1)]
        connection = Connection(stream, self)
        self.connections.append(connection)
        thread = threading.Thread(target=connection.play, args=(script,))
        self.threads.append(thread)
        thread.start()

    def finish(self):
        """When the host has ended: how often it was connected to, and what the first one received."""
        self.waker.send(b".")
        self.accepting.join()
        self.over.set()
        for thread in self.threads:
            thread.join()
        for each in (self.listener, self.wake, self.waker):
            each.close()
        received = b"".join(self.connections[0].received) if self.connections else b""
        return len(self.connections), received.decode("latin-1")


class Connection:
    def __init__(self, stream, server):
        self.stream, self.server = stream, server
        self.received, self.ended = [], threading.Event()

    def play(self, script):
        try:
            with contextlib.suppress(OSError):
                for step in script:
                    verb, _, rest = step.partition(" ")
                    getattr(self, verb)(rest)
                self.read_to_the_end()
        finally:
            self.ended.set()
            self.stream.close()

    def send(self, text):
        self.stream.sendall(text.encode("latin-1"))

    def receive(self, count):
        while sum(map(len, self.received)) < int(count) and self.read_once():
            pass

    def drip(self, _):
        while not self.server.over.wait(DRIP):
            self.stream.sendall(b".")

    def shutdown(self, _):
        self.stream.shutdown(socket.SHUT_WR)

    def reset(self, _):
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()

    def close(self, _):
        self.stream.close()

    def freeze(self, _):
        self.server.over.wait()

    def read_to_the_end(self):
        while self.read_once():
            pass

    def read_once(self):
        data = self.stream.recv(65536)
        self.received.append(data)
        return bool(data)

    def after(self, number):
        """Waits for the end of another connection."""
        self.server.connections[int(number) - 1].ended.wait()
