// Makes a component of check_banner.js: node componentize.mjs FOLDER-OF-WIT OUTPUT.
// It lies in the folder with node_modules when it runs (`make plugins`).
import { readFile, writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const [wit, output] = process.argv.slice(2);
const source = await readFile(new URL('check_banner.js', import.meta.url), 'utf8');
const { component } = await componentize(source, {
  witPath: wit,
  worldName: 'banner',
  // A check has no output, no clock of its own and no web: nothing of that is in the component.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(output, component);
