"""The cases: `cases/GROUP.toml`, described in README.md."""

import re
import tomllib
from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    why: str
    guest: str
    arguments: list | dict = field(default_factory=dict)
    steps: list = field(default_factory=list)
    deny: list = field(default_factory=list)
    patch: str = ""
    files: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    server: list = field(default_factory=list)
    needs: list = field(default_factory=list)
    exit: int | list = 0
    line: str | None = None
    output: str | None = None
    begins: str | None = None
    never: list = field(default_factory=list)
    received: str | None = None
    reached: int | None = None
    reached_other: int = 0


def load(folder):
    """All cases, in the order of the files' names and of the files."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        with open(path, "rb") as file:
            entries = tomllib.load(file)["case"]
        for entry in entries:
            entry["name"] = f"{path.stem}/{entry['name']}"
            found.append(Case(**entry))
    names = [case.name for case in found]
    double = {name for name in names if names.count(name) > 1}
    if double:
        raise ValueError(f"the case {min(double)} is there twice")
    return found


def filled(value, values):
    """A text, or all texts of a list or a table, with `{name}` for what it stands for."""
    if isinstance(value, str):
        return re.sub(r"\{([a-z_]+)\}", lambda found: str(values.get(found[1], found[0])), value)
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, values) for name, item in value.items()}
    return value
