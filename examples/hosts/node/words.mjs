// Arguments of a check: pairs of an option's long name and its value, none for a flag.
//
// They come as pairs already, or as the words of a command line, read by the plugin's manifest in the
// manner of `getopt_long`.

import os from 'node:os';
import { domainToASCII } from 'node:url';

import { companion } from './lend.mjs';

const DEFAULT_BUDGET = 10; // seconds
const LONGEST_BUDGET = 600; // seconds
const OWN = [
  { name: 'help', short: 'h', kind: 'flag', exact: false },
  { name: 'version', short: 'V', kind: 'flag', exact: false },
];

/** Why reading stopped: `help`, `version`, or `wrong` with what is wrong, without any value. */
class Stop {
  constructor(kind, message = '') {
    Object.assign(this, { kind, message });
  }
}

/** The pairs, with hosts in ASCII, and why reading stopped if it did. */
export function read(manifest, given) {
  const { pairs, stop } = readAll(manifest, given);
  const isHost = (name) => manifest.options.some((option) => option.name === name && option.kind === 'host');
  return { pairs: pairs.map(({ name, value }) => ({ name, value: isHost(name) ? inAscii(value) : value })), stop };
}

/** A name in its A-labels; what is in ASCII, a path or no name, as it is. */
function inAscii(host) {
  const isLeft = /^[\0-\x7f]*$/.test(host) || host.startsWith('/');
  return (!isLeft && domainToASCII(host)) || host;
}

function readAll(manifest, given) {
  const reader = new Reader(manifest);
  try {
    if (Array.isArray(given)) reader.readWords(given);
    else reader.readNames(given);
    return { pairs: reader.pairs };
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
    return { pairs: reader.pairs, stop };
  }
}

class Reader {
  constructor(manifest) {
    Object.assign(this, { manifest, pairs: [], plain: undefined });
    this.known = [...manifest.options, ...OWN];
  }

  /** `{"hostname": "mx", "starttls": true, "command": ["NOOP", "RSET"]}` */
  readNames(given) {
    for (const [name, found] of Object.entries(given)) {
      const isMeant = (option) => option.name === name;
      const option = this.manifest.options.find(isMeant) ?? this.companion(name);
      if (!option) throw new Stop('wrong', `unrecognized option '--${name}'`);
      for (const value of Array.isArray(found) ? found : [found]) this.takeValue(option, value);
    }
  }

  /** The host's own option for a secret, as if it were the plugin's. */
  companion(name) {
    return companion(this.manifest, name) && { name, kind: 'text' };
  }

  takeValue({ name, kind }, value) {
    if (value === null || value === false) return;
    const isFlag = kind === 'flag';
    if (isFlag && value !== true) throw new Stop('wrong', `option '--${name}' doesn't allow an argument`);
    if (!isFlag && !['string', 'number'].includes(typeof value)) {
      throw new Stop('wrong', `option '--${name}' requires an argument`);
    }
    this.pairs.push({ name, value: isFlag ? undefined : String(value) });
  }

  readWords(words) {
    this.words = words[Symbol.iterator]();
    let ended = false;
    for (let word = this.next(); word !== undefined; word = this.next()) {
      const alias = ended ? undefined : this.alias(word);
      if (ended || !word.startsWith('-') || word === '-') this.plain ??= word;
      else if (word === '--') ended = true;
      else if (alias) this.take(alias, undefined, word);
      else if (word.startsWith('--')) this.long(word);
      else this.cluster([...word.slice(1)]);
    }
    this.placePlainWord();
  }

  next() {
    return this.words.next().value;
  }

  /** The option that has this very word as a further spelling. */
  alias(word) {
    return this.manifest.options.find((option) => option.aliases.includes(word));
  }

