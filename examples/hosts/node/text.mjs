// A report as the text that monitoring systems read. What comes from a plugin or a server is data: one
// line stays one line, without characters that mean something to a terminal or begin performance data.

export const STATES = ['ok', 'warning', 'critical', 'unknown'];
const UNKNOWN = 3;
const LINE_LIMIT = 8 * 1024 - 256; // bytes; Nagios reads 8 KiB
const WIDTH = 80; // characters of a usage text
const THRESHOLD_LIMIT = 64; // bytes
export const PRECISION_LIMIT = 9; // digits
// C1 controls, separators, and what Unicode calls format characters: they reorder or hide text.
const INVISIBLE =
  /[\x80-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const BLANK = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;
const NUMBER = /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/;

// What comes of a check is `{ shown, code }`: what is printed and the exit code. Where there is no report it has a
// `problem` too, which forms for programs tell: its kind is `misuse` of whoever wrote the order, or `failure` of this
// host or the plugin.

/** One line, bounded. */
export function line(text) {
  const hex = (character) => character.codePointAt(0).toString(16);
  const shown = text
    .replace(/[\r\n]+$/, '')
    .replaceAll('\r\n', '\n')
    .replace(/[\r\n\t|]/g, ' ')
    .replace(/[\x00-\x1f\x7f]/g, (found) => `\\x${hex(found).padStart(2, '0')}`)
    .replace(INVISIBLE, (found) => `\\u{${hex(found)}}`);
  const data = Buffer.from(shown);
  if (data.length <= LINE_LIMIT) return shown;
  let end = LINE_LIMIT - 3;
  while ((data[end] & 0xc0) === 0x80) end -= 1; // between two characters
  return `${data.subarray(0, end)}...`;
}

/** The transcript, the findings, the summary with the performance data, the details. */
export function report({ state, transcript, findings, summary, metrics, details }) {
  const lines = [...transcript, ...findings].map(line);
  if (summary !== undefined && (lines.length > 0 || !BLANK.test(summary))) lines.push(line(summary));
  if (lines.length === 0) lines.push(state.toUpperCase());
  if (metrics.length > 0) lines.push(`${lines.pop()}|${metrics.map(datum).join(' ')}`);
  lines.push(...details.map(line));
  return { shown: lines.map((text) => `${text}\n`).join(''), code: STATES.indexOf(state) };
}

/** `label=value[unit];[warn];[crit];[min];[max]` */
function datum(metric) {
  const digits = Math.min(metric.precision, PRECISION_LIMIT);
  const fields = [
    value(metric, digits),
    threshold(metric.warning),
    threshold(metric.critical),
    bound(metric.min, digits),
    bound(metric.max, digits),
  ];
  return `${label(metric.name)}=${fields.join(';').replace(/;+$/, '')}`;
}

function value(metric, digits) {
  return Number.isFinite(metric.value) ? fixed(metric.value, digits) + unit(metric) : 'U';
}

export function unit(metric) {
  return metric.unit.replace(/[^A-Za-z%]/g, '').slice(0, 8);
}

export function bound(number, digits) {
  return Number.isFinite(number) ? fixed(number, digits) : '';
}

/** The exact number, rounded half to even. `toFixed` rounds up, and gives up from 1e21 on. */
function fixed(number, digits) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  const bits = view.getBigUint64(0);
  const [isNegative, power, fraction] = [bits >> 63n, (bits >> 52n) & 0x7ffn, bits & 0xfffffffffffffn];
  const scaled = (power ? fraction | (1n << 52n) : fraction) * 10n ** BigInt(digits);
  const shift = (power || 1n) - 1075n;
  const whole = shift >= 0n ? scaled << shift : halved(scaled, -shift);
  const text = whole.toString().padStart(digits + 1, '0');
  const point = text.length - digits;
  return `${isNegative ? '-' : ''}${text.slice(0, point)}${digits ? '.' : ''}${text.slice(point)}`;
}

/** Divided by two so many times. */
function halved(number, times) {
  const whole = number >> times;
  const [rest, half] = [number - (whole << times), 1n << (times - 1n)];
  return rest > half || (rest === half && whole & 1n) ? whole + 1n : whole;
}

function label(name) {
  const shown = line(name).replace(/['"=]/g, '_');
  return /^[A-Za-z0-9_./-]+$/.test(shown) ? shown : `'${shown}'`;
}

/** A range of the plugin guidelines, `[@]start:end`; nothing when it is none. */
export function threshold(text) {
  if (text === undefined || Buffer.byteLength(text) > THRESHOLD_LIMIT) return '';
  const range = text.startsWith('@') ? text.slice(1) : text;
  const colon = range.indexOf(':');
  if (colon < 0) return isNumber(range) ? text : '';
  const [start, end] = [range.slice(0, colon), range.slice(colon + 1)];
  return (start === '~' || isNumber(start)) && (end === '' || isNumber(end)) ? text : '';
}

export function isNumber(text) {
  return NUMBER.test(text) && Number.isFinite(Number(text));
}

/** What the host itself has to say. */
export function failed(message) {
  return late('unknown', message);
}

/** Of a run that had to be stopped because its time was over. */
export function late(state, message) {
  const shown = `${state.toUpperCase()} - ${line(message)}\n`;
  return { shown, code: STATES.indexOf(state), problem: { kind: 'failure', message } };
}

export function misuse(manifest, { message, hint }) {
  const lines = [`${line(manifest.name)}: ${line(message)}`];
  if (hint !== undefined) lines.push(line(hint));
  return { shown: `${lines.join('\n')}\n${usage(manifest)}`, code: UNKNOWN, problem: { kind: 'misuse', message, hint } };
}

/** What is printed where the words could not be read to their end. Pages that were asked for are no problem. */
export function stopped(manifest, { kind, message }) {
  const name = line(manifest.name);
  if (kind === 'version') return { shown: `${name} v${line(manifest.version)}\n`, code: UNKNOWN };
  if (kind === 'help') return { shown: `${name}: ${line(manifest.summary)}\n${usage(manifest)}`, code: UNKNOWN };
  const hint = `see ${name} --help`;
  const shown = `${usage(manifest)}\n${name}: ${line(message)}; ${hint}\n`;
  return { shown, code: UNKNOWN, problem: { kind: 'misuse', message, hint } };
}

function usage(manifest) {
  let shown = line(manifest.name);
  let width = shown.length;
  for (const option of manifest.options) {
    const item = usageItem(option);
    const length = Buffer.byteLength(item);
    const breaks = width + 1 + length > WIDTH;
    shown += (breaks ? '\n' : ' ') + item;
    width = (breaks ? 0 : width + 1) + length;
  }
  return `Usage:\n${shown}\n`;
}

function usageItem(option) {
  const name = option.short === undefined ? `--${option.name}` : `-${option.short}`;
  const item = line(option.kind === 'flag' ? name : `${name} ${option.placeholder}`);
  return (option.required ? item : `[${item}]`) + (option.repeatable ? '...' : '');
}
