import { randomBytes } from 'node:crypto';
import { listRecords, type World } from '../core/model/world.ts';
import { KEY_MAKER } from '../server/access/key-maker.ts';
import type { Env } from '../server/control/env.ts';
import { NO_LIMITS } from '../server/control/import-world.ts';
import { parseCliCall } from '../server/ec2/cli-call.ts';
import { estateOfWorld, tryCall } from '../server/ec2/try-call.ts';
import { notACall, refusedCall } from './call-faults.ts';
import { type Context, refuse } from './context.ts';
import { answerDiff, type DiffOptions } from './diff-answer.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import { openWorld } from './open-world.ts';

/** Tries a call, in words as for the AWS CLI, on the world that is asked about, and prints what it opens and closes. */
export async function answerPreview(
  context: Context,
  words: readonly string[],
  options: DiffOptions,
): Promise<ExitStatus> {
  const call = parseCliCall(words);
  // A call that is none needs no world.
  if (!call.ok) return refuse(context, EXIT.usage, notACall(words, call.error));
  const world = await openWorld(context);
  if (!world.ok) return world.error;
  const after = tryCall(estateOfWorld(world.value), call.value, envFor(world.value));
  if (!after.ok) return refuse(context, EXIT.badData, refusedCall(after.error));
  return answerDiff(context, { before: world.value, after: after.value.world, title: titleOf(words) }, options);
}

function titleOf(words: readonly string[]): string {
  return `What ${words.join(' ')} changes`;
}

/** Whose world it is says the world itself; which quotas hold for it, it does not say, so none do. */
function envFor(world: World): Env {
  const [vpc] = listRecords(world, 'vpcs');
  const [subnet] = listRecords(world, 'subnets');
  const region = /^[a-z]{2}(?:-[a-z]+)+-\d/.exec(subnet?.availabilityZone ?? '')?.[0] ?? 'eu-west-1';
  return {
    realm: { accountId: vpc?.ownerId ?? '000000000000', region },
    limits: NO_LIMITS,
    now: Date.now(),
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    keys: KEY_MAKER,
  };
}
