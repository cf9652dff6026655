"""A component of the world `monitoring:plugin` in an instance of its own, bounded in memory and time."""

import contextlib
import hashlib
import os
import threading

from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker, Variant

import text
from resolver import Resolver, record
from sockets import Sockets

# What a plugin may import. The first six are the world's own; the others are what the standard
# libraries of languages bring along, and lead nowhere here.
IMPORTS = {
    "monitoring:plugin": {"sockets", "resolver", "types"},
    "wasi:clocks": {"monotonic-clock", "wall-clock"},
    "wasi:random": {"random", "insecure", "insecure-seed"},
    "wasi:io": {"error", "poll", "streams"},
    "wasi:cli": {"environment", "exit", "stdin", "stdout", "stderr"}
    | {f"terminal-{name}" for name in ("input", "output", "stdin", "stdout", "stderr")},
}
LINES_OF_THE_CONTRACT = ("0.2", "0.1")
WASI = "0.2"
CHECK = "monitoring:plugin/check"

COMPONENT_LIMIT = 32 << 20  # bytes
MEMORY_LIMIT = 32 << 20  # bytes of each memory
START_LIMIT = 2  # seconds to tell what it is
GRACE = 0.25  # seconds for the report after the time budget
# Of a report.
LINES, METRICS, LABEL, TEXT = 5000, 1000, 128, 256 << 10


class PluginError(Exception):
    """Why there is no report."""


class Late(PluginError):
    """It had to be stopped because its time was over."""


class Plugin:
    """An instance of a plugin, for one check."""

    def __init__(self, path, cache):
        config = Config()
        config.epoch_interruption = True
        self.engine, self.name = Engine(config), path
        # How it is shown that there is no report, where nobody is left to be told.
        self.unreported = lambda output: output
        self.store = Store(self.engine)
        self.store.set_limits(
            memory_size=MEMORY_LIMIT, table_elements=20_000, instances=20, tables=20, memories=4
        )
        # Nothing is granted: no arguments, no environment, no folder, no network, no streams.
        self.store.set_wasi(WasiConfig())
        self.sockets = Sockets()
        component = load(self.engine, path, cache)
        self.check, line = check_fits(path, component.type, self.engine)
        linker = Linker(self.engine)
        linker.add_wasip2()
        with linker.root() as root:
            self.sockets.link(root, line)
            Resolver(self.sockets).link(root)
        with self.bounded(START_LIMIT, "start"):
            self.instance = linker.instantiate(self.store, component)

    def describe(self):
        """The manifest."""
        with self.bounded(START_LIMIT, "start"):
            return self.call("describe")

    def validate(self, pairs):
        """What is wrong with the first value that the plugin does not accept, or none."""
        with self.bounded(START_LIMIT, "start"):
            return payload(self.call("validate", records(pairs)))[1]

    def run(self, pairs, grants, budget, state):
        """A report, or else a misuse. A plugin that asks for what it may not have has neither."""
        self.sockets.allow(grants, budget)
        with self.bounded(budget + GRACE, "time", state):
            report, misuse = payload(self.call("run", records(pairs)))
        if self.sockets.refusal:
            raise PluginError(str(self.sockets.refusal))
        if report:
            check_size(report)
        return report, misuse

    def call(self, name, *parameters):
        index = self.instance.get_export_index(self.store, name, self.check_index())
        return self.instance.get_func(self.store, index)(self.store, *parameters)

    def check_index(self):
        return self.instance.get_export_index(self.store, self.check)

    @contextlib.contextmanager
    def bounded(self, seconds, limit, state="unknown"):
        """Stops a plugin that computes. One that waits for something that is no connection cannot be
        stopped in this process, so the process ends."""
        message = f"the plugin exceeded the limit {limit} = {seconds:g}s"
        late = threading.Event()
        timers = [
            threading.Timer(seconds, lambda: (late.set(), self.engine.increment_epoch())),
            threading.Timer(seconds + 1, self.end_process, [message, state]),
        ]
        self.store.set_epoch_deadline(1)
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            yield
        except WasmtimeError as error:
            if late.is_set():
                raise (Late if limit == "time" else PluginError)(message) from None
            raise PluginError(reason(error)) from None
        finally:
            for timer in timers:
                timer.cancel()

    def end_process(self, message, state):
        output = self.unreported(text.late(state, message))
        text.print_all(output.text)
        os._exit(output.code)


