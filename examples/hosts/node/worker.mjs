// The thread of a plugin. It answers one call at a time: ['describe'], ['validate', pairs], ['run', pairs].

import { randomBytes } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

import { Exited, inert } from './inert.mjs';

const { component, jspi, port, signal } = workerData;

/** Blocks this thread until the other one has answered. */
function wait(...request) {
  Atomics.store(signal, 0, 0);
  port.postMessage(request);
  Atomics.wait(signal, 0, 0);
  return unwrap(receiveMessageOnPort(port).message);
}

/** The same as a promise: with JSPI the plugin's stack is put aside until it is kept. */
function suspend(...request) {
  return new Promise((resolve) => {
    port.once('message', resolve);
    port.postMessage(request);
  }).then(unwrap);
}

/** What is thrown here is the error case of the contract's `result` to the plugin. */
function unwrap({ ok, err }) {
  if (err) throw err;
  return ok;
}

const call = jspi ? suspend : wait;

class Connection {
  constructor(number) {
    this.number = number;
  }

  read(most) {
    return call('read', this.number, most);
  }

  write(bytes) {
    return call('write', this.number, bytes);
  }

  [Symbol.dispose]() {
    port.postMessage(['drop', this.number]);
  }
}

const opened = (number) => (jspi ? number.then((number) => new Connection(number)) : new Connection(number));

const imports = {
  'monitoring:plugin/sockets': {
    Connection,
    connectTcp: (...parameters) => opened(call('connectTcp', ...parameters)),
    connectUnix: (...parameters) => opened(call('connectUnix', ...parameters)),
  },
  'monitoring:plugin/resolver': {
    lookupAddresses: (...parameters) => call('lookupAddresses', ...parameters),
    lookupExchanges: (...parameters) => call('lookupExchanges', ...parameters),
    lookupAssociations: (...parameters) => call('lookupAssociations', ...parameters),
  },
  'monitoring:plugin/types': {},
  'wasi:clocks/wall-clock': {
    now() {
      const milliseconds = performance.timeOrigin + performance.now();
      const seconds = Math.floor(milliseconds / 1000);
      return { seconds: BigInt(seconds), nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1e6) };
    },
    resolution: () => ({ seconds: 0n, nanoseconds: 1000 }),
  },
  'wasi:random/random': {
    getRandomBytes: (length) => randomBytes(Number(length)),
    getRandomU64: () => randomBytes(8).readBigUInt64LE(),
  },
  ...inert,
};

async function instantiate() {
  const source = Buffer.from(component['plugin.js']).toString('base64');
  const plugin = await import(`data:text/javascript;base64,${source}`);
  const { check } = await plugin.instantiate((name) => WebAssembly.compile(component[name]), imports);
  return check;
}

/** A report (or whatever else it is), a misuse, or why there is neither. */
async function answer(name, parameters) {
  try {
    const check = await instance;
    return { report: await check[name](...parameters) };
  } catch (thrown) {
    if (thrown instanceof Exited) return { failure: thrown.message };
    if (thrown instanceof Error) return { failure: `the plugin crashed: ${thrown.message}` };
    return { misuse: thrown };
  }
}

const instance = instantiate();
instance.catch(() => {}); // whoever asks first is told
parentPort.on('message', async ([name, ...parameters]) => {
  parentPort.postMessage(await answer(name, parameters));
});
