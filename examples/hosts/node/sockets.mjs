// The contract's `sockets` for one run: granted, and over when the time budget is.

import dns from 'node:dns/promises';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';

import { Refusal } from './grants.mjs';

export const FAMILIES = { any: [4, 6], ipv4: [4], ipv6: [6] };
const PATH_LIMIT = 107; // bytes of a Unix socket's path (unix(7))
const READ_LIMIT = 64 * 1024; // bytes of one call
const CONNECTS = 32; // connections that a run may ask for
const CASES = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'name-not-found',
  EAI_AGAIN: 'name-not-found',
};
// In the system's words, which are not those of Node.
const WORDS = {
  EACCES: 'Permission denied',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAGAIN: 'Resource temporarily unavailable',
  EAI_AGAIN: 'Temporary failure in name resolution',
  EHOSTUNREACH: 'No route to host',
  EINVAL: 'Invalid argument',
  ENETUNREACH: 'Network is unreachable',
  ENOENT: 'No such file or directory',
  ENOTFOUND: 'Name or service not known',
  ENOTSOCK: 'Socket operation on non-socket',
  EPERM: 'Operation not permitted',
  ETIMEDOUT: 'Connection timed out',
};

/** A case of the contract's `error`; it goes to the plugin as it is. */
export const failure = (tag, val) => ({ tag, val });
const TIMED_OUT = failure('timed-out');

/** What an error of the system means to a plugin, without the address. */
export function failed(error) {
  if (error.tag) return error;
  const tag = CASES[error.code] ?? 'other';
  if (tag === 'refused' || tag === 'reset') return failure(tag);
  return failure(tag, WORDS[error.code] ?? getSystemErrorMap().get(error.errno)?.[1] ?? String(error.message));
}

/** The connections of one run. Without grants nothing can be connected to. */
export class Sockets {
  constructor() {
    Object.assign(this, { grants: undefined, end: 0, refusal: undefined, open: new Map(), last: 0 });
    this.lookedUp = new Map(); // what came of names whose addresses the plugin asked for
  }

  allow(grants, budget) {
    Object.assign(this, { grants, end: performance.now() + budget * 1000 });
  }

  /** The answer to a call of the plugin, which is never an exception. */
  async answer(name, parameters) {
    const { connectTcp, connectUnix, read, write } = this;
    try {
      return { ok: await { connectTcp, connectUnix, read, write }[name].apply(this, parameters) };
    } catch (error) {
      return { err: failed(error) };
    }
  }

  async connectTcp(host, port, family, timeout) {
    const deadline = this.deadline(timeout);
    this.granted(() => this.grants.checkHost(host, port));
    // Those that the plugin asked for before in this run stay what they are, also where there are none.
    const addresses = await (this.lookedUp.get(host) ?? lookUp(host, deadline));
    const found = addresses.filter((address) => FAMILIES[family].includes(net.isIP(bare(address))));
    if (found.length === 0) throw failure('name-not-found', 'no address of that family');
    const reachable = this.reachable(found);
    const { source } = this.grants;
    return this.keep(await connectFirst(this.allowed(host, port, reachable), port, source, deadline));
  }

  /** What comes of it holds for connections to that name, if it came in time. */
  async lookUp(host, deadline) {
    const coming = lookUp(host, deadline);
    this.lookedUp.set(host, coming);
    try {
      return await coming;
    } catch (error) {
      if (error === TIMED_OUT) this.lookedUp.delete(host);
      throw error;
    }
  }

  async connectUnix(path, timeout) {
    const deadline = this.deadline(timeout);
    this.granted(() => this.grants.checkPath(path));
    const length = Buffer.byteLength(path);
    if (length > PATH_LIMIT) {
      const text = `path of a Unix socket too long, ${length} bytes of at most ${PATH_LIMIT}`;
      throw failure('invalid-address', text);
    }
    if (path.includes('\0')) throw failure('invalid-address', 'path of a Unix socket with a zero byte');
    return this.keep(await connect({ path }, deadline));
  }

  read(number, most) {
    return this.open.get(number).read(Math.min(Math.max(most, 1), READ_LIMIT));
  }

  write(number, bytes) {
    return this.open.get(number).write(bytes);
  }

  drop(number) {
    this.open.get(number).close();
    this.open.delete(number);
  }

  /** A run asks for so many connections and no more. */
  deadline(timeout) {
    this.last += 1;
    if (this.last > CONNECTS) throw failure('other', `more than ${CONNECTS} connections`);
    return this.within(timeout);
  }

  /** A deadline, never later than the whole run's. */
  within(timeout) {
    return Math.min(performance.now() + Number(timeout) / 1e6, this.end);
  }

