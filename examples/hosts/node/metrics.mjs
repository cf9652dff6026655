// What came of a check as OpenMetrics 1.0 (docs/output.md): the names are those of `sandcheck serve`.

import * as text from './text.mjs';

const PREFIX = 'probe_metric_'; // so that no plugin can name a metric that the host itself says something with
// What a value is multiplied with to be in the base unit, in which a name ends.
const BASE_UNITS = new Map([
  ['', ['', 1]], ['c', ['', 1]], ['%', ['ratio', 1e-2]],
  ['s', ['seconds', 1]], ['ms', ['seconds', 1e-3]], ['us', ['seconds', 1e-6]], ['ns', ['seconds', 1e-9]],
  ['B', ['bytes', 1]], ['kB', ['bytes', 1e3]], ['KB', ['bytes', 1e3]], ['MB', ['bytes', 1e6]],
  ['GB', ['bytes', 1e9]], ['TB', ['bytes', 1e12]], ['KiB', ['bytes', 2 ** 10]], ['MiB', ['bytes', 2 ** 20]],
  ['GiB', ['bytes', 2 ** 30]], ['TiB', ['bytes', 2 ** 40]],
  ['C', ['celsius', 1]], ['V', ['volts', 1]], ['A', ['amperes', 1]], ['W', ['watts', 1]],
]);
// Spans of time that a name without a unit may count in, and their seconds.
const SPANS = new Map([['minutes', 60], ['hours', 3600], ['days', 86400], ['weeks', 604800]]);
const KNOWN_UNITS = [...BASE_UNITS.values()].map(([unit]) => unit).filter((unit) => unit !== '');
const UNIT_LIMIT = 16; // characters of a unit that is not known
const RESERVED = /_(total|count|sum|bucket|info|created)$/; // ends of names that mean something
// A finding about a certificate that is the plugin's own: the date stands at its end, where no name of a
// certificate, which the server chooses, can be mistaken for it.
const EXPIRY =
  /^(?:OK|WARNING|CRITICAL) - Certificate '.*(?:' will expire on (.{24}) \+0000\.|' expired on (.{24}) \+0000\.| \((.{24}) \+0000\)\.?)$/s;

/** Metrics of one name, without the `_total` of a counter. */
class Family {
  constructor(name, help, kind = 'gauge', unit = '') {
    Object.assign(this, { name, help, kind, unit, samples: new Map() });
  }

  /** Unless these labels have a value already. */
  add(labels, value) {
    const shown = labels.map(([name, label]) => `${name}="${escaped(label)}"`).join(',');
    if (!this.samples.has(shown)) this.samples.set(shown, value);
    return this;
  }

  lines(common) {
    const end = this.kind === 'counter' ? '_total' : '';
    const unit = this.unit ? [`# UNIT ${this.name} ${this.unit}`] : [];
    const samples = [...this.samples].map(([labels, value]) => {
      const all = [labels, ...common].filter((label) => label !== '').join(',');
      return `${this.name}${end}{${all}} ${number(value)}`;
    });
    return [`# HELP ${this.name} ${escaped(this.help)}`, `# TYPE ${this.name} ${this.kind}`, ...unit, ...samples];
  }
}

/** Of a report, or of the problem that there is instead of one. Every sample says of what it is. */
export function exposition(plugin, target, output, report) {
  const state = text.STATES[output.code];
  const families = [success(report !== undefined && state === 'ok'), states(state)];
  families.push(...(report ? ofReport(report) : [unreported(output.problem)]));
  const said = Object.entries({ plugin, target }).filter(([, value]) => value !== '');
  const common = said.map(([name, value]) => `${name}="${escaped(text.line(value))}"`);
  const lines = families.filter(({ samples }) => samples.size > 0).flatMap((family) => family.lines(common));
  return [...lines, '# EOF'].map((line) => `${line}\n`).join('');
}

function success(isSuccess) {
  return new Family('probe_success', 'Whether the check was a success').add([], Number(isSuccess));
}

function states(found) {
  const family = new Family('probe_state', 'The state that the check found: 1, the others: 0');
  for (const state of text.STATES) family.add([['state', state]], Number(state === found));
  return family;
}

function unreported({ kind }) {
  return new Family('probe_unreported', 'Why the check has no report').add([['reason', kind]], 1);
}

