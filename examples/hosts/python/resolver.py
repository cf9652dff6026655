"""The contract's `resolver` for one run: addresses as the machine's name service knows them, MX records from its
name servers. This host validates no signatures, so no answer is `secure`, and there are no TLSA records: whoever
goes by those has to know that nobody has forged them."""

import ipaddress
import re

from wasmtime.component import Record, Variant

from sockets import FAMILIES, Failure, answer, left

LINE = "0.2"  # of the contract; the one before had no look-ups
LOOK_UPS = 64  # that a run may ask for
RECORDS = 100  # that are passed on: nobody has more mail exchangers
NAME_LIMIT = 253  # bytes (RFC 1035 section 2.3.4)
LABEL = re.compile("(?!-)[A-Za-z0-9_-]{1,63}")
UNVALIDATED = "TLSA records need DNSSEC validation, which this host does not do; sandcheck does"


class Resolver:
    """Goes by the grants and the time of these sockets, and adds what it finds to the grants."""

    def __init__(self, sockets):
        self.sockets, self.asked = sockets, 0

    def link(self, root):
        with root.add_instance(f"monitoring:plugin/resolver@{LINE}.0") as instance:
            instance.add_func("lookup-addresses", answer(self.lookup_addresses, failed))
            instance.add_func("lookup-exchanges", answer(self.lookup_exchanges, failed))
            instance.add_func("lookup-associations", answer(self.lookup_associations, failed))

    def lookup_addresses(self, _, host, family, timeout):
        deadline = self.deadline(timeout)
        self.sockets.granted(lambda: self.grants.check_look_up(host))
        found = [ipaddress.ip_address(address) for address in self.addresses(host, family, deadline)]
        source = self.grants.source
        # Nothing is connected to from an address of the other family.
        meant = [str(address) for address in found if source is None or source.version == address.version]
        meant = list(dict.fromkeys(meant))
        self.grants.add_addresses(host, meant)
        return meant

    def lookup_exchanges(self, _, domain, timeout):
        deadline = self.deadline(timeout)
        self.sockets.granted(lambda: self.grants.check_exchanges(domain))
        if not is_name(domain.removesuffix(".")):
            raise Failure("other", f"'{domain}' is no name of the domain name system")
        found = exchanges_of(domain, deadline)
        # RFC 5321 section 5.1: without a record mail goes to the host of the domain's own name.
        # RFC 7505: where the record names the root, it goes nowhere.
        hosts = [host for _, host in found if host != "."] if found else [domain.removesuffix(".")]
        self.grants.add_exchanges(hosts)
        records = [record(preference=preference, host=host) for preference, host in found]
        return record(hosts=records, secure=False)

    def lookup_associations(self, _, host, port, timeout):
        self.deadline(timeout)
        self.sockets.granted(lambda: self.grants.check_host(host, port))
        raise Failure("not-supported", UNVALIDATED)

    def addresses(self, host, family, deadline):
        """None where there is no such name."""
        try:
            found = self.sockets.look_up(host, deadline)
        except Failure as failure:
            if failure.variant.tag == "name-not-found":
                return []
            raise in_its_words(failure) from None
        return [address[0].split("%")[0] for kind, address in found if FAMILIES[family] in (None, kind)]

    @property
    def grants(self):
        return self.sockets.grants

    def deadline(self, timeout):
        self.asked += 1
        if self.asked > LOOK_UPS:
            raise Failure("other", f"more than {LOOK_UPS} look-ups")
        return self.sockets.within(timeout)


def failed(error):
    return Variant("other", str(error))


def in_its_words(failure):
    """The resolver has fewer cases than the sockets."""
    variant = failure.variant
    return failure if variant.tag == "timed-out" else Failure("other", variant.payload)


def exchanges_of(domain, deadline):
    """Preferences and hosts, the lowest first. None where there is no such record or no such domain."""
    import dns.resolver  # takes long, and few checks need it

    try:
        resolver = dns.resolver.Resolver()
        found = resolver.resolve(f"{domain.removesuffix('.')}.", "MX", lifetime=left(deadline), search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.Timeout:
        raise Failure("timed-out") from None
    except dns.exception.DNSException as error:
        raise Failure("other", str(error)) from None
    records = [(mx.preference, mx.exchange.to_text(omit_final_dot=True)) for mx in found][:RECORDS]
    if not all(host == "." or is_name(host) for _, host in records):
        raise Failure("other", "a mail exchanger in the answer has a name that no host has")
    return sorted(records, key=lambda record: record[0])


def is_name(name):
    """Labels of letters, digits, dashes and underscores, which is all that hosts have."""
    return len(name) <= NAME_LIMIT and all(LABEL.fullmatch(label) for label in name.split("."))


def record(**fields):
    made = Record()
    vars(made).update(fields)
    return made
