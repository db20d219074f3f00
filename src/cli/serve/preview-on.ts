import { fail, ok, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import type { Env } from '../../server/control/env.ts';
import type { Estate } from '../../server/control/estate.ts';
import { parseCliCall } from '../../server/ec2/cli-call.ts';
import { tryCall } from '../../server/ec2/try-call.ts';
import type { HeavyFault } from '../../server/native/heavy-questions.ts';
import { notACall, refusedCall } from '../call-faults.ts';

/** The world after a call that is written as for the AWS CLI, or why there is none; nothing is kept. */
export function previewOn(estate: Estate, words: readonly string[], env: Env): Result<World, HeavyFault> {
  const call = parseCliCall(words);
  if (!call.ok) return fail({ status: 400, ...notACall(words, call.error) });
  const after = tryCall(estate, call.value, env);
  return after.ok ? ok(after.value.world) : fail({ status: 409, message: refusedCall(after.error) });
}