/** The end of the certificate, the metrics as the report has them, their thresholds. */
function ofReport({ findings, metrics }) {
  const families = new Map();
  const thresholds = new Family('probe_threshold', 'Where a metric begins to alert, in its own unit');
  for (const metric of metrics) {
    const name = nameOf(text.line(metric.name), metric.unit);
    if (!families.has(name.text)) {
      const help = `Performance data of the plugin: ${name.original}`;
      families.set(name.text, new Family(name.text, help, name.kind, name.unit));
    }
    families.get(name.text).add(name.labels, Number.isFinite(metric.value) ? metric.value * name.factor : NaN);
    for (const severity of ['warning', 'critical']) addThreshold(thresholds, name, severity, metric[severity] ?? '');
  }
  return [...certificate(findings), ...families.values(), thresholds];
}

/** Under the name that it has in blackbox_exporter, for the same alerts. */
function certificate(findings) {
  const ends = findings.map(expiry).filter((end) => end !== undefined);
  if (ends.length === 0) return [];
  const help = "The end of the server's certificate, in seconds since 1970";
  return [new Family('probe_ssl_earliest_cert_expiry', help).add([], Math.min(...ends))];
}

function expiry(finding) {
  const date = EXPIRY.exec(finding)?.slice(1).find((found) => found !== undefined);
  const moment = new Date(`${date} UTC`);
  return moment >= 0 && asctime(moment) === date ? moment / 1000 : undefined;
}

/** `Sun Dec 13 03:03:26 2026` */
function asctime(moment) {
  const [weekday, day, month, year, time] = moment.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
}

/** How a metric of a report is called: in snake case, with its base unit at the end. */
function nameOf(original, unit) {
  const [base, suffix, factor] = spelledSpan(original, unit) ?? inUnit(original, unit);
  const isCounter = unit === 'c';
  let name = PREFIX + base;
  if (suffix !== '' && !name.endsWith(`_${suffix}`)) name += `_${suffix}`;
  if (isCounter && name.endsWith('_total')) name = name.slice(0, -'_total'.length);
  else if (RESERVED.test(name)) name += '_value';
  return {
    original,
    text: name,
    kind: isCounter ? 'counter' : 'gauge',
    unit: KNOWN_UNITS.includes(suffix) && name.endsWith(suffix) ? suffix : '',
    factor,
    // The plugin's own name, when it cannot be told from the other one.
    labels: base === original ? [] : [['metric', original]],
  };
}

/** The name, its base unit, and what a value is multiplied with to be in that. */
function inUnit(original, unit) {
  const known = BASE_UNITS.get(unit) ?? [snakeCase([...unit].slice(0, UNIT_LIMIT).join('')), 1];
  return [snakeCase(original), ...known];
}

/** The same of `certificate_days`, which is `certificate` in seconds. */
function spelledSpan(original, unit) {
  const words = snakeCase(original).split('_');
  const at = words.findIndex((word) => SPANS.has(word));
  if (unit !== '' || at < 0 || words.length === 1) return undefined;
  return [words.toSpliced(at, 1).join('_'), 'seconds', SPANS.get(words[at])];
}

/** Lower-case letters, digits and single inner underscores. */
function snakeCase(name) {
  return name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '').toLowerCase() || 'unnamed';
}

/** One sample for each end of the range. A number alone is an upper end. */
function addThreshold(family, name, severity, threshold) {
  const bounds = threshold.replace(/^@/, '');
  const colon = bounds.indexOf(':');
  const [start, end] = colon < 0 ? ['~', bounds] : [bounds.slice(0, colon), bounds.slice(colon + 1)];
  const isEnd = text.isNumber(end) || (colon >= 0 && end === '');
  if (!isEnd || !(start === '~' || text.isNumber(start))) return;
  const sample = name.text + (name.kind === 'counter' ? '_total' : '');
  const alert = threshold.startsWith('@') ? 'inside' : 'outside';
  for (const [bound, value] of [['lower', start], ['upper', end]]) {
    if (value === '~' || value === '') continue;
    const labels = Object.entries({ name: sample, severity, alert, bound });
    family.add([...labels, ...name.labels], Number(value) * name.factor);
  }
}

function escaped(value) {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** The shortest digits that are this number, without an exponent. */
function number(value) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [digits, exponent] = String(Math.abs(value)).split('e');
  if (exponent === undefined) return sign + digits;
  const bare = digits.replace('.', '');
  const zeros = '0'.repeat(Math.abs(exponent) - (exponent < 0 ? 1 : bare.length - 1));
  return sign + (exponent < 0 ? `0.${zeros}${bare}` : bare + zeros);
}
