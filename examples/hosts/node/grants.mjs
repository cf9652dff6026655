// What a run may connect to: what its own arguments name, and nothing else.

import net from 'node:net';

// Where clouds tell a machine its secrets: refused unless the address itself is named.
const METADATA = [
  '169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '168.63.129.16', '192.0.0.192',
  'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254',
];

const UNNAMED = 'the arguments do not name it';

/** What may not be done, and why. */
export class Refusal extends Error {
  constructor(endpoint, reason, action = 'connection to') {
    const shown = endpoint.replace(/[^\p{L}\p{N}:/.\-_[\]%@+=,~]/gu, '?');
    super(`${action} ${shown} refused: ${reason}`);
  }
}

/** The endpoints of one run, and the networks that the operator denies. What this host itself looks up for what the
 * arguments name belongs to it. */
export class Grants {
  constructor(manifest, pairs, deny, source) {
    // The address of this machine that connections are made from, if that matters.
    this.source = source;
    this.ports = portNumbers(manifest, pairs);
    const hosts = values(manifest, pairs, 'host');
    this.paths = new Set(hosts.filter((host) => host.startsWith('/')));
    this.named = new Set(hosts.flatMap((host) => this.ports.map((port) => endpoint(host, port))));
    // Whose mail exchangers may be looked up.
    this.domains = new Set(values(manifest, pairs, 'domain').map(wholeName));
    // The hosts that addresses were found for, which are not named themselves.
    this.found = new Map();
    this.deny = deny;
  }

  /** Before a name is looked up: a look-up could carry data out. */
  checkHost(host, port) {
    if (!this.named.has(endpoint(this.origin(host, port), port))) throw new Refusal(tcp(host, port), UNNAMED);
  }

  /** For each address that a host leads to. */
  checkAddress(asked, address, port) {
    const host = this.origin(asked, port);
    const found = plain(address);
    if (this.deny.check(found, net.isIPv6(found) ? 'ipv6' : 'ipv4')) {
      throw new Refusal(tcp(host, port), `it leads to ${address}, which is denied`);
    }
    if (METADATA.includes(found) && plain(comparable(host)) !== found) {
      throw new Refusal(tcp(host, port), `it leads to ${address}, where clouds tell a machine its secrets`);
    }
  }

  /** Before the addresses of a host are looked up: it has to have a port that may be connected to. */
  checkLookUp(host) {
    const [port] = this.portsOf(host);
    if (port === undefined) throw new Refusal(host, UNNAMED, 'look-up of addresses of');
    if (net.isIP(host)) this.checkAddress(host, host, port);
  }

  /** Before the mail exchangers of a domain are looked up. */
  checkExchanges(domain) {
    if (!this.domains.has(wholeName(domain))) throw new Refusal(domain, UNNAMED, 'look-up of MX records of');
  }

  /** They may be connected to as the host may be, but they are not the host's name: what is denied by what a name
   * leads to stays so. */
  addAddresses(host, addresses) {
    for (const port of this.portsOf(host)) {
      for (const key of addresses.map((address) => endpoint(address, port))) {
        if (!this.found.has(key)) this.found.set(key, host);
      }
    }
  }

  /** These take mail for a domain that is named, so they count as named. What only looks like a name does not: an
   * answer is not to name an address. */
  addExchanges(hosts) {
    for (const host of hosts.filter((host) => !net.isIP(host))) {
      for (const port of this.ports) this.named.add(endpoint(host, port));
    }
  }

  portsOf(host) {
    return this.ports.filter((port) => this.named.has(endpoint(host, port)));
  }

  /** The host that an address was found for, if it is not named itself. */
  origin(host, port) {
    const key = endpoint(host, port);
    return this.named.has(key) ? host : (this.found.get(key) ?? host);
  }

  checkPath(path) {
    if (!this.paths.has(path)) throw new Refusal(`unix:${path}`, UNNAMED);
  }
}

/** What is checked, for those who read metrics: `mx.example.org:25`, `[::1]:25`, `/run/lmtp`. */
export function target(manifest, pairs) {
  const ports = portNumbers(manifest, pairs);
  const shown = (host) => {
    const inner = withoutBrackets(host);
    const bare = inner.includes(':') ? `[${inner}]` : inner;
    return host.startsWith('/') ? [host] : ports.map((port) => `${bare}:${port}`);
  };
  return values(manifest, pairs, 'host', true).flatMap(shown).join(',');
}

/** Ports may be implied or a default; hosts and domains that a run may connect to have to be given. */
function portNumbers(manifest, pairs) {
  return values(manifest, pairs, 'port', true).map(portNumber).filter((port) => port !== undefined);
}

/** What all options of a kind say. */
function values(manifest, pairs, kind, orDefault = false) {
  const of = (option) => {
    const given = pairs.filter(({ name, value }) => name === option.name && value !== undefined);
    const said = given.map(({ value }) => value);
    if (said.length === 0 && orDefault) {
      said.push(implied(manifest, pairs, option.name) ?? option.default);
    }
    return option.repeatable ? said : said.slice(-1);
  };
  const options = manifest.options.filter((option) => option.kind === kind);
  return options.flatMap(of).filter((value) => value !== undefined);
}

/** What the options that were given say about one that was not. */
function implied(manifest, pairs, name) {
  const given = manifest.options.filter((option) => pairs.some((pair) => pair.name === option.name));
  const said = given.flatMap((option) => option.implies);
  return said.find((argument) => argument.name === name && argument.value !== undefined)?.value;
}

function portNumber(text) {
  const digits = text.trimStart().replace(/^\+/, '');
  const number = /^[0-9]{1,19}$/.test(digits) ? Number(digits) : 0;
  return number > 0 && number < 65536 ? number : undefined;
}

function endpoint(host, port) {
  return `${comparable(host)} ${port}`;
}

/** An address in its one form, so that it may be written in several ways; a name without its case. */
function comparable(host) {
  const inner = withoutBrackets(host);
  if (net.isIPv6(inner) && !inner.includes('%')) {
    return new net.SocketAddress({ address: inner, family: 'ipv6' }).address;
  }
  return inner.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function withoutBrackets(host) {
  return /^\[.*\]$/s.test(host) ? host.slice(1, -1) : host;
}

/** The dot at its end only says that it is whole. */
function wholeName(domain) {
  return domain.replace(/\.$/, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The IPv4 address that an IPv6 address stands for (mapped, or behind a translator). */
function plain(address) {
  const form = comparable(address.split('%')[0]);
  const mapped = /^::ffff:([0-9.]+)$/.exec(form);
  if (mapped) return mapped[1];
  const translated = /^64:ff9b::(?:([0-9a-f]+):)?([0-9a-f]*)$/.exec(form);
  if (!translated) return form;
  const [high, low] = [translated[1], translated[2]].map((part) => parseInt(part || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function tcp(host, port) {
  return host.includes(':') ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`;
}
