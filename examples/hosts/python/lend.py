"""What a host lends beyond connections: the contents of files, trust anchors. It travels as the value of
an option whose kind the manifest declares; the plugin never learns a path."""

import ipaddress
import os
import re
import select
import stat
import time
from types import SimpleNamespace

from form import FORMS

FILES = {"file", "anchors"}
LIMIT = 1 << 20  # bytes of a file, or of a folder of files
TOTAL = 4 << 20  # bytes for one run
SECRET_LIMIT = 64 << 10  # bytes
SYSTEM = "system"
HASHED = re.compile("[0-9A-Fa-f]{8}[.][0-9]+")
ENDINGS = (".pem", ".crt", ".cer")
# Where systems keep all anchors in one file.
KNOWN = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
]


class Unlendable(Exception):
    """What cannot be lent, as a misuse, and how many arguments stand before it."""

    def __init__(self, message, hint=None, before=0):
        super().__init__(message)
        self.misuse, self.before = SimpleNamespace(message=message, hint=hint), before


class FileError(Exception):
    """Why a file is not lent. Nothing of what it holds is in it."""


def plain(manifest, pairs):
    """The arguments that need nothing of the host."""
    kinds = kinds_of(manifest)
    return [pair for pair in pairs if kinds.get(pair[0]) not in FILES and not way_of(manifest, *pair)]


def companion(manifest, name):
    """For `NAME-file` and `NAME-env` the secret NAME and `file` or `env`. A plugin's own option is none."""
    secret, dash, way = name.rpartition("-")
    spellings = {option.name for option in manifest.options}
    spellings |= {alias.removeprefix("--") for option in manifest.options for alias in option.aliases}
    is_ours = way in ("file", "env") and name not in spellings and kinds_of(manifest).get(secret) == "secret"
    return (secret, way) if is_ours else None


def way_of(manifest, name, value):
    """The secret that is to be read from somewhere, and where: `file`, `env`, `input`."""
    if value == "-" and kinds_of(manifest).get(name) == "secret":
        return name, "input"
    return companion(manifest, name)


def check(manifest, pairs):
    """What the host itself reads of the arguments, before it connects to anything."""
    kinds = kinds_of(manifest)
    for before, (name, value) in enumerate(pairs):
        if way := way_of(manifest, name, value):
            check_secret(manifest, pairs, way[0], before)
        if kinds.get(name) == "output" and value not in FORMS:
            hint = f"accepted: {', '.join(FORMS)}"
            raise Unlendable(f"--{name}: there is no such form - {value}", hint, before)
        if kinds.get(name) == "source":
            check_source(manifest, pairs, name, value, before)


def check_secret(manifest, pairs, secret, before):
    """Of two none is chosen."""
    meant = [name for name, _ in pairs if name == secret or (companion(manifest, name) or [None])[0] == secret]
    is_repeatable = any(option.repeatable for option in manifest.options if option.name == secret)
    if len(meant) > 1 and not is_repeatable:
        names = ", ".join(f"--{name}" for name in dict.fromkeys(meant))
        raise Unlendable(f"Only one of these can be given - {names}", f"each says what --{secret} is", before)


def check_source(manifest, pairs, name, value, before):
    if address(value) is None:
        hint = "accepted: an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7"
        raise Unlendable(f"--{name} must be an IP address of this machine - {value}", hint, before)
    kinds = kinds_of(manifest)
    paths = [host for other, host in pairs if kinds.get(other) == "host" and host.startswith("/")]
    if paths:
        hint = f"a connection to a Unix socket has no address to come from: leave --{name} out, or name a host"
        raise Unlendable(f"--{name} and a Unix socket contradict each other - {paths[-1]}", hint, before)


def source(manifest, pairs):
    """The local address that the arguments want."""
    kinds = kinds_of(manifest)
    given = [value for name, value in pairs if kinds.get(name) == "source"]
    return address(given[-1]) if given else None


def lend(manifest, pairs, deadline):
    """The arguments with what files hold in the place of their paths, and with anchors that are implied."""
    kinds, lent, total = kinds_of(manifest), [], 0
    implied = implied_anchors(manifest, pairs)
    for before, (name, value) in enumerate([*pairs, *([(implied, None)] if implied else [])]):
        kind = kinds.get(name)
        if value is not None and (way := way_of(manifest, name, value)):
            name, value = way[0], read_secret(name, *way, value, deadline, before)
        elif kind in FILES:
            try:
                value = system_anchors(deadline) if before == len(pairs) else contents(kind, value, deadline)
            except (FileError, OSError) as error:
                raise refused(name, kind, value, error, before) from None
            total += len(value.encode())
            if total > TOTAL:
                raise Unlendable(f"--{name}: the files of one run hold more than {TOTAL} bytes together", None, before)
        lent.append((name, value))
    return lent


