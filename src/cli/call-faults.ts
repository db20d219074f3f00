import { suggestNames } from '../analysis/suggest.ts';
import type { Refusal } from '../server/control/refusal.ts';
import type { CallFault } from '../server/ec2/cli-call.ts';

/** Why words are no call, with what was perhaps meant. */
export function notACall(
  words: readonly string[],
  { message, candidates }: CallFault,
): { readonly message: string; readonly suggestions: readonly string[] } {
  const wanted = words.find((word) => !['aws', 'ec2'].includes(word)) ?? '';
  return { message, suggestions: suggestNames(wanted, candidates) };
}

/** What AWS would answer to a call instead of doing it. */
export function refusedCall({ code, message }: Refusal): string {
  return `the call would be refused with ${code}: ${message}`;
}
