// What a host lends beyond connections: the contents of files, trust anchors. It travels as the value of an
// option whose kind the manifest declares; the plugin never learns a path.

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';

import { FORMS } from './form.mjs';

const FILES = ['file', 'anchors'];
const LIMIT = 1 << 20; // bytes of a file, or of a folder of files
const TOTAL = 4 << 20; // bytes for one run
const SECRET_LIMIT = 64 << 10; // bytes
const SYSTEM = 'system';
const PAUSE = 10; // milliseconds between two looks at a pipe
// Where systems keep all anchors in one file.
const KNOWN = [
  '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
// In the system's words, which are not those of Node.
const WORDS = { ENOENT: 'No such file or directory', EACCES: 'Permission denied', ELOOP: 'Too many levels of symbolic links' };

/** What cannot be lent, as a misuse, and how many arguments stand before it. */
export class Unlendable extends Error {
  constructor(message, hint, before) {
    super(message);
    Object.assign(this, { misuse: { message, hint }, before });
  }
}

/** Why a file is not lent. Nothing of what it holds is in it. */
class FileError extends Error {}

const kindOf = (manifest, name) => manifest.options.find((option) => option.name === name)?.kind;

/** For `NAME-file` and `NAME-env` the secret NAME and `file` or `env`. A plugin's own option is none. */
export function companion(manifest, name) {
  const [, secret, way] = /^(.+)-(file|env)$/s.exec(name) ?? [];
  const isOwn = ({ name: own, aliases }) => own === name || aliases.includes(`--${name}`);
  const isOurs = way && kindOf(manifest, secret) === 'secret' && !manifest.options.some(isOwn);
  return isOurs ? { secret, way } : undefined;
}

/** The secret that is to be read from somewhere, and where: `file`, `env`, `input`. */
function wayOf(manifest, { name, value }) {
  if (value === '-' && kindOf(manifest, name) === 'secret') return { secret: name, way: 'input' };
  return companion(manifest, name);
}

/** Whether anything has to be read for these arguments. */
export function isNeeded(manifest, pairs) {
  return plain(manifest, pairs).length < pairs.length || impliedAnchors(manifest, pairs) !== undefined;
}

/** The arguments that need nothing of the host. */
export function plain(manifest, pairs) {
  return pairs.filter((pair) => !FILES.includes(kindOf(manifest, pair.name)) && !wayOf(manifest, pair));
}

/** What the host itself reads of the arguments, before it connects to anything. */
export function check(manifest, pairs) {
  for (const [before, { name, value }] of pairs.entries()) {
    const kind = kindOf(manifest, name);
    const way = wayOf(manifest, { name, value });
    if (way) checkSecret(manifest, pairs, way.secret, before);
    if (kind === 'output' && !FORMS.includes(value)) {
      throw new Unlendable(`--${name}: there is no such form - ${value}`, `accepted: ${FORMS.join(', ')}`, before);
    }
    if (kind === 'source') checkSource(manifest, pairs, name, value, before);
  }
}

/** Of two none is chosen. */
function checkSecret(manifest, pairs, secret, before) {
  const isMeant = ({ name }) => name === secret || companion(manifest, name)?.secret === secret;
  const meant = pairs.filter(isMeant).map(({ name }) => `--${name}`);
  const { repeatable } = manifest.options.find(({ name }) => name === secret);
  if (meant.length < 2 || repeatable) return;
  const names = [...new Set(meant)].join(', ');
  throw new Unlendable(`Only one of these can be given - ${names}`, `each says what --${secret} is`, before);
}

function checkSource(manifest, pairs, name, value, before) {
  if (address(value) === undefined) {
    const hint = 'accepted: an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7';
    throw new Unlendable(`--${name} must be an IP address of this machine - ${value}`, hint, before);
  }
  const isPath = (pair) => kindOf(manifest, pair.name) === 'host' && pair.value.startsWith('/');
  const socket = pairs.findLast(isPath);
  if (!socket) return;
  const hint = `a connection to a Unix socket has no address to come from: leave --${name} out, or name a host`;
  throw new Unlendable(`--${name} and a Unix socket contradict each other - ${socket.value}`, hint, before);
}

/** The local address that the arguments want. */
export function source(manifest, pairs) {
  const given = pairs.findLast(({ name }) => kindOf(manifest, name) === 'source');
  return given && address(given.value);
}

function address(value) {
  const inner = value.replace(/^\[(.*)\]$/s, '$1');
  return net.isIP(inner) && !inner.includes('%') ? inner : undefined;
}

/** The arguments with what files hold in the place of their paths, and with anchors that are implied. */
export async function lend(manifest, pairs, deadline) {
  const implied = impliedAnchors(manifest, pairs);
  const wanted = implied ? [...pairs, { name: implied }] : pairs;
  const lent = [];
  let total = 0;
  for (const [before, { name, value }] of wanted.entries()) {
    const kind = kindOf(manifest, name);
    const way = value !== undefined && wayOf(manifest, { name, value });
    if (way) {
      lent.push({ name: way.secret, value: await readSecret(name, way, value, deadline, before) });
      continue;
    }
    if (!FILES.includes(kind)) {
      lent.push({ name, value });
      continue;
    }
    const isImplied = before === pairs.length;
    const reading = isImplied ? systemAnchors(deadline) : contents(kind, value, deadline);
    const text = await reading.catch((error) => {
      throw refused(name, kind, value, error, before);
    });
    total += Buffer.byteLength(text);
    if (total > TOTAL) {
      throw new Unlendable(`--${name}: the files of one run hold more than ${TOTAL} bytes together`, undefined, before);
    }
    lent.push({ name, value: text });
  }
  return lent;
}

/** Of the first line of a file, or of the environment. No message holds it. */
async function readSecret(name, { secret, way }, value, deadline, before) {
  const where = way === 'file' ? `'${value}'` : `the variable '${value}'`;
  const hint =
    'it can be in a file that only you can read, or in the environment: ' +
    `--${secret}-file FILE, --${secret}-env VARIABLE`;
  const wrong = (words) => new Unlendable(`--${name}: ${words}`, hint, before);
  if (way === 'input') throw new Unlendable(`--${name}=-: there is no standard input to read here`, hint, before);
  const reading = way === 'file' ? firstLine(value, deadline) : Promise.resolve(process.env[value]);
  const found = await reading.catch((error) => {
    throw wrong(`cannot read ${where}: ${wordsOf(error)}`);
  });
  const because = (words) => wrong(`no secret in ${where}: ${words}`);
  if (found === undefined) throw because('there is no such variable');
  if (found === '') throw because('its first line is empty');
  if (found.includes('\0')) throw because('it has a zero byte in it');
  if (Buffer.byteLength(found) > SECRET_LIMIT) throw because(`it is longer than ${SECRET_LIMIT} bytes`);
  return found;
}

async function firstLine(file, deadline) {
  const handle = opened(file);
  try {
    const bytes = await readAll(handle, deadline, SECRET_LIMIT, 10);
    const end = bytes.indexOf(10);
    const line = decoded(end < 0 ? bytes : bytes.subarray(0, end));
    return end < 0 ? line : line.replace(/\r$/, '');
  } finally {
    fs.closeSync(handle);
  }
}

/** What went wrong, in the system's words where it was the system. */
function wordsOf(error) {
  const system = WORDS[error.code] ?? getSystemErrorMap().get(error.errno)?.[1];
  return system ?? (error instanceof FileError ? error.message : 'no name of a file');
}

function refused(name, kind, value, error, before) {
  const words = wordsOf(error);
  if (value === undefined) {
    const hint = `install the package ca-certificates, or name a file of certificates in PEM: --${name} FILE`;
    return new Unlendable(`--${name}: this machine has no trust anchors that can be read: ${words}`, hint, before);
  }
  if (/^-----BEGIN|[\r\n]/.test(value)) {
    // What looks like contents is not shown: it may be a private key.
    const hint = `write it to a file and name that: --${name} /path/to/file.pem`;
    return new Unlendable(`--${name} takes the path of a file, and not what it holds`, hint, before);
  }
  const folder = kind === 'anchors' ? ', or of a folder of such files' : '';
  const hint = `--${name} takes the path of a text file in UTF-8 of at most 1 MiB${folder}`;
  return new Unlendable(`--${name}: cannot read '${value}': ${words}`, hint, before);
}

/** The option of the kind anchors that is not given, but implied by one that is. */
function impliedAnchors({ options }, pairs) {
  const isGiven = (option) => pairs.some(({ name }) => name === option.name);
  const said = options.filter(isGiven).flatMap((option) => option.implies);
  const isSaid = ({ name }) => said.some((one) => one.name === name && one.value === SYSTEM);
  return options.find((option) => option.kind === 'anchors' && !isGiven(option) && isSaid(option))?.name;
}

/** Those that the environment names, or that lie where systems keep them. */
async function systemAnchors(deadline) {
  const { SSL_CERT_FILE = '', SSL_CERT_DIR = '' } = process.env;
  const named = [SSL_CERT_FILE, ...SSL_CERT_DIR.split(':')].filter((file) => file !== '');
  const found = named.length > 0 ? named : KNOWN.filter((file) => fs.existsSync(file)).slice(0, 1);
  if (found.length === 0) throw new FileError('there is none where systems keep them');
  let all = '';
  for (const file of found) all += `${await contents('anchors', file, deadline)}\n`;
  return all;
}

async function contents(kind, file, deadline) {
  const isFolder = kind === 'anchors' && fs.statSync(file, { throwIfNoEntry: false })?.isDirectory();
  if (!isFolder) return textOf(file, deadline);
  let all = '';
  for (const one of files(file)) {
    all += `${await textOf(one, deadline)}\n`;
    if (Buffer.byteLength(all) > LIMIT) throw new FileError(`it is longer than ${LIMIT} bytes`);
  }
  if (all === '') throw new FileError('it is empty');
  return all;
}

/** Each file once: those that are named by a hash, as OpenSSL finds them, or else by an ending. */
function files(folder) {
  const paths = fs.readdirSync(folder).map((name) => path.join(folder, name));
  const of = (form) => {
    const found = paths.filter((file) => form.test(path.basename(file)) && fs.existsSync(file));
    const real = found.map((file) => fs.realpathSync(file)).filter((file) => fs.statSync(file).isFile());
    return [...new Set(real)].sort();
  };
  const hashed = of(/^[0-9a-f]{8}\.[0-9]+$/i);
  return hashed.length > 0 ? hashed : of(/\.(pem|crt|cer)$/);
}

/** What a file holds. A pipe is read until its writer closes it, and nothing is waited for beyond the deadline. */
async function textOf(file, deadline) {
  const handle = opened(file);
  try {
    const bytes = await readAll(handle, deadline, LIMIT);
    if (bytes.length > 0) return decoded(bytes);
    const isPipe = fs.fstatSync(handle).isFIFO();
    throw new FileError(isPipe ? 'it is a pipe, and nobody wrote anything to it' : 'it is empty');
  } finally {
    fs.closeSync(handle);
  }
}

/** A file or a pipe; what is neither is not read. */
function opened(file) {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
  const handle = fs.openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  const found = fs.fstatSync(handle);
  if (found.isFile() || found.isFIFO()) return handle;
  fs.closeSync(handle);
  throw new FileError(found.isDirectory() ? 'it is a directory' : 'it is neither a file nor a pipe');
}

function decoded(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FileError('it is not UTF-8');
  }
}

/** All of it, or until there is an end in it. */
async function readAll(handle, deadline, limit, end) {
  const bytes = Buffer.alloc(limit + 1);
  let length = 0;
  const isOver = () => end !== undefined && bytes.subarray(0, length).includes(end);
  while (!isOver()) {
    if (length > limit) throw new FileError(`it is longer than ${limit} bytes`);
    try {
      const count = fs.readSync(handle, bytes, length, bytes.length - length);
      if (count === 0) break;
      length += count;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      if (performance.now() >= deadline) throw new FileError('it is a pipe that nobody closed in time');
      await sleep(PAUSE);
    }
  }
  return bytes.subarray(0, length);
}
