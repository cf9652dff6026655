"""What a run may connect to: what its own arguments name, and nothing else."""

import ipaddress

# Where clouds tell a machine its secrets: refused unless the address itself is named.
METADATA = [
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254 169.254.170.2 169.254.170.23 100.100.100.200 168.63.129.16 192.0.0.192 "
        "fd00:ec2::254 fd00:ec2::23 fd20:ce::254"
    ).split()
]


class Refusal(Exception):
    """What may not be done, and why."""

    def __init__(self, endpoint, reason, action="connection to"):
        shown = "".join(c if c.isalnum() or c in ":/.-_[]%@+=,~" else "?" for c in endpoint)
        super().__init__(f"{action} {shown} refused: {reason}")


UNNAMED = "the arguments do not name it"


class Grants:
    """The endpoints of one run, and the networks that the operator denies. What this host itself looks up for
    what the arguments name belongs to it."""

    def __init__(self, manifest, arguments, deny, source=None):
        # The address of this machine that connections are made from, if that matters.
        self.source = source
        self.ports = port_numbers(manifest, arguments)
        hosts = values(manifest, arguments, "host")
        self.paths = {host for host in hosts if host.startswith("/")}
        self.named = {(comparable(host), port) for host in hosts for port in self.ports}
        # Whose mail exchangers may be looked up.
        self.domains = {whole_name(domain) for domain in values(manifest, arguments, "domain")}
        # The hosts that addresses were found for, which are not named themselves.
        self.found = {}
        self.deny = deny

    def check_host(self, host, port):
        """Before a name is looked up: a look-up could carry data out."""
        if (comparable(self.origin(host, port)), port) not in self.named:
            raise Refusal(tcp(host, port), UNNAMED)

    def check_address(self, host, address, port):
        """For each address that a host leads to."""
        host = self.origin(host, port)
        found = plain(ipaddress.ip_address(address.split("%")[0]))
        if any(found in network for network in self.deny):
            raise Refusal(tcp(host, port), f"it leads to {address}, which is denied")
        named = comparable(host)
        is_literal = not isinstance(named, str) and plain(named) == found
        if found in METADATA and not is_literal:
            raise Refusal(tcp(host, port), f"it leads to {address}, where clouds tell a machine its secrets")

    def check_look_up(self, host):
        """Before the addresses of a host are looked up: it has to have a port that may be connected to."""
        ports = self.ports_of(host)
        if not ports:
            raise Refusal(host, UNNAMED, action="look-up of addresses of")
        if not isinstance(comparable(host), str):
            self.check_address(host, host, ports[0])

    def check_exchanges(self, domain):
        """Before the mail exchangers of a domain are looked up."""
        if whole_name(domain) not in self.domains:
            raise Refusal(domain, UNNAMED, action="look-up of MX records of")

    def add_addresses(self, host, addresses):
        """They may be connected to as the host may be, but they are not the host's name: what is denied by what
        a name leads to stays so."""
        for port in self.ports_of(host):
            for address in addresses:
                self.found.setdefault((comparable(address), port), host)

    def add_exchanges(self, hosts):
        """These take mail for a domain that is named, so they count as named. What only looks like a name does
        not: an answer is not to name an address."""
        names = [host for host in hosts if isinstance(comparable(host), str)]
        self.named |= {(comparable(name), port) for name in names for port in self.ports}

    def ports_of(self, host):
        return [port for port in self.ports if (comparable(host), port) in self.named]

    def origin(self, host, port):
        """The host that an address was found for, if it is not named itself."""
        endpoint = comparable(host), port
        return host if endpoint in self.named else self.found.get(endpoint, host)

    def check_path(self, path):
        if path not in self.paths:
            raise Refusal(f"unix:{path}", UNNAMED)


def target(manifest, arguments):
    """What is checked, for those who read metrics: `mx.example.org:25`, `[::1]:25`, `/run/lmtp`."""
    ports, shown = port_numbers(manifest, arguments), []
    for host in values(manifest, arguments, "host", or_default=True):
        inner = without_brackets(host)
        bare = f"[{inner}]" if ":" in inner else inner
        shown += [host] if host.startswith("/") else [f"{bare}:{port}" for port in ports]
    return ",".join(shown)


def port_numbers(manifest, arguments):
    """Ports may be implied or a default; hosts and domains that a run may connect to have to be given."""
    numbers = map(port_number, values(manifest, arguments, "port", or_default=True))
    return [number for number in numbers if number]


def values(manifest, arguments, kind, or_default=False):
    """What all options of a kind say."""
    found = []
    for option in manifest.options:
        if option.kind != kind:
            continue
        given = [value for name, value in arguments if name == option.name and value is not None]
        if not given and or_default:
            given = [implied(manifest, arguments, option.name) or option.default]
        found += given if option.repeatable else given[-1:]
    return [value for value in found if value is not None]


def implied(manifest, arguments, name):
    """What the options that were given say about one that was not."""
    given = {name for name, _ in arguments}
    said = (said for option in manifest.options if option.name in given for said in option.implies)
    return next((said.value for said in said if said.name == name and said.value is not None), None)


def port_number(text):
    text = text.lstrip()
    digits = text[1:] if text.startswith("+") else text
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0
    return number if 0 < number < 65536 else None


def comparable(host):
    """An address as such, so that it may be written in several ways; a name without its case."""
    inner = without_brackets(host)
    try:
        return ipaddress.ip_address(inner)
    except ValueError:
        return inner.lower()


def without_brackets(host):
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def whole_name(domain):
    """The dot at its end only says that it is whole."""
    return domain.removesuffix(".").lower()


def plain(address):
    """The IPv4 address that an IPv6 address stands for (mapped, or behind a translator)."""
    if address.version == 4:
        return address
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def tcp(host, port):
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
