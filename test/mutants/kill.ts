// Runs the checks against one mutant: `node kill.ts <name>` says `killed by …` or `survived`; without a name the source is as it is.
// The engine is imported only after the hook stands, so that every module of the process sees the mutated source.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Mutant, mutate, readMutants } from './read-mutants.ts';

/** Random worlds that are compared with the oracle when the cases find nothing. */
const WORLDS = 250;
const PACKETS_PER_WORLD = 24;

const name = process.argv[2];
const mutant = readMutants().find((one) => one.name === name);
if (mutant !== undefined) hook(mutant);
else if (name !== undefined) throw new Error(`no mutant is called ${name}`);
process.stdout.write(`${(await killer()) ?? 'survived'}\n`);

function hook(one: Mutant): void {
  const url = new URL(`../../${one.file}`, import.meta.url).href;
  registerHooks({
    load: (asked, context, next) => {
      if (asked !== url) return next(asked, context);
      const source = mutate(readFileSync(fileURLToPath(url), 'utf8'), one);
      return { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}

async function killer(): Promise<string | undefined> {
  const { readCases } = await import('../cases/read-cases.ts');
  const { ENGINES, runPacket, runReach, runReachPacket } = await import('../cases/run-case.ts');
  const { runModel } = await import('../cases/model-case.ts');
  const { runSequence } = await import('../cases/sequence-case.ts');
  for (const one of readCases()) {
    const runs: (() => void)[] = [];
    if (one.kind === 'packet') {
      runs.push(() => runReachPacket(one), ...ENGINES.map((engine) => () => runPacket(engine, one)));
    } else if (one.kind === 'reach') {
      runs.push(() => runReach(one));
    } else if (one.kind === 'model') {
      runs.push(() => runModel(one));
    } else if (one.kind === 'sequence') {
      runs.push(() => runSequence(one));
    }
    if (runs.some(fails)) return `killed by ${one.file} ${one.name}`;
  }
  return await randomKiller();
}

async function randomKiller(): Promise<string | undefined> {
  const { compareWithOracle } = await import('../oracle/compare.ts');
  for (let seed = 0; seed < WORLDS; seed += 1)
    if (fails(() => compareWithOracle(seed, PACKETS_PER_WORLD))) return `killed by random world ${seed}`;
  return undefined;
}

function fails(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}
