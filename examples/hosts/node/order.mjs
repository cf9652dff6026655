// What is to be run: a JSON object, as in the batches of `sandcheck`.
//
//     plugin     the component's file
//     arguments  the plugin's words, ["-H", "mx", "-S"], or its options by their long names,
//                {"hostname": "mx", "starttls": true, "command": ["NOOP", "RSET"]}
//     deny       networks that must not be connected to whatever is named, ["10.0.0.0/8"]
//     id         anything; it is not looked at

import net from 'node:net';

const FIELDS = ['plugin', 'arguments', 'deny', 'id'];
const LIMIT = 1 << 20; // bytes

/** Why this is no order, for people. */
export class OrderError extends Error {}

/** An order from a stream of bytes. */
export async function read(stream) {
  const pieces = [];
  let length = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    length += piece.length;
    if (length > LIMIT) throw new OrderError(`the order is longer than ${LIMIT} bytes`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new OrderError('the order is no UTF-8');
  }
}

/** The order, once it is known to make sense by itself. */
export function parse(json) {
  const found = parsed(json);
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(found)) {
    throw new OrderError('the order is no object such as {"plugin": "check.wasm", "arguments": []}');
  }
  const unknown = Object.keys(found).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) {
    throw new OrderError(`the order has a field '${unknown}'; there are ${FIELDS.join(', ')}`);
  }
  const { plugin, arguments: given = [], deny = [] } = found;
  if (typeof plugin !== 'string' || plugin.includes('\0')) {
    throw new OrderError("plugin has to be the name of the component's file");
  }
  if (!areStrings(given) && !isObject(given)) {
    throw new OrderError('arguments have to be a list of words, or an object of options and values');
  }
  return { plugin, arguments: given, deny: networks(deny) };
}

/** Whether nothing was asked. */
export function isEmpty(job) {
  return Object.keys(job.arguments).length === 0;
}

function parsed(json) {
  let found;
  try {
    found = JSON.parse(json);
  } catch (error) {
    throw new OrderError(`the order is no JSON: ${error.message}`);
  }
  // Half a character, written as \ud800, comes out of JSON.stringify as it went in.
  if (/(^|[^\\])(\\\\)*\\ud[89a-f]/.test(JSON.stringify(found))) {
    throw new OrderError('the order has half a character (a lone surrogate) in it');
  }
  return found;
}

function areStrings(values) {
  return Array.isArray(values) && values.every((value) => typeof value === 'string');
}

function networks(values) {
  if (!areStrings(values)) {
    throw new OrderError('deny has to be a list of networks such as ["10.0.0.0/8", "::1"]');
  }
  const list = new net.BlockList();
  for (const value of values) {
    const [address, length] = value.split('/');
    const family = net.isIPv6(address) ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
    const isNetwork = net.isIP(address) && bits >= 0 && bits <= most && value.split('/').length <= 2;
    if (!isNetwork) throw new OrderError(`deny: '${value}' is no network`);
    list.addSubnet(address, bits, family);
  }
  return list;
}
