import type { Family } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { parseTraffic } from '../core/net/traffic.ts';
import type { World } from '../core/model/world.ts';
import { type Answer, answerQuestion } from './answer.ts';
import { resolveEndpoint } from './endpoint.ts';

/** What a user asks, in the user's words. */
export type Asked = {
  readonly from: string;
  readonly to: string;
  readonly traffic: string;
  readonly family?: Family | undefined;
};

/** What is wrong with a question, and what the user may have meant. */
export type AskError = { readonly message: string; readonly suggestions: readonly string[] };

/** The answer to a question in words. */
export function ask(world: World, asked: Asked): Result<Answer, AskError> {
  const traffic = parseTraffic(asked.traffic);
  if (!traffic.ok) return fail({ message: traffic.error, suggestions: [] });
  const from = resolveEndpoint(world, asked.from);
  if (!from.ok) return from;
  const to = resolveEndpoint(world, asked.to);
  if (!to.ok) return to;
  const answer = answerQuestion(world, {
    from: from.value,
    to: to.value,
    traffic: traffic.value,
    ...(asked.family === undefined ? {} : { family: asked.family }),
  });
  return answer.ok ? ok(answer.value) : fail({ message: answer.error, suggestions: [] });
}
