"""The contract's `sockets` for one run: granted, and over when the time budget is."""

import errno
import ipaddress
import os
import queue
import socket
import threading
import time

from wasmtime.component import ResourceHost, ResourceType, Variant

from grants import Refusal

CONNECTION = 1  # this host's number for the resource type
FAMILIES = {"any": None, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
VERSION_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
PATH_LIMIT = 107  # bytes of a Unix socket's path (unix(7))
READ_LIMIT = 64 * 1024  # bytes of one call
CONNECTS = 32  # connections that a run may ask for
RESET = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE)
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)


class Failure(Exception):
    """What a call fails with: a case of the contract's `error`."""

    def __init__(self, case, text=None):
        super().__init__(case)
        self.variant = Variant(case, text)


def answer(call, failed):
    """No method that a plugin calls may raise: wasmtime would raise that in whatever thread is next."""

    def guarded(*parameters):
        try:
            return call(*parameters)
        except Failure as failure:
            return failure.variant
        except Exception as error:
            return failed(error)

    return guarded


def failed(error):
    """What an error of the system means to a plugin, in the system's words and without the address."""
    number = error.errno if isinstance(error, OSError) else None
    words = os.strerror(number) if number is not None and number > 0 else str(error)
    if isinstance(error, TimeoutError) and number is None:
        return Variant("timed-out")
    if number == errno.ECONNREFUSED:
        return Variant("refused")
    if number in RESET:
        return Variant("reset")
    return Variant("unreachable" if number in UNREACHABLE else "other", words)


class Sockets:
    """The connections of one run. Without grants nothing can be connected to."""

    def __init__(self):
        self.grants, self.end, self.refusal = None, 0, None
        self.open, self.last = {}, 0
        # What came of names whose addresses the plugin asked for.
        self.looked_up = {}

    def allow(self, grants, budget):
        self.grants, self.end = grants, time.monotonic() + budget

    def link(self, root, line):
        """The line's sockets; they are the same in all lines until now."""
        with root.add_instance(f"monitoring:plugin/sockets@{line}.0") as instance:
            instance.add_resource("connection", ResourceType.host(CONNECTION), self.drop)
            instance.add_func("connect-tcp", answer(self.connect_tcp, failed))
            instance.add_func("connect-unix", answer(self.connect_unix, failed))
            instance.add_func("[method]connection.read", answer(self.read, failed))
            instance.add_func("[method]connection.write", answer(self.write, failed))

    def connect_tcp(self, _, host, port, family, timeout):
        deadline = self.deadline(timeout)
        self.granted(lambda: self.grants.check_host(host, port))
        found = [
            address
            for address in self.addresses(host, port, deadline)
            if FAMILIES[family] in (None, address[0])
        ]
        if not found:
            raise Failure("name-not-found", "no address of that family")
        source = self.grants.source
        if source is not None:
            found = [address for address in found if address[0] == VERSION_FAMILIES[source.version]]
            if not found:
                raise Failure("unreachable", f"No IPv{source.version} address to connect to from {source}")
        return self.keep(connect_first(self.allowed(host, port, found), deadline, source), deadline)

    def addresses(self, host, port, deadline):
        """Those that the plugin asked for before in this run stay what they are, also where there are none."""
        if host not in self.looked_up:
            return look_up(host, port, deadline)
        found = self.looked_up[host]
        if isinstance(found, Failure):
            raise found
        return [(family, (address[0], port, *address[2:])) for family, address in found]

    def look_up(self, host, deadline):
        """What comes of it holds for connections to that name, if it came in time."""
        self.looked_up.pop(host, None)
        try:
            found = look_up(host, 0, deadline)
        except Failure as failure:
            found = failure
        if not isinstance(found, Failure) or found.variant.tag != "timed-out":
            self.looked_up[host] = found
        if isinstance(found, Failure):
            raise found
        return found

    def connect_unix(self, _, path, timeout):
        deadline = self.deadline(timeout)
        self.granted(lambda: self.grants.check_path(path))
        length = len(path.encode())
        if length > PATH_LIMIT:
            raise Failure(
                "invalid-address",
                f"path of a Unix socket too long, {length} bytes of at most {PATH_LIMIT}",
            )
        return self.keep(connect(socket.AF_UNIX, path, deadline), deadline)

    def read(self, store, connection, most):
        stream, deadline = self.of(store, connection)
        stream.settimeout(left(deadline))
        return stream.recv(min(max(most, 1), READ_LIMIT))

    def write(self, store, connection, data):
        stream, deadline = self.of(store, connection)
        stream.settimeout(left(deadline))
        stream.sendall(data)

    def drop(self, _, number):
        stream, _ = self.open.pop(number)
        if stream:
            stream.close()

    def deadline(self, timeout):
        """A run asks for so many connections and no more."""
        self.last += 1
        if self.last > CONNECTS:
            raise Failure("other", f"more than {CONNECTS} connections")
        return self.within(timeout)

    def within(self, timeout):
        """A deadline, never later than the whole run's."""
        return min(time.monotonic() + timeout / 1e9, self.end)

    def granted(self, check):
        """Tells the plugin, and remembers it: what such a plugin reports is not shown."""
        try:
            if not self.grants:
                raise Refusal("any endpoint", "the check has not begun")
            check()
        except Refusal as refusal:
            self.refusal = self.refusal or refusal
            raise Failure("access-denied", str(refusal)) from None

    def allowed(self, host, port, found):
        """Those addresses that may be connected to. None at all is a refusal."""
        allowed = []
        for family, address in found:
            try:
                self.grants.check_address(host, address[0], port)
                allowed.append((family, address))
            except Refusal as refusal:
                last = refusal
        if not allowed:
            self.refusal = self.refusal or last
            raise Failure("access-denied", str(last))
        return allowed

    def keep(self, stream, deadline):
        self.open[self.last] = stream, deadline
        return ResourceHost.own(self.last, CONNECTION)

    def of(self, store, connection):
        stream, deadline = self.open[connection.to_host(store).rep]
        if stream is None:
            raise Failure("reset")
        return stream, deadline


