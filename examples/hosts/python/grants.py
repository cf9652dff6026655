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
    """A connection that may not be made, and why."""

    def __init__(self, endpoint, reason):
        shown = "".join(c if c.isalnum() or c in ":/.-_[]%@+=,~" else "?" for c in endpoint)
        super().__init__(f"connection to {shown} refused: {reason}")


class Grants:
    """The endpoints of one run, and the networks that the operator denies."""

    def __init__(self, manifest, arguments, deny, source=None):
        # The address of this machine that connections are made from, if that matters.
        self.source = source
        ports = {port_number(value) for value in values(manifest, arguments, "port")} - {None}
        hosts = values(manifest, arguments, "host")
        self.paths = {host for host in hosts if host.startswith("/")}
        self.named = {(comparable(host), port) for host in hosts for port in ports}
        self.deny = deny

    def check_host(self, host, port):
        """Before a name is looked up: a look-up could carry data out."""
        if (comparable(host), port) not in self.named:
            raise Refusal(tcp(host, port), "the arguments do not name it")

    def check_address(self, host, address, port):
        """For each address that a host leads to."""
        found = plain(ipaddress.ip_address(address.split("%")[0]))
        if any(found in network for network in self.deny):
            raise Refusal(tcp(host, port), f"it leads to {address}, which is denied")
        named = comparable(host)
        is_literal = not isinstance(named, str) and plain(named) == found
        if found in METADATA and not is_literal:
            raise Refusal(tcp(host, port), f"it leads to {address}, where clouds tell a machine its secrets")

    def check_path(self, path):
        if path not in self.paths:
            raise Refusal(f"unix:{path}", "the arguments do not name it")


def values(manifest, arguments, kind):
    """What all options of a kind say. Ports may be implied or a default, hosts have to be given."""
    found = []
    for option in manifest.options:
        if option.kind != kind:
            continue
        given = [value for name, value in arguments if name == option.name and value is not None]
        if not given and kind == "port":
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
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return ipaddress.ip_address(inner)
    except ValueError:
        return inner.lower()


def plain(address):
    """The IPv4 address that an IPv6 address stands for (mapped, or behind a translator)."""
    if address.version == 4:
        return address
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def tcp(host, port):
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
