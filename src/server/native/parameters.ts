import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Asked } from '../../analysis/ask.ts';

/** What is wrong with a query. */
type Fault = { readonly status: number; readonly message: string };

/** The parameters of a query, each at most once and with one of the names; what signing adds is left out. */
export function parametersOf<N extends string>(
  query: string,
  names: readonly N[],
): Result<{ readonly [K in N]?: string }, Fault> {
  const found: { [K in N]?: string } = {};
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const equals = pair.indexOf('=');
    const text = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = decoded(equals < 0 ? '' : pair.slice(equals + 1));
    if (text === undefined || value === undefined) return bad('the query holds a percent sign that starts no byte');
    if (/^X-Amz-/i.test(text)) continue;
    const name = names.find((one) => one === text);
    if (name === undefined || Object.hasOwn(found, name)) return bad(`the parameters are ${listed(names)}, each once`);
    found[name] = value;
  }
  return ok(found);
}

/** The two ends, traffic and family of a query; all traffic where it names none. */
export function askedIn(query: string): Result<Asked, Fault> {
  const words = parametersOf(query, ['from', 'to', 'traffic', 'family']);
  if (!words.ok) return words;
  const { from, to, traffic = 'all', family } = words.value;
  if (from === undefined || to === undefined) return bad('the parameters from and to must be there');
  if (family !== undefined && family !== 'ipv4' && family !== 'ipv6') return bad('family is ipv4 or ipv6');
  return ok({ from, to, traffic, family });
}

/** A part of a path or query without its percent signs; undefined where one starts no byte. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return fail({ status: 400, message });
}