def left(deadline):
    """Seconds. A server that always has something to say is not listened to for ever."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise Failure("timed-out")
    return seconds


def look_up(host, port, deadline):
    """Families and addresses, in the resolver's order. Its call cannot be ended, but left alone."""
    answers = queue.SimpleQueue()
    threading.Thread(target=resolve, args=(host, port, answers), daemon=True).start()
    try:
        found = answers.get(timeout=left(deadline))
    except queue.Empty:
        raise Failure("timed-out") from None
    if isinstance(found, Failure):
        raise found
    return found


def resolve(host, port, answers):
    flags = socket.AI_NUMERICHOST if is_address(host) else 0
    try:
        # As bytes: what Python would make of a name is not what the system makes of it.
        found = socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM, flags=flags)
        answers.put([(family, address) for family, _, _, _, address in found])
    except socket.gaierror as error:
        answers.put(Failure("name-not-found", error.strerror))
    except Exception as error:
        answers.put(Failure("invalid-address", str(error)))


def is_address(host):
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def connect_first(addresses, deadline, source):
    """The first that accepts; the last failure is the one that counts."""
    failure = None
    for family, address in addresses:
        try:
            return connect(family, address, deadline, source)
        except OSError as error:
            failure = error
            if isinstance(error, TimeoutError) and error.errno is None:
                break
    raise failure


def connect(family, address, deadline, source=None):
    """A stream; none for one that was accepted and reset before it was looked at."""
    stream = socket.socket(family, socket.SOCK_STREAM)
    try:
        stream.settimeout(left(deadline))
        if source is not None:
            stream.bind((str(source), 0))
        stream.connect(address)
        if family != socket.AF_UNIX:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        return stream
    except OSError as error:
        stream.close()
        if error.errno == errno.ECONNRESET and family != socket.AF_UNIX:
            return None
        raise
    except BaseException:
        stream.close()
        raise
