import { fail, ok, type Result } from '../core/net/result.ts';
import { suggestNames } from '../analysis/suggest.ts';
import { type Given, givenIn, isParameter } from '../formats/cloudformation/parameters.ts';
import type { Export } from '../formats/describe.ts';
import type { Io, LoadError } from './io.ts';

/** The options that give values, as commander reads them. */
export type ParameterOptions = { readonly parameter?: readonly string[]; readonly parameters?: string };

/** The values of `--parameters`, and of `--parameter`, which comes first; undefined where neither is there. */
export async function givenParameters(
  io: Pick<Io, 'readText'>,
  { parameter, parameters }: ParameterOptions,
): Promise<Result<Given | undefined, LoadError>> {
  if (parameter === undefined && parameters === undefined) return ok(undefined);
  const given = new Map<string, string>();
  if (parameters !== undefined) {
    const read = await io.readText(parameters);
    if (!read.ok) return read;
    const written = givenIn(parsed(read.value));
    if (written === undefined)
      return malformed(
        `${parameters}: expected JSON: [{"ParameterKey": "Name", "ParameterValue": "value"}], or {"Name": "value"}`,
      );
    for (const [name, value] of written) given.set(name, value);
  }
  const named = new Set<string>();
  for (const text of parameter ?? []) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined || named.has(name))
      return malformed(`--parameter ${JSON.stringify(text.slice(0, 60))}: Name=value is expected, each name once`);
    named.add(name);
    given.set(name, value);
  }
  return ok(given);
}

/** Why parameters are refused that none of the documents has: undefined where each is of one of them. */
export function unusedFault(given: Given | undefined, documents: readonly Export[]): LoadError | undefined {
  const known = new Set(documents.flatMap(({ parameters = [] }) => parameters));
  if (given !== undefined && given.size > 0 && documents.every(({ parameters }) => parameters === undefined))
    return { kind: 'malformed', message: '--parameter is for CloudFormation templates: this is none' };
  const unused = [...(given?.keys() ?? [])].find((name) => !isParameter(name, known));
  if (unused === undefined) return undefined;
  const [near] = suggestNames(unused, known);
  const hint =
    near !== undefined
      ? `: did you mean ${near}?`
      : known.size === 0
        ? ': it has none'
        : `: it has ${[...known].slice(0, 10).join(', ')}`;
  return { kind: 'malformed', message: `the template has no parameter ${JSON.stringify(unused.slice(0, 60))}${hint}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(message: string): { readonly ok: false; readonly error: LoadError } {
  return fail({ kind: 'malformed', message });
}
