// What a run may connect to: what its own arguments name, and nothing else.

import net from 'node:net';

// Where clouds tell a machine its secrets: refused unless the address itself is named.
const METADATA = [
  '169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '168.63.129.16', '192.0.0.192',
  'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254',
];

/** A connection that may not be made, and why. */
export class Refusal extends Error {
  constructor(endpoint, reason) {
    const shown = endpoint.replace(/[^\p{L}\p{N}:/.\-_[\]%@+=,~]/gu, '?');
    super(`connection to ${shown} refused: ${reason}`);
  }
}

/** The endpoints of one run, and the networks that the operator denies. */
export class Grants {
  constructor(manifest, pairs, deny, source) {
    // The address of this machine that connections are made from, if that matters.
    this.source = source;
    const ports = values(manifest, pairs, 'port').map(portNumber).filter((port) => port !== undefined);
    const hosts = values(manifest, pairs, 'host');
    this.paths = new Set(hosts.filter((host) => host.startsWith('/')));
    this.named = new Set(hosts.flatMap((host) => ports.map((port) => endpoint(host, port))));
    this.deny = deny;
  }

  /** Before a name is looked up: a look-up could carry data out. */
  checkHost(host, port) {
    if (!this.named.has(endpoint(host, port))) {
      throw new Refusal(tcp(host, port), 'the arguments do not name it');
    }
  }

  /** For each address that a host leads to. */
  checkAddress(host, address, port) {
    const found = plain(address);
    if (this.deny.check(found, net.isIPv6(found) ? 'ipv6' : 'ipv4')) {
      throw new Refusal(tcp(host, port), `it leads to ${address}, which is denied`);
    }
    if (METADATA.includes(found) && plain(comparable(host)) !== found) {
      throw new Refusal(tcp(host, port), `it leads to ${address}, where clouds tell a machine its secrets`);
    }
  }

  checkPath(path) {
    if (!this.paths.has(path)) throw new Refusal(`unix:${path}`, 'the arguments do not name it');
  }
}

/** What all options of a kind say. Ports may be implied or a default, hosts have to be given. */
function values(manifest, pairs, kind) {
  const of = (option) => {
    const given = pairs.filter(({ name, value }) => name === option.name && value !== undefined);
    const said = given.map(({ value }) => value);
    if (said.length === 0 && kind === 'port') {
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
  const inner = /^\[.*\]$/s.test(host) ? host.slice(1, -1) : host;
  if (net.isIPv6(inner) && !inner.includes('%')) {
    return new net.SocketAddress({ address: inner, family: 'ipv6' }).address;
  }
  return inner.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
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
