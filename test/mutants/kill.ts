// Runs conformance cases with mutants in the engine and writes a line for each mutant: `name: killed by case`, `name: survived` or
// `name: crashed …`. It is given names of mutants (none: all), and `none` for the source as it is. With `--search` it runs all cases, names
// every one that fails, and where none does compares random worlds with the oracle: so one finds the case for a new mutant, or that it lacks one.
import type { runCase as RunCase } from '../cases/any-case.ts';
import { type Case, readCases } from '../cases/read-cases.ts';
import type { compareWithOracle as CompareWithOracle } from '../oracle/compare.ts';
import { importMutated } from './mutated-modules.ts';
import { type Mutant, readMutants } from './read-mutants.ts';

// Imported as types only: the functions come with a mutant in what they run.
type AnyCase = { readonly runCase: typeof RunCase };
type Compare = { readonly compareWithOracle: typeof CompareWithOracle };

/** Random worlds that are compared when no case fails. */
const WORLDS = 300;
const PACKETS_PER_WORLD = 24;

/** A mutant that crashes is no mistake that anyone would leave in: it proves nothing. */
const CRASHES = [TypeError, ReferenceError, RangeError, SyntaxError];

const CASES = readCases();
const MUTANTS = readMutants();

const asked = process.argv.slice(2);
const isSearch = asked.includes('--search');
const names = asked.filter((word) => word !== '--search');
for (const name of names.length > 0 ? names : MUTANTS.map((one) => one.name)) {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined && name !== 'none') throw new Error(`no mutant is called ${name}`);
  process.stdout.write(`${name}: ${await outcome(mutant)}\n`);
}

async function outcome(mutant: Mutant | undefined): Promise<string> {
  try {
    const killers = await failing(mutant);
    if (killers.length > 0) return `killed by ${killers.join(' ')}`;
    const seed = isSearch ? await differingWorld(mutant) : undefined;
    return seed === undefined ? 'survived' : `killed by random world ${seed}`;
  } catch (error) {
    return `crashed with ${String(error)}`;
  }
}

async function failing(mutant: Mutant | undefined): Promise<readonly string[]> {
  const { runCase } = (await importMutated('test/cases/any-case.ts', mutant)) as AnyCase;
  return casesFor(mutant)
    .filter((one) => fails(() => runCase(one)))
    .map((one) => one.name);
}

/** The one case that a mutant names; for the source as it is those that any names. */
function casesFor(mutant: Mutant | undefined): readonly Case[] {
  if (isSearch) return CASES;
  const wanted = new Set(mutant === undefined ? MUTANTS.map((one) => one.by) : [mutant.by]);
  const found = CASES.filter((one) => wanted.has(one.name));
  if (found.length < wanted.size) throw new Error(`no case is called ${[...wanted].join(' or ')}`);
  return found;
}

async function differingWorld(mutant: Mutant | undefined): Promise<number | undefined> {
  const { compareWithOracle } = (await importMutated('test/oracle/compare.ts', mutant)) as Compare;
  for (let seed = 0; seed < WORLDS; seed += 1) if (fails(() => compareWithOracle(seed, PACKETS_PER_WORLD))) return seed;
  return undefined;
}

function fails(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (CRASHES.some((kind) => error instanceof kind)) throw error;
    return true;
  }
}
