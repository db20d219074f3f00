// Writes the table of EC2's actions in the README anew from the registry: `node tools/support-table.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AREAS } from '../src/server/ec2/actions/registry.ts';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
const PLACE = /(<!-- support-table -->\n)[\s\S]*?(\n<!-- \/support-table -->)/;

/** The README with the table as the registry has it: a row an area, actions of one noun together. */
export function withSupportTable(readme: string): string {
  const rows = AREAS.map(({ name, actions }) => {
    const names = actions.flatMap((one) => Object.keys(one)).toSorted();
    return `| ${name} | ${names.length} | ${shortened(names)} |`;
  });
  return readme.replace(
    PLACE,
    (_, open: string, close: string) => `${open}| Area | | Actions |\n|---|--:|---|\n${rows.join('\n')}${close}`,
  );
}

/** `CreateVpc`, `DeleteVpc` → `Create/DeleteVpc`. */
function shortened(names: readonly string[]): string {
  const verbs = Map.groupBy(names, (name) => name.replace(/^[A-Z][a-z]+/, ''));
  return [...verbs]
    .map(([noun, all]) => `${all.map((name) => name.slice(0, name.length - noun.length)).join('/')}${noun}`)
    .join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(README, withSupportTable(readFileSync(README, 'utf8')));
  process.stdout.write(`wrote ${README}\n`);
}
