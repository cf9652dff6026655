// The contract's `resolver` for one run: addresses as the machine's name service knows them, MX records from its
// name servers. This host validates no signatures, so no answer is `secure`, and there are no TLSA records: whoever
// goes by those has to know that nobody has forged them.

import dns from 'node:dns/promises';
import net from 'node:net';

import { bare, by, failed, failure, FAMILIES } from './sockets.mjs';

const LOOK_UPS = 64; // that a run may ask for
const RECORDS = 100; // that are passed on: nobody has more mail exchangers
const NAME_LIMIT = 253; // bytes (RFC 1035 section 2.3.4)
const LABEL = /^(?!-)[A-Za-z0-9_-]{1,63}$/;
const UNVALIDATED = 'TLSA records need DNSSEC validation, which this host does not do; sandcheck does';

/** Goes by the grants and the time of these sockets, and adds what it finds to the grants. */
export class Resolver {
  constructor(sockets) {
    Object.assign(this, { sockets, asked: 0 });
  }

  /** The answer to a call of the plugin, which is never an exception. */
  async answer(name, parameters) {
    const { lookupAddresses, lookupExchanges, lookupAssociations } = this;
    try {
      const call = { lookupAddresses, lookupExchanges, lookupAssociations }[name];
      return { ok: await call.apply(this, parameters) };
    } catch (error) {
      return { err: error.tag ? error : failure('other', String(error.message)) };
    }
  }

  async lookupAddresses(host, family, timeout) {
    const deadline = this.deadline(timeout);
    this.sockets.granted(() => this.grants.checkLookUp(host));
    const { source } = this.grants;
    const addresses = await this.addresses(host, family, deadline);
    // Nothing is connected to from an address of the other family.
    const meant = addresses.filter((address) => source === undefined || net.isIP(source) === net.isIP(address));
    this.grants.addAddresses(host, meant);
    return meant;
  }

  async lookupExchanges(domain, timeout) {
    const deadline = this.deadline(timeout);
    this.sockets.granted(() => this.grants.checkExchanges(domain));
    const name = domain.replace(/\.$/, '');
    if (!isName(name)) throw failure('other', `'${domain}' is no name of the domain name system`);
    const records = await exchangesOf(name, deadline);
    // RFC 5321 section 5.1: without a record mail goes to the host of the domain's own name.
    // RFC 7505: where the record names the root, it goes nowhere.
    const hosts = records.length > 0 ? records.map(({ host }) => host).filter((host) => host !== '.') : [name];
    this.grants.addExchanges(hosts);
    return { hosts: records, secure: false };
  }

  lookupAssociations(host, port, timeout) {
    this.deadline(timeout);
    this.sockets.granted(() => this.grants.checkHost(host, port));
    throw failure('not-supported', UNVALIDATED);
  }

  /** None where there is no such name. */
  async addresses(host, family, deadline) {
    try {
      const found = (await this.sockets.lookUp(host, deadline)).map(bare);
      return [...new Set(found)].filter((address) => FAMILIES[family].includes(net.isIP(address)));
    } catch (error) {
      const { tag, val } = failed(error);
      if (tag === 'name-not-found') return [];
      // The resolver has fewer cases than the sockets.
      throw tag === 'timed-out' ? failure(tag) : failure('other', val);
    }
  }

  get grants() {
    return this.sockets.grants;
  }

  deadline(timeout) {
    this.asked += 1;
    if (this.asked > LOOK_UPS) throw failure('other', `more than ${LOOK_UPS} look-ups`);
    return this.sockets.within(timeout);
  }
}

/** The lowest preference first. None where there is no such record or no such domain. */
async function exchangesOf(name, deadline) {
  let found;
  try {
    found = await by(deadline, new dns.Resolver().resolveMx(name));
  } catch (error) {
    if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return [];
    throw error.code === 'ETIMEOUT' ? failure('timed-out') : error;
  }
  const records = found.slice(0, RECORDS).map(({ priority, exchange }) => ({
    preference: priority,
    host: exchange.replace(/\.$/, '') || '.',
  }));
  if (!records.every(({ host }) => host === '.' || isName(host))) {
    throw failure('other', 'a mail exchanger in the answer has a name that no host has');
  }
  return records.sort((one, other) => one.preference - other.preference);
}

/** Labels of letters, digits, dashes and underscores, which is all that hosts have. */
function isName(name) {
  return name.length <= NAME_LIMIT && name.split('.').every((label) => LABEL.test(label));
}
