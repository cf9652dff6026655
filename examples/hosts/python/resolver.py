"""The contract's `resolver`, which this host does not have: records of the domain name system would have to be
validated."""

from wasmtime.component import Variant

LINE = "0.2"  # of the contract; the one before had no look-ups
CALLS = ("lookup-addresses", "lookup-exchanges", "lookup-associations")
WORDS = "this host looks no records up; sandcheck does"


def link(root):
    with root.add_instance(f"monitoring:plugin/resolver@{LINE}.0") as instance:
        for name in CALLS:
            instance.add_func(name, refuse)


def refuse(*_):
    return Variant("not-supported", WORDS)
