// The forms in which a host shows what came of a check, and which one is asked for.

import { target } from './grants.mjs';
import * as json from './json.mjs';
import * as metrics from './metrics.mjs';
import * as text from './text.mjs';

export const FORMS = ['text', 'json', 'openmetrics'];

/** How what came of these arguments is shown. `given` is where they come from, as words or by their names. */
export class Showing {
  constructor(manifest, given, { pairs, stop }) {
    const form = stop ? ofWhatWasGiven(manifest, given) : ofPairs(manifest, pairs);
    Object.assign(this, { manifest, pairs, form: form ?? 'text' });
  }

  report(report) {
    return this.shown(text.report(report), report);
  }

  /** Pages that were asked for stay what they are. */
  unreported(output) {
    return output.problem ? this.shown(output) : output;
  }

  shown(output, report) {
    const { manifest, pairs } = this;
    if (this.form === 'json') return { ...output, shown: json.line(manifest, output, report) };
    if (this.form === 'text') return output;
    return { ...output, shown: metrics.exposition(manifest.name, target(manifest, pairs), output, report) };
  }
}

/** The last value of the option counts, or else its default. */
function ofPairs(manifest, pairs) {
  const option = outputOption(manifest);
  const given = option && pairs.findLast(({ name }) => name === option.name);
  return named(given ? given.value : option?.default);
}

/** Whoever reads JSON does so where the arguments cannot be read to their end too. */
function ofWhatWasGiven(manifest, given) {
  const option = outputOption(manifest);
  if (!option) return undefined;
  const values = Array.isArray(given) ? valuesAmong(given, `--${option.name}`) : [given[option.name]].flat();
  return values.findLast(named);
}

/** `--output json`, `--output=json` */
function valuesAmong(words, option) {
  const end = words.indexOf('--');
  const read = end < 0 ? words : words.slice(0, end);
  return read.map((word, at) => {
    if (word === option) return read[at + 1];
    return word.startsWith(`${option}=`) ? word.slice(option.length + 1) : undefined;
  });
}

function named(value) {
  return FORMS.includes(value) ? value : undefined;
}

function outputOption({ options }) {
  return options.find(({ kind }) => kind === 'output');
}
