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
  const { parts } = known;
  const output: unknown = parts === undefined ? known.output : JSON.parse(textOf(draft, known.id, parts));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was stored is what an action answered
  return ok(output as Output);
}

/** A thousand instances are more than one record of a store holds. A unit of text is at most three bytes of UTF-8. */
const PART_LENGTH = 0x3_0000;

function textOf(draft: Draft, id: string, parts: number): string {
  return Array.from({ length: parts }, (_, part) => draft.get('answerParts', `${id}/${part}`)?.text ?? '').join('');
}

/** Remembers an answer under the token of its request; forgets those that are old. */
export function rememberAnswer(
  draft: Draft,
  { action, input, output }: { readonly action: string; readonly input: Input; readonly output: Output },
  now: number,
): void {
  const token = input['ClientToken'];
  if (typeof token !== 'string' || token === '') return;
  for (const kind of ['answeredTokens', 'answerParts'] as const)
    for (const { id, answeredAt } of draft.list(kind)) if (answeredAt + KEPT <= now) draft.remove(kind, id);
  const answered = { id: `${action}/${token}`, inputText: inputText(input), answeredAt: now };
  const text = JSON.stringify(output);
  const parts = Math.ceil(text.length / PART_LENGTH);
  if (parts <= 1) {
    draft.put('answeredTokens', { ...answered, output });
    return;
  }
  draft.put('answeredTokens', { ...answered, output: undefined, parts });
  for (let part = 0; part < parts; part += 1)
    draft.put('answerParts', {
      id: `${answered.id}/${part}`,
      text: text.slice(part * PART_LENGTH, (part + 1) * PART_LENGTH),
      answeredAt: now,
    });
}
