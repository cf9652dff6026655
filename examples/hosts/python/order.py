"""What is to be run: a JSON object, as in the batches of `sandcheck`.

    plugin     the component's file
    arguments  the plugin's words, ["-H", "mx", "-S"], or its options by their long names,
               {"hostname": "mx", "starttls": true, "command": ["NOOP", "RSET"]}
    deny       networks that must not be connected to whatever is named, ["10.0.0.0/8"]
    id         anything; it is not looked at
"""

import ipaddress
import json
from dataclasses import dataclass, field

FIELDS = {"plugin", "arguments", "deny", "id"}
LIMIT = 1 << 20  # bytes


class OrderError(Exception):
    """Why this is no order, for people."""


@dataclass
class Order:
    plugin: str
    arguments: list | dict = field(default_factory=list)
    deny: list = field(default_factory=list)


def read(stream):
    """An order from a stream of bytes."""
    data = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise OrderError(f"the order is longer than {LIMIT} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise OrderError("the order is no UTF-8") from None


def parse(text):
    """The order, once it is known to make sense by itself."""
    try:
        found = json.loads(text, parse_constant=refuse_constant)
        text.encode()
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise OrderError("the order has half a character (a lone surrogate) in it") from None
    except (ValueError, RecursionError) as error:
        raise OrderError(f"the order is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise OrderError('the order is no object such as {"plugin": "check.wasm", "arguments": []}')
    if unknown := sorted(set(found) - FIELDS):
        raise OrderError(f"the order has a field '{unknown[0]}'; there are plugin, arguments, deny, id")
    if not isinstance(found.get("plugin"), str) or "\0" in found["plugin"]:
        raise OrderError("plugin has to be the name of the component's file")
    arguments = found.get("arguments", [])
    if not isinstance(arguments, (list, dict)) or isinstance(arguments, list) and not strings(arguments):
        raise OrderError("arguments have to be a list of words, or an object of options and values")
    return Order(found["plugin"], arguments, networks(found.get("deny", [])))


def strings(values):
    return all(isinstance(value, str) for value in values)


def networks(values):
    if not isinstance(values, list) or not strings(values):
        raise OrderError('deny has to be a list of networks such as ["10.0.0.0/8", "::1"]')
    try:
        return [ipaddress.ip_network(value, strict=False) for value in values]
    except ValueError as error:
        raise OrderError(f"deny: {error}") from None


def refuse_constant(name):
    raise ValueError(f"{name} is no number")
