// What the standard libraries of languages bring along: clocks that can be waited for, no environment, no
// arguments, empty input, output that nobody reads.

import { randomBytes } from 'node:crypto';

/** A plugin asked to be ended, as a program would. */
export class Exited extends Error {
  constructor() {
    super('the plugin ended itself instead of reporting');
  }
}

const now = () => process.hrtime.bigint();
const quiet = new Int32Array(new SharedArrayBuffer(4));

class Pollable {
  constructor(when = 0n) {
    this.when = when;
  }

  ready() {
    return now() >= this.when;
  }

  /** The whole thread waits; its host ends it when that takes too long. */
  block() {
    while (!this.ready()) Atomics.wait(quiet, 0, 0, Math.max(1, Number(this.when - now()) / 1e6));
  }
}

function poll(pollables) {
  const first = pollables.reduce((first, other) => (other.when < first.when ? other : first));
  first.block();
  return pollables.flatMap((pollable, at) => (pollable.ready() ? [at] : []));
}

class IoError {
  toDebugString() {
    return 'closed';
  }
}

/** At its end from the beginning. */
class InputStream {
  read() {
    throw { tag: 'closed' };
  }

  blockingRead() {
    throw { tag: 'closed' };
  }

  skip() {
    throw { tag: 'closed' };
  }

  blockingSkip() {
    throw { tag: 'closed' };
  }

  subscribe() {
    return new Pollable();
  }
}

/** Takes everything and keeps nothing. */
class OutputStream {
  checkWrite() {
    return 65536n;
  }

  write() {}

  blockingWriteAndFlush() {}

  flush() {}

  blockingFlush() {}

  writeZeroes() {}

  blockingWriteZeroesAndFlush() {}

  splice() {
    throw { tag: 'closed' };
  }

  blockingSplice() {
    throw { tag: 'closed' };
  }

  subscribe() {
    return new Pollable();
  }
}

class TerminalInput {}
class TerminalOutput {}

function exit() {
  throw new Exited();
}

const random = () => randomBytes(8).readBigUInt64LE();

export const inert = {
  'wasi:clocks/monotonic-clock': {
    now,
    resolution: () => 1n,
    subscribeInstant: (when) => new Pollable(when),
    subscribeDuration: (length) => new Pollable(now() + length),
  },
  'wasi:random/insecure': {
    getInsecureRandomBytes: (length) => randomBytes(Number(length)),
    getInsecureRandomU64: random,
  },
  'wasi:random/insecure-seed': { insecureSeed: () => [random(), random()] },
  'wasi:io/error': { Error: IoError },
  'wasi:io/poll': { Pollable, poll },
  'wasi:io/streams': { InputStream, OutputStream },
  'wasi:cli/environment': { getEnvironment: () => [], getArguments: () => [], initialCwd: () => undefined },
  'wasi:cli/exit': { exit, exitWithCode: exit },
  'wasi:cli/stdin': { getStdin: () => new InputStream() },
  'wasi:cli/stdout': { getStdout: () => new OutputStream() },
  'wasi:cli/stderr': { getStderr: () => new OutputStream() },
  'wasi:cli/terminal-input': { TerminalInput },
  'wasi:cli/terminal-output': { TerminalOutput },
  'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
  'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
  'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
};
