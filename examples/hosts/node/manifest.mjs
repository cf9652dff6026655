// What a manifest has to be like before anything is concluded from it.

import { FORMS } from './form.mjs';
import { PluginError } from './plugin.mjs';
import { parts, stateOf, whole } from './words.mjs';

const COMMAND = /^[A-Za-z0-9_.-]{1,64}$/;
const VERSION = /^[A-Za-z0-9.+-]{1,64}$/;
const NAME = /^(?!-)[a-z0-9-]{1,64}(?<!-)$/;
const ALIAS = /^--?(?!-)[A-Za-z0-9_-]{1,64}$/;
const RESERVED = ['help', 'version', 'extra-opts', '-h', '-V'];
const MOST_OPTIONS = 250;

/** Fails with what is wrong. */
export function check(manifest) {
  expect(manifest.options.length <= MOST_OPTIONS, `it has more than ${MOST_OPTIONS} options`);
  expect(COMMAND.test(manifest.name), `'${manifest.name}' is no name of a command`);
  expect(VERSION.test(manifest.version), `'${manifest.version}' is no version`);
  const seen = new Set();
  for (const option of manifest.options) {
    for (const spelling of spellings(option)) {
      expect(!RESERVED.includes(spelling), `the option '${spelling}' belongs to the host`);
      expect(!seen.has(spelling), `the option '${spelling}' is declared twice`);
      seen.add(spelling);
    }
    checkDefault(option);
  }
  checkReferences(manifest);
}

/** All of them, long ones without their dashes so that they clash with names. */
function spellings(option) {
  expect(NAME.test(option.name), `'${option.name}' is no name of an option`);
  const found = [option.name];
  if (option.short !== undefined) {
    expect(/^[A-Za-z0-9]$/.test(option.short), `'-${option.short}' is no name of an option`);
    found.push(`-${option.short}`);
  }
  for (const alias of option.aliases) {
    expect(ALIAS.test(alias), `'${alias}' is no spelling of an option`);
    expect(!RESERVED.includes(alias), `the option '${alias}' belongs to the host`);
    found.push(alias.replace(/^--/, ''));
  }
  return found;
}

/** The host itself reads the values of some kinds. */
function checkDefault(option) {
  if (option.default === undefined) return;
  const number = /^[0-9]{1,19}$/.test(option.default) ? Number(option.default) : 0;
  const [seconds, state] = parts(option.default);
  const right = {
    timeout: whole(seconds) > 0 && (state === undefined || stateOf(state) !== undefined),
    port: number > 0 && number < 65536,
    output: FORMS.includes(option.default),
    // A plugin names no files and no addresses of the machine that it runs on.
    flag: false,
    file: false,
    anchors: false,
    source: false,
  };
  expect(right[option.kind] ?? true, `'${option.default}' is no default for the option '${option.name}'`);
}

function checkReferences({ options, word }) {
  const isOption = (name) => options.some((option) => option.name === name);
  expect(
    word === undefined || isOption(word),
    `a plain word is for the option '${word}', which there is not`,
  );
  for (const said of options.flatMap((option) => option.implies)) {
    expect(isOption(said.name), `the option '${said.name}' is implied, which there is not`);
  }
  for (const kind of ['timeout', 'nodename', 'output', 'source']) {
    const found = options.filter((option) => option.kind === kind);
    expect(found.length < 2, `more than one option is of the kind ${kind}`);
  }
}

function expect(holds, otherwise) {
  if (!holds) throw new PluginError(`the manifest is not valid: ${otherwise}`);
}