def payload(result):
    """Of a `result`, what it holds if it is right and what it holds if it is wrong."""
    if isinstance(result, Variant):
        return (result.payload, None) if result.tag == "ok" else (None, result.payload)
    return None, result


def records(pairs):
    return [record(name=name, value=value) for name, value in pairs]


def reason(error):
    """What ended a call into the plugin, in a few words."""
    lines = [words.strip() for words in str(error).splitlines() if words.strip()]
    if any("Exited with i32 exit status" in words for words in lines):
        return "the plugin ended itself instead of reporting"
    return f"the plugin crashed: {lines[-1] if lines else error}"


def load(engine, path, cache):
    """The component, compiled; from the cache where that has it."""
    with open(path, "rb") as file:
        data = file.read(COMPONENT_LIMIT + 1)
    if len(data) > COMPONENT_LIMIT:
        raise PluginError(f"{path}: larger than {COMPONENT_LIMIT >> 20} MiB")
    if not cache:
        return compiled(engine, path, data)
    keep_to_oneself(cache)
    kept = os.path.join(cache, f"{hashlib.sha256(data).hexdigest()}.cwasm")
    # Code of another version of wasmtime is none.
    with contextlib.suppress(WasmtimeError):
        return Component.deserialize_file(engine, kept)
    component = compiled(engine, path, data)
    whole = f"{kept}.{os.getpid()}"
    with open(whole, "wb") as file:
        file.write(component.serialize())
    os.replace(whole, kept)
    return component


def compiled(engine, path, data):
    if not data.startswith(b"\0asm"):
        raise PluginError(f"{path}: is no component")
    try:
        return Component(engine, data)
    except WasmtimeError as error:
        raise PluginError(f"{path}: is no component that can be compiled: {error}") from None


def keep_to_oneself(folder):
    """Compiled code is run as it is: whoever may write there may do whatever we may."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.stat(folder)
    if found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PluginError(f"{folder}: others may write to it; chmod go-w {folder}")


def check_fits(path, shape, engine):
    """Fails when the component asks for what no plugin gets; returns the name of its check, and its line."""
    check, line = check_of(path, shape, engine)
    for name in shape.imports(engine):
        package, _, rest = name.partition("/")
        interface, _, version = rest.partition("@")
        if interface not in IMPORTS.get(package, ()):
            raise PluginError(f"{path}: is no plugin: it imports {name}, which no plugin gets")
        wanted = line if package == "monitoring:plugin" else WASI
        if not version.startswith(f"{wanted}."):
            raise PluginError(f"{path}: is no plugin: it imports {name}, where this host has {wanted} for it")
    return check, line


def check_of(path, shape, engine):
    for name in shape.exports(engine):
        for line in LINES_OF_THE_CONTRACT:
            if name.startswith(f"{CHECK}@{line}."):
                return name, line
    lines = " or ".join(LINES_OF_THE_CONTRACT)
    raise PluginError(f"{path}: is no plugin: it does not export {CHECK}@{lines}")


def check_size(report):
    """Nobody reads more than that, and whoever sends it has something else in mind."""
    entries = [*report.transcript, *report.findings, *report.details]
    entries += [report.summary] if report.summary is not None else []
    for limit, most, found in (
        ("lines", LINES, len(entries)),
        ("text", TEXT, max((len(entry.encode()) for entry in entries), default=0)),
        ("metrics", METRICS, len(report.metrics)),
        ("label", LABEL, max((len(metric.name) for metric in report.metrics), default=0)),
    ):
        if found > most:
            raise PluginError(f"the plugin exceeded the limit {limit} = {most}")
