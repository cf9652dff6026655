// What came of a check as one line of JSON (docs/output.md). Its texts are those of the text form, escaped and
// bounded alike, so that they may be shown.

import * as text from './text.mjs';

const SCHEMA = 1;
const LONG = 1e21; // from here on a number is written with an exponent
const NOTHING = { findings: [], metrics: [], details: [], transcript: [] };

/** Of a report, or of the problem that there is instead of one. */
export function line(manifest, output, report = NOTHING) {
  const problem = output.problem ?? { kind: 'report' };
  const fields = {
    schema: SCHEMA,
    name: quoted(manifest.name),
    version: quoted(manifest.version),
    result: quoted(problem.kind),
    state: quoted(text.STATES[output.code].toUpperCase()),
    exit_code: output.code,
    summary: quoted(report.summary),
    findings: listed(report.findings.map(quoted)),
    metrics: listed(report.metrics.map(metric)),
    details: listed(report.details.map(quoted)),
    transcript: listed(report.transcript.map(quoted)),
    error: quoted(problem.message),
    hint: quoted(problem.hint),
    output: JSON.stringify(output.shown),
  };
  return `${object(fields)}\n`;
}

function metric(found) {
  const digits = Math.min(found.precision, text.PRECISION_LIMIT);
  return object({
    name: quoted(found.name),
    value: number(found.value, digits),
    unit: quoted(text.unit(found)),
    warning: quoted(text.threshold(found.warning) || undefined),
    critical: quoted(text.threshold(found.critical) || undefined),
    min: number(found.min, digits),
    max: number(found.max, digits),
    precision: digits,
  });
}

/** With as many digits as the metric is good for, which `JSON.stringify` would not write. */
function number(value, digits) {
  if (Math.abs(value) >= LONG && Number.isFinite(value)) return String(value).replace('e+', 'e');
  return text.bound(value, digits) || 'null';
}

/** One line, as it would be shown. What JSON has no escapes for has been taken out by that. */
function quoted(found) {
  return found === undefined ? 'null' : JSON.stringify(text.line(found));
}

function listed(items) {
  return `[${items.join(',')}]`;
}

function object(fields) {
  const written = Object.entries(fields).map(([name, value]) => `"${name}":${value}`);
  return `{${written.join(',')}}`;
}
