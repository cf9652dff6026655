"""What a manifest has to be like before anything is concluded from it."""

import re

import words
from form import FORMS
from plugin import PluginError

COMMAND = re.compile("[A-Za-z0-9_.-]{1,64}")
VERSION = re.compile("[A-Za-z0-9.+-]{1,64}")
NAME = re.compile("(?!-)[a-z0-9-]{1,64}(?<!-)")
ALIAS = re.compile("--?(?!-)[A-Za-z0-9_-]{1,64}")
RESERVED = {"help", "version", "extra-opts", "-h", "-V"}
MOST_OPTIONS = 250


def check(manifest):
    """Fails with what is wrong."""
    expect(len(manifest.options) <= MOST_OPTIONS, f"it has more than {MOST_OPTIONS} options")
    expect(COMMAND.fullmatch(manifest.name), f"'{manifest.name}' is no name of a command")
    expect(VERSION.fullmatch(manifest.version), f"'{manifest.version}' is no version")
    seen = set()
    for option in manifest.options:
        for spelling in spellings(option):
            expect(spelling not in RESERVED, f"the option '{spelling}' belongs to the host")
            expect(spelling not in seen, f"the option '{spelling}' is declared twice")
            seen.add(spelling)
        check_default(option)
    check_references(manifest)


def spellings(option):
    """All of them, long ones without their dashes so that they clash with names."""
    expect(NAME.fullmatch(option.name), f"'{option.name}' is no name of an option")
    found = [option.name]
    if option.short is not None:
        letter = option.short
        expect(letter.isascii() and letter.isalnum(), f"'-{letter}' is no name of an option")
        found.append(f"-{letter}")
    for alias in option.aliases:
        expect(ALIAS.fullmatch(alias), f"'{alias}' is no spelling of an option")
        found.append(alias.removeprefix("--"))
        expect(alias not in RESERVED, f"the option '{alias}' belongs to the host")
    return found


def check_default(option):
    """The host itself reads the values of some kinds."""
    if option.default is None:
        return
    digits = option.default
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0
    seconds, _, state = digits.partition(":")
    right = {
        "timeout": words.whole(seconds) > 0 and (":" not in digits or state.lower() in words.STATES),
        "port": 0 < number < 65536,
        "output": option.default in FORMS,
        # A plugin names no files and no addresses of the machine that it runs on.
        **dict.fromkeys(("flag", "file", "anchors", "source"), False),
    }.get(option.kind, True)
    expect(right, f"'{option.default}' is no default for the option '{option.name}'")


def check_references(manifest):
    names = {option.name for option in manifest.options}
    word = manifest.word
    expect(word is None or word in names, f"a plain word is for the option '{word}', which there is not")
    for said in (said for option in manifest.options for said in option.implies):
        expect(said.name in names, f"the option '{said.name}' is implied, which there is not")
    for kind in ("timeout", "nodename", "output", "source"):
        found = [option for option in manifest.options if option.kind == kind]
        expect(len(found) < 2, f"more than one option is of the kind {kind}")


def expect(holds, otherwise):
    if not holds:
        raise PluginError(f"the manifest is not valid: {otherwise}")
