import { readFileSync } from 'node:fs';

/** One place of a file and what to put there. */
export type Edit = { readonly find: string; readonly replace: string };

/**
 * A plausible mistake in one source file, the rule of the semantics that it breaks, and the conformance case, or the law, that fails with it. `also` is
 * for what two places of the file prevent.
 */
export type Mutant = Edit & {
  readonly name: string;
  readonly file: string;
  readonly also?: Edit;
  readonly breaks: string;
  readonly by: string;
};

/** The mutants of a file: those of the semantics, or those of the analysis of all pairs. */
export function readMutants(name: 'mutants.json' | 'pair-mutants.json' = 'mutants.json'): readonly Mutant[] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly mutants: readonly Mutant[] }).mutants;
}

/** The source with the mutant in it. Throws unless each place is there exactly once: a mutant that no longer applies proves nothing. */
export function mutate(source: string, mutant: Mutant): string {
  return [mutant, ...(mutant.also === undefined ? [] : [mutant.also])].reduce((text, { find, replace }) => {
    const [before, after, ...more] = text.split(find);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(
        `mutant ${mutant.name}: ${mutant.file} has its place ${text.split(find).length - 1} times, not once`,
      );
    return before + replace + after;
  }, source);
}
