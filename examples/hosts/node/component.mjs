// A component made into JavaScript and core modules by jco, which takes seconds; kept for the next time.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { capped } from './memory.mjs';

const COMPONENT_LIMIT = 32 << 20; // bytes
const TOOL = '@bytecodealliance/jco-transpile';
const CHECK = 'monitoring:plugin/check';
const SOCKETS = 'monitoring:plugin/sockets';
const RESOLVER = 'monitoring:plugin/resolver';
const LINES = ['0.2', '0.1']; // of the contract

// What a plugin may import. The first six are the world's own; the others are what the standard
// libraries of languages bring along, and lead nowhere here.
const IMPORTS = new Set([
  'monitoring:plugin/sockets', 'monitoring:plugin/resolver', 'monitoring:plugin/types',
  'wasi:clocks/monotonic-clock', 'wasi:clocks/wall-clock',
  'wasi:random/random', 'wasi:random/insecure', 'wasi:random/insecure-seed',
  'wasi:io/error', 'wasi:io/poll', 'wasi:io/streams',
  'wasi:cli/environment', 'wasi:cli/exit', 'wasi:cli/stdin', 'wasi:cli/stdout', 'wasi:cli/stderr',
  'wasi:cli/terminal-input', 'wasi:cli/terminal-output', 'wasi:cli/terminal-stdin',
  'wasi:cli/terminal-stdout', 'wasi:cli/terminal-stderr',
]);

// With JSPI these may return promises; the plugin's stack waits for them.
const WAITING = [
  [SOCKETS, ['connect-tcp', 'connect-unix', '[method]connection.read', '[method]connection.write']],
  [RESOLVER, ['lookup-addresses', 'lookup-exchanges', 'lookup-associations']],
];
const SUSPENDING = {
  asyncMode: 'jspi',
  asyncImports: LINES.flatMap((line) =>
    WAITING.flatMap(([instance, names]) => names.map((name) => `${instance}@${line}.0#${name}`)),
  ),
  asyncExports: LINES.map((line) => `${CHECK}@${line}.0#run`),
};

/** Its files by their names: `plugin.js`, and the core modules that it asks for. */
export async function load(file, { cache, jspi }) {
  const bytes = read(file);
  if (!cache) return transpiled(file, bytes, jspi);
  keepToOneself(cache);
  const version = createRequire(import.meta.url)('./package.json').dependencies[TOOL];
  const digest = createHash('sha256').update(bytes).digest('hex');
  const folder = path.join(cache, `${digest}-${version}${jspi ? '-jspi' : ''}`);
  if (fs.existsSync(folder)) return kept(folder);
  const files = await transpiled(file, bytes, jspi);
  keep(files, folder);
  return files;
}

function read(file) {
  let bytes;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw new Error(`${file}: ${error.code === 'ENOENT' ? 'No such file or directory' : error.message}`);
  }
  if (bytes.length > COMPONENT_LIMIT) throw new Error(`${file}: larger than ${COMPONENT_LIMIT >> 20} MiB`);
  return bytes;
}

async function transpiled(file, bytes, jspi) {
  const { transpileBytes } = await import(TOOL);
  const options = { name: 'plugin', instantiation: 'async', wasiShim: false, noComponentErrorWrapping: true };
  const made = await transpileBytes(bytes, { ...options, ...(jspi ? SUSPENDING : {}) }).catch((error) => {
    throw new Error(`${file}: is no component that can be transpiled: ${String(error).split('\n')[0]}`);
  });
  checkFits(file, made);
  const wanted = Object.entries(made.files).filter(([name]) => /^plugin\.(js|core\d*\.wasm)$/.test(name));
  const bounded = ([name, bytes]) => [name, name.endsWith('.wasm') ? capped(bytes) : bytes];
  return Object.fromEntries(wanted.map(bounded));
}

/** Fails when the component asks for what no plugin gets. */
function checkFits(file, { imports, exports }) {
  const other = imports.find((name) => !IMPORTS.has(name.split('@')[0]));
  if (other) throw new Error(`${file}: is no plugin: it imports ${other}, which no plugin gets`);
  const isOf = (line) => exports.some(([name]) => name.startsWith(`${CHECK}@${line}.`));
  const line = LINES.find(isOf);
  if (!line) throw new Error(`${file}: is no plugin: it does not export ${CHECK}@${LINES.join(' or ')}`);
  const isOther = (name) => /^monitoring:plugin\/[^@]*@/.test(name) && !name.split('@')[1].startsWith(`${line}.`);
  const mixed = imports.find(isOther);
  if (mixed) throw new Error(`${file}: is no plugin: it imports ${mixed}, where its check is of ${line}`);
}

/** What lies there is run as it is: whoever may write there may do whatever we may. */
function keepToOneself(folder) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = fs.statSync(folder);
  if (found.uid !== process.getuid() || found.mode & 0o022) {
    throw new Error(`${folder}: others may write to it; chmod go-w ${folder}`);
  }
}

function kept(folder) {
  const names = fs.readdirSync(folder);
  return Object.fromEntries(names.map((name) => [name, new Uint8Array(fs.readFileSync(path.join(folder, name)))]));
}

/** All files or none; somebody else may do the same at the same time. */
function keep(files, folder) {
  const whole = fs.mkdtempSync(`${folder}.`);
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(path.join(whole, name), bytes);
  try {
    fs.renameSync(whole, folder);
  } catch {
    fs.rmSync(whole, { recursive: true });
  }
}
