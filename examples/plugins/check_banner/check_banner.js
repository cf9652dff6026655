// check_banner: what a server says of its own accord has to match a regular expression.
import { connectTcp, connectUnix } from 'monitoring:plugin/sockets@0.2.0';

const option = (name, short, kind, placeholder, help, more) => ({
  name, short, kind, placeholder, help, aliases: [], exact: false, required: false, repeatable: false, implies: [], ...more,
});

const options = [
  option('hostname', 'H', 'host', 'ADDRESS', 'The server: a name, an address, or the path of a Unix socket', { required: true }),
  option('port', 'p', 'port', 'INTEGER', 'The TCP port', { default: '22' }),
  option('match', 'm', 'text', 'REGEX', 'What the banner has to match', { default: '.' }),
  option('timeout', 't', 'timeout', 'INTEGER', 'Seconds for the whole check', { default: '10' }),
];

/** The value of an option by its long name: the last one given, or the default. */
const value = (given, name) =>
  given.findLast((argument) => argument.name === name)?.value ?? options.find((spec) => spec.name === name).default;

/** An exception with a payload is the error of the contract's result. */
const misuse = (message, hint) => Object.assign(new Error(message), { payload: { message, hint } });

function settings(given) {
  const [host, port, match, timeout] = ['hostname', 'port', 'match', 'timeout'].map((name) => value(given, name));
  if (!/^[1-9][0-9]{0,4}$/.test(port) || port > 65535) throw misuse(`-p, --port: invalid value - ${port}`, 'a number from 1 to 65535');
  if (!/^[1-9][0-9]{0,8}$/.test(timeout)) throw misuse(`-t, --timeout: invalid value - ${timeout}`, 'whole seconds, 1 or more');
  try {
    return { host, port: Number(port), pattern: new RegExp(match), nanoseconds: BigInt(timeout) * 1_000_000_000n };
  } catch (error) {
    throw misuse(`-m, --match: invalid value - ${match}`, error.message);
  }
}

/** The first line that the server sends, of at most 4096 bytes. */
function banner({ host, port, nanoseconds }) {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const connection = host.startsWith('/') ? connectUnix(host, nanoseconds) : connectTcp(address, port, 'any', nanoseconds);
  const bytes = [];
  while (bytes.length < 4096 && !bytes.includes(10)) {
    const more = connection.read(4096);
    if (more.length === 0) break;
    bytes.push(...more);
  }
  return new TextDecoder().decode(new Uint8Array(bytes)).split(/\r?\n/)[0];
}

/** The errors of the contract that bring no text of their own. */
const reasons = {
  refused: 'Connection refused', reset: 'Connection reset by peer', 'timed-out': 'the time was used up', 'not-supported': 'not supported by the host',
};

const report = (state, text) => ({
  state, transcript: [], findings: [], summary: `BANNER ${state.toUpperCase()} - ${text}`, metrics: [], details: [],
});

export const check = {
  describe: () => ({ name: 'check_banner', version: '0.1.0', summary: 'Checks what a server says first', description: '', word: 'hostname', options }),
  validate: (given) => void settings([{ name: 'hostname', value: '' }, ...given]),
  run(given) {
    const wanted = settings(given);
    try {
      const line = banner(wanted);
      if (line === '') return report('critical', 'the server closed the connection and said nothing');
      return wanted.pattern.test(line) ? report('ok', line) : report('warning', `${line} does not match ${wanted.pattern}`);
    } catch (error) {
      const { tag, val } = error.payload ?? { tag: 'other', val: String(error) };
      return report(tag === 'access-denied' ? 'unknown' : 'critical', `${wanted.host}: ${val ?? reasons[tag]}`);
    }
  },
};
