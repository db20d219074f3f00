import { readFileSync } from 'node:fs';

/** A plausible mistake: one place of one source file, what to put there, and the rule of the semantics that it breaks. */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly breaks: string;
};

/** The mutants of `mutants.json`. */
export function readMutants(): readonly Mutant[] {
  const text = readFileSync(new URL('mutants.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly mutants: readonly Mutant[] }).mutants;
}

/** The source with the mutant in it. Throws unless the place is there exactly once: a mutant that no longer applies proves nothing. */
export function mutate(source: string, { name, file, find, replace }: Mutant): string {
  const [before, after, ...more] = source.split(find);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`mutant ${name}: ${file} has its place ${source.split(find).length - 1} times, not once`);
  return before + replace + after;
}
