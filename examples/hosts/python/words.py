"""Arguments of a check: pairs of an option's long name and its value, none for a flag.

They come as pairs already, or as the words of a command line, read by the plugin's manifest in the
manner of `getopt_long`.
"""

import os
from types import SimpleNamespace

import lend

DEFAULT_BUDGET = 10  # seconds
LONGEST_BUDGET = 600  # seconds
NAMES = ["ok", "warning", "critical", "unknown"]
STATES = {name: name for name in NAMES} | {str(number): name for number, name in enumerate(NAMES)}
OWN = [
    SimpleNamespace(name=name, short=short, aliases=[], kind="flag", exact=False)
    for name, short in (("help", "h"), ("version", "V"))
]


class Stop(Exception):
    """Why reading stopped: `help`, `version`, or `wrong` with what is wrong, without any value."""

    def __init__(self, kind, message=""):
        super().__init__(message)
        self.kind, self.message = kind, message


def arguments(manifest, given):
    """The pairs, with hosts in ASCII, and why reading stopped if it did."""
    pairs, stop = by_name(manifest, given) if isinstance(given, dict) else by_words(manifest, given)
    hosts = {option.name for option in manifest.options if option.kind == "host"}
    return [(name, in_ascii(value) if name in hosts else value) for name, value in pairs], stop


def in_ascii(host):
    """A name in its A-labels; what is in ASCII, a path or no name, as it is."""
    if host.isascii() or host.startswith("/"):
        return host
    import idna  # takes long, and few checks need it

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


def by_words(manifest, given):
    """`["-H", "mx", "-S"]`"""
    reader = Reader(manifest, given)
    try:
        reader.read()
    except Stop as stop:
        return reader.pairs, stop
    return reader.pairs, None


def by_name(manifest, given):
    """`{"hostname": "mx", "starttls": true, "command": ["NOOP", "RSET"]}`"""
    pairs = []
    options = {option.name: option for option in manifest.options}
    for name, found in given.items():
        if name not in options and lend.companion(manifest, name) and isinstance(found, str):
            pairs.append((name, found))
            continue
        if name not in options:
            return pairs, Stop("wrong", f"unrecognized option '--{name}'")
        for value in found if isinstance(found, list) else [found]:
            if value is None or value is False:
                continue
            is_flag = options[name].kind == "flag"
            if is_flag and value is not True:
                return pairs, Stop("wrong", f"option '--{name}' doesn't allow an argument")
            if not is_flag and (value is True or not isinstance(value, (str, int, float))):
                return pairs, Stop("wrong", f"option '--{name}' requires an argument")
            pairs.append((name, None if is_flag else str(value)))
    return pairs, None


class Reader:
    """Words into pairs."""

    def __init__(self, manifest, words):
        self.manifest, self.words, self.pairs, self.plain = manifest, iter(words), [], None

    def read(self):
        ended = False
        for word in self.words:
            if ended or not word.startswith("-") or word == "-":
                self.plain = word if self.plain is None else self.plain
            elif word == "--":
                ended = True
            elif option := self.alias(word):
                self.take(option, None, word)
            elif word.startswith("--"):
                self.long(word)
            else:
                self.cluster(word[1:])
        self.place_plain_word()

    def alias(self, word):
        """The option that has this very word as a further spelling."""
        return next((option for option in self.manifest.options if word in option.aliases), None)

    def long(self, word):
        name, equals, value = word.partition("=")
        option = self.alias(name) or self.find_long(name[2:])
        if equals and option.kind == "flag":
            raise Stop("wrong", f"option '--{option.name}' doesn't allow an argument")
        self.take(option, value if equals else None, f"--{option.name}")

    def find_long(self, name):
        """The option of that name, or the only one whose name begins so."""
        known = [*self.manifest.options, *OWN]
        if exact := next((option for option in known if option.name == name), None):
            return exact
        if lend.companion(self.manifest, name):
            return SimpleNamespace(name=name, kind="text")
        found = [option for option in known if option.name.startswith(name) and not option.exact]
        if len(found) == 1:
            return found[0]
        if not found:
            raise Stop("wrong", f"unrecognized option '--{name}'")
        names = " ".join(f"'--{option.name}'" for option in found)
        raise Stop("wrong", f"option '--{name}' is ambiguous; possibilities: {names}")

    def cluster(self, letters):
        """`-4qp25`: flags, and at most one option with a value, which is the rest or the next word."""
        for at, letter in enumerate(letters):
            known = [*self.manifest.options, *OWN]
            option = next((option for option in known if option.short == letter), None)
            if not option:
                raise Stop("wrong", f"invalid option -- '{letter}'")
            rest = letters[at + 1 :]
            if option.kind != "flag" and rest:
                return self.take(option, rest, letter)
            self.take(option, None, letter)

    def take(self, option, value, shown):
        """Notes an option; its value is the next word when it is not attached."""
        if option in OWN:
            raise Stop(option.name)
        if option.kind != "flag" and value is None:
            value = next(self.words, None)
            if value is None:
                raise Stop("wrong", missing_value(shown))
        self.pairs.append((option.name, value))

    def place_plain_word(self):
        name = self.manifest.word
        if self.plain is not None and name is not None and name not in dict(self.pairs):
            self.pairs.append((name, self.plain))


def missing_value(shown):
    """In the words of getopt(3)."""
    if shown.startswith("--"):
        return f"option '{shown}' requires an argument"
    return f"option requires an argument -- '{shown.lstrip('-')}'"


def missing(manifest, pairs):
    """The first option that is needed and not there, as a misuse."""
    given = {(lend.companion(manifest, name) or [name])[0] for name, _ in pairs}
    for option in manifest.options:
        if option.required and option.name not in given:
            return SimpleNamespace(message=f"Option missing - --{option.name}", hint=option.help)
    return None


def with_node_name(manifest, pairs):
    """The name of this machine, where the plugin asks for it and nobody gave it."""
    given = dict(pairs)
    names = [option.name for option in manifest.options if option.kind == "nodename"]
    return pairs + [(name, os.uname().nodename) for name in names if name not in given]


def budget(manifest, pairs):
    """The seconds that the option of the kind timeout says, or its default, and the state of a run that takes
    longer: `N`, `N:STATE`, `:STATE`."""
    option = next((option for option in manifest.options if option.kind == "timeout"), None)
    if not option:
        return DEFAULT_BUDGET, "unknown"
    default, _, default_state = (option.default or "").partition(":")
    text, colon, state = (dict(pairs).get(option.name, option.default) or "").partition(":")
    seconds = whole(text if text.strip() else default)
    state = STATES.get((state if colon else default_state).lower(), "unknown")
    return min(seconds, LONGEST_BUDGET) if seconds else DEFAULT_BUDGET, state


def whole(text):
    digits = text.lstrip().removeprefix("+")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0
