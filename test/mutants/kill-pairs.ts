// Runs the laws of the analysis of all pairs with mutants in it, each on the world that the mutant names, and writes a line for each as `kill.ts`
// does: `name: killed by law and world`, `name: survived` or `name: crashed …`. It is given names of mutants (none: all), and `none` for the source
// as it is. With `--search` it tries the law on many worlds: so one finds the world for a new mutant.
import { AssertionError } from 'node:assert';
import type { LAWS as Laws } from './pair-laws.ts';
import { importMutated } from './mutated-modules.ts';
import { type Mutant, readMutants } from './read-mutants.ts';

// Imported as a type only: the laws come with a mutant in what they run.
type Imported = { readonly LAWS: typeof Laws };

const SEARCHED = 400;

const MUTANTS = readMutants('pair-mutants.json');
const asked = process.argv.slice(2);
const isSearch = asked.includes('--search');
const names = asked.filter((word) => word !== '--search');
for (const name of names.length > 0 ? names : ['none', ...MUTANTS.map((one) => one.name)]) {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined && name !== 'none') throw new Error(`no mutant is called ${name}`);
  process.stdout.write(`${name}: ${await outcome(mutant)}\n`);
}

async function outcome(mutant: Mutant | undefined): Promise<string> {
  try {
    const { LAWS } = (await importMutated('test/mutants/pair-laws.ts', mutant)) as Imported;
    for (const [law, seed] of worldsFor(mutant))
      if (isBroken(() => LAWS[law]?.(seed))) return `killed by ${law} ${seed}`;
    return 'survived';
  } catch (error) {
    // A mutant that crashes is no mistake that anyone would leave in: it proves nothing.
    return `crashed with ${String(error)}`;
  }
}

/** The law and world that a mutant names; for the source as it is all that any names. */
function worldsFor(mutant: Mutant | undefined): readonly (readonly [string, number])[] {
  if (mutant === undefined) return [...new Set(MUTANTS.map((one) => one.by))].map(readBy);
  const [law, seed] = readBy(mutant.by);
  return isSearch ? Array.from({ length: SEARCHED }, (_, at) => [law, at + 1] as const) : [[law, seed]];
}

function readBy(by: string): readonly [string, number] {
  const [law = '', seed = '1'] = by.split(' ');
  return [law, Number(seed)];
}

function isBroken(holds: () => void): boolean {
  try {
    holds();
    return false;
  } catch (error) {
    if (error instanceof AssertionError) return true;
    throw error;
  }
}