def refused(name, kind, value, error, before):
    words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    if value is None:
        hint = f"install the package ca-certificates, or name a file of certificates in PEM: --{name} FILE"
        return Unlendable(f"--{name}: this machine has no trust anchors that can be read: {words}", hint, before)
    if value.startswith("-----BEGIN") or "\n" in value or "\r" in value:
        # What looks like contents is not shown: it may be a private key.
        hint = f"write it to a file and name that: --{name} /path/to/file.pem"
        return Unlendable(f"--{name} takes the path of a file, and not what it holds", hint, before)
    folder = ", or of a folder of such files" if kind == "anchors" else ""
    hint = f"--{name} takes the path of a text file in UTF-8 of at most 1 MiB{folder}"
    return Unlendable(f"--{name}: cannot read '{value}': {words}", hint, before)


def read_secret(name, secret, way, value, deadline, before):
    """Of the first line of a file, or of the environment. No message holds it."""
    hint = f"it can be in a file that only you can read, or in the environment: --{secret}-file FILE, --{secret}-env VARIABLE"
    if way == "input":
        raise Unlendable(f"--{name}=-: there is no standard input to read here", hint, before)
    try:
        found = first_line(value, deadline) if way == "file" else os.environ.get(value)
    except (FileError, OSError) as error:
        words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise Unlendable(f"--{name}: cannot read '{value}': {words}", hint, before) from None
    where = f"'{value}'" if way == "file" else f"the variable '{value}'"
    if found is None:
        raise Unlendable(f"--{name}: no secret in {where}: there is no such variable", hint, before)
    for is_wrong, words in (
        (not found, "its first line is empty"),
        ("\0" in found, "it has a zero byte in it"),
        (len(os.fsencode(found)) > SECRET_LIMIT, f"it is longer than {SECRET_LIMIT} bytes"),
        (any("\ud800" <= c <= "\udfff" for c in found), "it is not UTF-8"),
    ):
        if is_wrong:
            raise Unlendable(f"--{name}: no secret in {where}: {words}", hint, before)
    return found


def first_line(path, deadline):
    with opened(path) as file:
        line = read_all(file, deadline, SECRET_LIMIT, b"\n").partition(b"\n")[0]
    return line.removesuffix(b"\r").decode(errors="surrogateescape")


def implied_anchors(manifest, pairs):
    """The option of the kind anchors that is not given, but implied by one that is."""
    given = {name for name, _ in pairs}
    said = [said for option in manifest.options if option.name in given for said in option.implies]
    for option in manifest.options:
        if option.kind == "anchors" and option.name not in given:
            if any(one.name == option.name and one.value == SYSTEM for one in said):
                return option.name
    return None


def system_anchors(deadline):
    """Those that the environment names, or that lie where systems keep them."""
    named = [os.environ.get("SSL_CERT_FILE", ""), *os.environ.get("SSL_CERT_DIR", "").split(":")]
    if any(named):
        return "".join(contents("anchors", path, deadline) + "\n" for path in named if path)
    found = next((path for path in KNOWN if os.path.exists(path)), None)
    if found is None:
        raise FileError("there is none where systems keep them")
    return contents("anchors", found, deadline)


def contents(kind, path, deadline):
    if kind == "anchors" and os.path.isdir(path):
        found = "".join(text_of(file, deadline) + "\n" for file in files(path))
        if not found:
            raise FileError("it is empty")
        if len(found.encode()) > LIMIT:
            raise FileError(f"it is longer than {LIMIT} bytes")
        return found
    return text_of(path, deadline)


def files(folder):
    """Each file once: those that are named by a hash, as OpenSSL finds them, or else by an ending."""
    names = sorted(os.listdir(folder))
    of = lambda right: sorted({os.path.realpath(os.path.join(folder, name)) for name in names if right(name)})
    found = of(HASHED.fullmatch) or of(lambda name: name.endswith(ENDINGS))
    return [path for path in found if os.path.isfile(path)]


def text_of(path, deadline):
    """What a file holds. A pipe is read until its writer closes it, and nothing is waited for beyond the deadline."""
    with opened(path) as file:
        mode = os.fstat(file.fileno()).st_mode
        data = read_all(file, deadline)
    if not data:
        is_pipe = stat.S_ISFIFO(mode)
        raise FileError("it is a pipe, and nobody wrote anything to it" if is_pipe else "it is empty")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise FileError("it is not UTF-8") from None


def opened(path):
    """A file or a pipe; what is neither is not read."""
    if "\0" in path:
        raise FileError("no name of a file")
    file = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb", buffering=0)
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        file.close()
        raise FileError("it is a directory" if stat.S_ISDIR(mode) else "it is neither a file nor a pipe")
    return file


def read_all(file, deadline, limit=LIMIT, end=None):
    """All of it, or until there is an end in it."""
    data = b""
    while not (end and end in data):
        if len(data) > limit:
            raise FileError(f"it is longer than {limit} bytes")
        piece = file.read(limit + 1 - len(data))
        if piece == b"":
            break
        if piece is not None:
            data += piece
            continue
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([file], [], [], left)[0]:
            raise FileError("it is a pipe that nobody closed in time")
    return data


def address(value):
    inner = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    try:
        return ipaddress.ip_address(inner) if "%" not in inner else None
    except ValueError:
        return None


def kinds_of(manifest):
    return {option.name: option.kind for option in manifest.options}
