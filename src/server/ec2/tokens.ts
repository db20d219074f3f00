import { ok, type Result } from '../../core/net/result.ts';
import type { Draft } from '../control/draft.ts';
import { invalidParameter, refuse, type Refusal } from '../control/refusal.ts';
import type { Input } from './decode.ts';
import type { Output } from './encode.ts';

/** How long an answer is kept under its token, in milliseconds: a day. AWS says only that tokens expire. */
const KEPT = 86_400_000;
const MAX_TOKEN_LENGTH = 64;

/** The request as text, for comparing: the same members in the same order have the same text, for the codec decodes by the shape. */
function inputText(input: Input): string {
  return JSON.stringify({ ...input, ClientToken: undefined });
}

/** Idempotency (E2:ec2-api-idempotency): the same request under the same token is answered as before and does nothing more. */
export function answeredBefore(draft: Draft, action: string, input: Input): Result<Output | undefined, Refusal> {
  const token = input['ClientToken'];
  if (typeof token !== 'string' || token === '') return ok(undefined);
  if (token.length > MAX_TOKEN_LENGTH)
    return invalidParameter(
      'ClientToken',
      `${token.slice(0, 20)}…`,
      `Tokens have at most ${MAX_TOKEN_LENGTH} characters.`,
    );
  const known = draft.get('answeredTokens', `${action}/${token}`);
  if (known === undefined) return ok(undefined);
  if (known.inputText !== inputText(input))
    return refuse('IdempotentParameterMismatch', `The client token '${token}' was used with other parameters.`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was stored is what an action answered
  return ok(known.output as Output);
}

/** Remembers an answer under the token of its request; forgets those that are old. */
export function rememberAnswer(
  draft: Draft,
  { action, input, output }: { readonly action: string; readonly input: Input; readonly output: Output },
  now: number,
): void {
  const token = input['ClientToken'];
  if (typeof token !== 'string' || token === '') return;
  for (const { id, answeredAt } of draft.list('answeredTokens'))
    if (answeredAt + KEPT <= now) draft.remove('answeredTokens', id);
  draft.put('answeredTokens', { id: `${action}/${token}`, inputText: inputText(input), output, answeredAt: now });
}