  long(word) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    const option = this.alias(name) ?? this.findLong(name.slice(2));
    if (at >= 0 && option.kind === 'flag') {
      throw new Stop('wrong', `option '--${option.name}' doesn't allow an argument`);
    }
    this.take(option, at < 0 ? undefined : word.slice(at + 1), `--${option.name}`);
  }

  /** The option of that name, or the only one whose name begins so. */
  findLong(name) {
    const exact = this.known.find((option) => option.name === name);
    const known = exact ?? this.companion(name);
    if (known) return known;
    const found = this.known.filter((option) => option.name.startsWith(name) && !option.exact);
    if (found.length === 1) return found[0];
    if (found.length === 0) throw new Stop('wrong', `unrecognized option '--${name}'`);
    const names = found.map((option) => `'--${option.name}'`).join(' ');
    throw new Stop('wrong', `option '--${name}' is ambiguous; possibilities: ${names}`);
  }

  /** `-4qp25`: flags, and at most one option with a value, which is the rest or the next word. */
  cluster(letters) {
    for (const [at, letter] of letters.entries()) {
      const option = this.known.find((option) => option.short === letter);
      if (!option) throw new Stop('wrong', `invalid option -- '${letter}'`);
      const rest = letters.slice(at + 1).join('');
      if (option.kind !== 'flag' && rest) return this.take(option, rest, letter);
      this.take(option, undefined, letter);
    }
  }

  /** Notes an option; its value is the next word when it is not attached. */
  take(option, attached, shown) {
    if (OWN.includes(option)) throw new Stop(option.name);
    const value = option.kind === 'flag' ? undefined : (attached ?? this.next());
    if (option.kind !== 'flag' && value === undefined) throw new Stop('wrong', missingValue(shown));
    this.pairs.push({ name: option.name, value });
  }

  placePlainWord() {
    const name = this.manifest.word;
    const isGiven = this.pairs.some((pair) => pair.name === name);
    if (this.plain !== undefined && name !== undefined && !isGiven) {
      this.pairs.push({ name, value: this.plain });
    }
  }
}

/** In the words of getopt(3). */
function missingValue(shown) {
  if (shown.startsWith('--')) return `option '${shown}' requires an argument`;
  return `option requires an argument -- '${shown.replace(/^-+/, '')}'`;
}

/** The first option that is needed and not there, as a misuse. */
export function missing(manifest, pairs) {
  const isGiven = (name) =>
    pairs.some((pair) => (companion(manifest, pair.name)?.secret ?? pair.name) === name);
  const option = manifest.options.find((option) => option.required && !isGiven(option.name));
  return option && { message: `Option missing - --${option.name}`, hint: option.help };
}

/** The name of this machine, where the plugin asks for it and nobody gave it. */
export function withNodeName(manifest, pairs) {
  const option = manifest.options.find(({ kind }) => kind === 'nodename');
  if (!option || pairs.some((pair) => pair.name === option.name)) return pairs;
  return [...pairs, { name: option.name, value: os.hostname() }];
}

/** The seconds that the option of the kind timeout says, or its default, and the state of a run that takes
 * longer: `N`, `N:STATE`, `:STATE`. */
export function budget(manifest, pairs) {
  const option = manifest.options.find(({ kind }) => kind === 'timeout');
  if (!option) return { seconds: DEFAULT_BUDGET, state: 'unknown' };
  const given = pairs.findLast((pair) => pair.name === option.name);
  const [defaultTime, defaultState] = parts(option.default ?? '');
  const [time, state = defaultState] = parts(given?.value ?? '');
  const seconds = whole(time.trim() === '' ? defaultTime : time);
  return { seconds: seconds ? Math.min(seconds, LONGEST_BUDGET) : DEFAULT_BUDGET, state: stateOf(state) ?? 'unknown' };
}

/** The seconds and the state, as they are written. */
export function parts(value) {
  const at = value.indexOf(':');
  return at < 0 ? [value] : [value.slice(0, at), value.slice(at + 1)];
}

export function whole(text) {
  const digits = text.trimStart().replace(/^\+/, '');
  return /^[0-9]{1,19}$/.test(digits) ? Number(digits) : 0;
}

/** A state by its name in any case, or by its number. */
export function stateOf(text = '') {
  const names = ['ok', 'warning', 'critical', 'unknown'];
  return names.find((name, number) => name === text.toLowerCase() || String(number) === text);
}