  /** Tells the plugin, and remembers it: what such a plugin reports is not shown. */
  granted(check) {
    try {
      if (!this.grants) throw new Refusal('any endpoint', 'the check has not begun');
      return check();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusal ??= error;
      throw failure('access-denied', error.message);
    }
  }

  /** Those addresses that may be connected to. None at all is a refusal. */
  allowed(host, port, found) {
    const isAllowed = (address) => {
      try {
        this.grants.checkAddress(host, address, port);
        return true;
      } catch {
        return false;
      }
    };
    const allowed = found.filter(isAllowed);
    if (allowed.length === 0) this.granted(() => this.grants.checkAddress(host, found.at(-1), port));
    return allowed;
  }

  /** Those that can be connected to from the address that is wanted. */
  reachable(found) {
    const { source } = this.grants;
    if (source === undefined) return found;
    const reachable = found.filter((address) => net.isIP(bare(address)) === net.isIP(source));
    if (reachable.length > 0) return reachable;
    throw failure('unreachable', `No IPv${net.isIP(source)} address to connect to from ${source}`);
  }

  keep(connection) {
    this.open.set(this.last, connection);
    return this.last;
  }
}

/** What comes of a promise until the deadline. What is late is late, even if it is there. */
export async function by(deadline, promise) {
  const left = deadline - performance.now();
  promise.catch(() => {}); // it may fail when nobody waits for it any more
  if (left <= 0) throw TIMED_OUT;
  const timer = new AbortController();
  const late = sleep(left, undefined, { signal: timer.signal }).then(() => Promise.reject(TIMED_OUT));
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** An address without the interface that it needs. */
export function bare(address) {
  return address.split('%')[0];
}

/** The addresses of a host, in the resolver's order. */
async function lookUp(host, deadline) {
  if (net.isIP(host)) return [host];
  if (host === '' || host.includes('\0')) throw failure('name-not-found', WORDS.ENOTFOUND);
  const found = await by(deadline, dns.lookup(host, { all: true, verbatim: true }));
  return found.map(({ address }) => address);
}

/** The first that accepts; the last failure is the one that counts. */
async function connectFirst(addresses, port, source, deadline) {
  let last;
  for (const host of addresses) {
    try {
      return await connect({ host, port, localAddress: source, autoSelectFamily: false, noDelay: true }, deadline);
    } catch (error) {
      last = error;
      if (error === TIMED_OUT) break;
    }
  }
  throw last;
}

async function connect(options, deadline) {
  const connection = new Connection(options, deadline);
  try {
    await by(deadline, connection.connected);
    return connection;
  } catch (error) {
    // Before a connection stands the answer is "refused"; so it stood, and was reset.
    if (error.code === 'ECONNRESET' && options.host) return connection;
    connection.close();
    throw error;
  }
}

/** An open connection. It reads only when it is asked to, so that what arrives stays in its order: first
 * the bytes, then the end or the error. */
class Connection {
  constructor(options, deadline) {
    Object.assign(this, { deadline, arrived: [], ended: false, error: undefined, wake: () => {} });
    const arrive = (length, buffer) => {
      this.arrived.push(Buffer.from(buffer.subarray(0, length)));
      this.wake();
      return false; // no more until resume()
    };
    const onread = { buffer: Buffer.alloc(READ_LIMIT), callback: arrive };
    this.socket = net.connect({ ...options, allowHalfOpen: true, onread });
    this.connected = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve).once('error', reject);
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.wake();
    });
    this.socket.on('error', (error) => {
      this.error = error;
      this.wake();
    });
  }

  async read(most) {
    if (this.deadline <= performance.now()) throw TIMED_OUT;
    if (this.arrived.length === 0 && !this.ended && !this.error) {
      const news = new Promise((resolve) => (this.wake = resolve));
      this.socket.resume();
      await by(this.deadline, news);
    }
    const bytes = this.arrived.shift();
    if (bytes?.length > most) this.arrived.unshift(bytes.subarray(most));
    if (!bytes && this.error) throw this.error;
    return new Uint8Array(bytes?.subarray(0, most) ?? []);
  }

  async write(bytes) {
    const done = (resolve, reject) => (error) => (error ? reject(this.error ?? error) : resolve());
    const written = () => new Promise((resolve, reject) => this.socket.write(bytes, done(resolve, reject)));
    if (this.deadline <= performance.now()) throw TIMED_OUT;
    if (this.error) throw this.error;
    await by(this.deadline, written());
  }

  close() {
    this.socket.destroy();
  }
}
