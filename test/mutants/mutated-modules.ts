// Imports the engine with a mutant in it, many times in one process: each mutant has a graph of modules of its own, told apart by a query.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Mutant, mutate } from './read-mutants.ts';

const ROOT = new URL('../../', import.meta.url).href;
const QUERY = '?mutant=';

const MUTANTS: Map<string, Mutant> = new Map();
/** What is the same in every graph, by URL: taking the types off costs more than running a case. */
const STRIPPED: Map<string, string> = new Map();

registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context);
    const at = context.parentURL?.indexOf(QUERY) ?? -1;
    const isOurs = found.url.startsWith(ROOT) && found.url.endsWith('.ts');
    return at < 0 || !isOurs ? found : { ...found, url: found.url + (context.parentURL?.slice(at) ?? '') };
  },
  load: (url, context, next) => {
    const [plain = '', name] = url.split(QUERY);
    if (name === undefined) return next(url, context);
    return { format: 'module', source: javaScript(plain, MUTANTS.get(name)), shortCircuit: true };
  },
});

/** A module of the project, and all that it imports, with the mutant in its place; without one as it is. `path` is from the root. */
export async function importMutated(path: string, mutant: Mutant | undefined): Promise<unknown> {
  const name = mutant?.name ?? 'none';
  if (mutant !== undefined) MUTANTS.set(name, mutant);
  return await import(`${ROOT}${path}${QUERY}${name}`);
}

function javaScript(url: string, mutant: Mutant | undefined): string {
  if (mutant !== undefined && url === ROOT + mutant.file)
    return stripTypeScriptTypes(mutate(readFileSync(fileURLToPath(url), 'utf8'), mutant));
  const known = STRIPPED.get(url);
  if (known !== undefined) return known;
  const stripped = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
  STRIPPED.set(url, stripped);
  return stripped;
}
