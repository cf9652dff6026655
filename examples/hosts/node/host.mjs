#!/usr/bin/env node
// Runs one monitoring check that is a WebAssembly component: JSON in, a plugin's line out.
//
//     host.mjs [--jspi] [--cache FOLDER] '{"plugin": "check_smtp.wasm", "arguments": ["-H", "mx.example.org"]}'
//
// Without an order on the command line it is read from standard input. The exit code is the state: 0 OK,
// 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Whatever the host has to say by itself is one line that begins with
// `UNKNOWN - `.

import { Showing } from './form.mjs';
import { Grants } from './grants.mjs';
import * as lend from './lend.mjs';
import * as manifest from './manifest.mjs';
import * as order from './order.mjs';
import { Late, Plugin, PluginError } from './plugin.mjs';
import * as text from './text.mjs';
import * as words from './words.mjs';

const USAGE = 'host.mjs [--jspi] [--cache FOLDER] [ORDER]';

/** What to print and the exit code, whatever happens. */
async function main(programWords) {
  try {
    const { json, ...options } = readCommandLine(programWords);
    return await carryOut(order.parse(json ?? (await order.read(process.stdin))), options);
  } catch (error) {
    return failed(error);
  }
}

function failed(error) {
  const isOurs = error instanceof order.OrderError || error instanceof PluginError;
  // A defect of this host must not look like anything else.
  return text.failed(isOurs ? error.message : `internal error: ${error}`);
}

/** The folder for transpiled code, the way of waiting, and the order where it is given. */
function readCommandLine(programWords) {
  const rest = [...programWords];
  const options = { jspi: false };
  while (rest[0]?.startsWith('--')) {
    const word = rest.shift();
    if (word === '--jspi') options.jspi = true;
    else if (word === '--cache' && rest[0]) options.cache = rest.shift();
    else throw new order.OrderError(`unexpected word '${word}': ${USAGE}`);
  }
  if (rest.length > 1) throw new order.OrderError(`unexpected word '${rest[1]}': ${USAGE}`);
  return { ...options, json: rest[0] };
}

/** Meets the plugin, reads the arguments by its manifest, and shows what comes of them. */
async function carryOut(job, options) {
  const plugin = await Plugin.start(job.plugin, options);
  const about = await plugin.describe();
  manifest.check(about);
  const read = words.read(about, job.arguments);
  const showing = new Showing(about, job.arguments, read);
  const { report, instead } = await check(plugin, about, job, read).catch((error) => ({ instead: failed(error) }));
  return report ? showing.report(report) : showing.unreported(instead);
}

/** The plugin's report, or what there is to print instead. */
async function check(plugin, about, job, { pairs, stop }) {
  if (stop) {
    // The first mistake counts, and it may stand before the place where reading stopped.
    const misuse = await plugin.validate(lend.plain(about, pairs));
    return { instead: misuse ? text.misuse(about, misuse) : text.stopped(about, stop) };
  }
  const missing = words.missing(about, pairs);
  if (missing) return { instead: text.misuse(about, missing) };
  const { seconds, state } = words.budget(about, pairs);
  const end = performance.now() + seconds * 1000;
  const { lent, wrong } = await lendAll(plugin, about, pairs, end);
  if (wrong) return { instead: text.misuse(about, wrong) };
  const allowed = new Grants(about, pairs, job.deny, lend.source(about, pairs));
  const given = order.isEmpty(job) ? lent : words.withNodeName(about, lent);
  try {
    const left = lend.isNeeded(about, pairs) ? (end - performance.now()) / 1000 : seconds;
    const { report, misuse } = await plugin.run(given, allowed, left);
    return misuse ? { instead: text.misuse(about, misuse) } : { report };
  } catch (error) {
    if (error instanceof Late) return { instead: text.late(state, error.message) };
    throw error;
  }
}

/** The arguments with all that is lent, or what is wrong with them. */
async function lendAll(plugin, about, pairs, end) {
  try {
    lend.check(about, pairs);
    return { lent: await lend.lend(about, pairs, end) };
  } catch (error) {
    if (!(error instanceof lend.Unlendable)) throw error;
    // The first mistake counts, and it may stand before that.
    const before = lend.plain(about, pairs.slice(0, error.before));
    return { wrong: (await plugin.validate(before)) ?? error.misuse };
  }
}

const { shown, code } = await main(process.argv.slice(2));
// Nothing is worth waiting for: not a name look-up that goes on, nor the release of memory. Somebody who
// closed standard output does not want to know.
process.stdout.on('error', () => process.exit(code));
process.stdout.write(shown, () => process.exit(code));
