// A component of the world `monitoring:plugin` in an instance and a thread of its own. This thread keeps
// time, watches memory, and serves the plugin's connections.

import { MessageChannel, Worker } from 'node:worker_threads';

import { load } from './component.mjs';
import { Resolver } from './resolver.mjs';
import { Sockets } from './sockets.mjs';

const START_LIMIT = 5; // seconds to tell what it is, compiling it included
const GRACE = 0.25; // seconds for the report after the time budget
const MEMORY_LIMIT = 256 << 20; // bytes that the process may grow by
const WATCH = 20; // milliseconds between two looks at that
const HEAP_LIMIT = 128; // MiB for the thread's own objects
// Of a report.
const [LINES, METRICS, LABEL, TEXT] = [5000, 1000, 128, 256 << 10];

/** Why there is no report. */
export class PluginError extends Error {}

/** It had to be stopped because its time was over. */
export class Late extends PluginError {}

/** An instance of a plugin, for one check. */
export class Plugin {
  static async start(path, options) {
    const component = await load(path, options).catch((error) => {
      throw new PluginError(error.message);
    });
    return new Plugin(component, options);
  }

  constructor(component, { jspi }) {
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    this.sockets = new Sockets();
    const resolver = new Resolver(this.sockets);
    this.worker = new Worker(new URL('./worker.mjs', import.meta.url), {
      workerData: { component, jspi, port: port2, signal },
      transferList: [port2],
      env: {},
      argv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT },
    });
    port1.on('message', async ([name, ...parameters]) => {
      if (name === 'drop') return this.sockets.drop(...parameters); // nobody waits for an answer
      const whoKnows = name.startsWith('lookup') ? resolver : this.sockets;
      port1.postMessage(await whoKnows.answer(name, parameters));
      // Wakes a thread that waits in Atomics.wait.
      Atomics.store(signal, 0, 1);
      Atomics.notify(signal, 0);
    });
  }

  /** The manifest. */
  async describe() {
    return (await this.ask('describe', START_LIMIT, 'start')).report;
  }

  /** What is wrong with the first value that the plugin does not accept, if anything is. */
  async validate(pairs) {
    return (await this.ask('validate', START_LIMIT, 'start', pairs)).misuse;
  }

  /** A report, or else a misuse. A plugin that asks for what it may not have has neither. */
  async run(pairs, grants, budget) {
    this.sockets.allow(grants, budget);
    const answer = await this.ask('run', budget + GRACE, 'time', pairs);
    if (this.sockets.refusal) throw new PluginError(this.sockets.refusal.message);
    if (answer.report) checkSize(answer.report);
    return answer;
  }

  /** Calls the plugin, and stops it when it takes too long or too much. */
  async ask(name, seconds, limit, ...parameters) {
    const { promise, resolve, reject } = withResolvers();
    const stop = (message) => reject(new PluginError(message));
    const Reason = limit === 'time' ? Late : PluginError;
    const timer = setTimeout(
      () => reject(new Reason(`the plugin exceeded the limit ${limit} = ${seconds}s`)),
      seconds * 1000,
    );
    const before = process.memoryUsage.rss();
    const watch = setInterval(() => {
      const grown = process.memoryUsage.rss() - before;
      if (grown > MEMORY_LIMIT) stop(`the plugin exceeded the limit memory = ${MEMORY_LIMIT >> 20} MiB`);
    }, WATCH);
    this.worker.once('error', (error) => stop(`the plugin crashed: ${error.message}`));
    this.worker.once('message', resolve);
    this.worker.postMessage([name, ...parameters]);
    try {
      const answer = await promise;
      if (answer.failure) throw new PluginError(answer.failure);
      return answer;
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
    }
  }
}

/** As `Promise.withResolvers` of newer versions. */
function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** Nobody reads more than that, and whoever sends it has something else in mind. */
function checkSize({ transcript, findings, summary, metrics, details }) {
  const entries = [...transcript, ...findings, ...details];
  if (summary !== undefined) entries.push(summary);
  const longest = (lengths) => lengths.reduce((most, length) => Math.max(most, length), 0);
  const found = [
    ['lines', LINES, entries.length],
    ['text', TEXT, longest(entries.map((entry) => Buffer.byteLength(entry)))],
    ['metrics', METRICS, metrics.length],
    ['label', LABEL, longest(metrics.map(({ name }) => [...name].length))],
  ];
  const exceeded = found.find(([, most, count]) => count > most);
  if (exceeded) throw new PluginError(`the plugin exceeded the limit ${exceeded[0]} = ${exceeded[1]}`);
}
