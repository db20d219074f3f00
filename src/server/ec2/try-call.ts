import type { Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { Draft } from '../control/draft.ts';
import type { Env } from '../control/env.ts';
import { type Estate, estateOf } from '../control/estate.ts';
import { refuse, type Refusal } from '../control/refusal.ts';
import { actionOf } from './action-of.ts';
import { ACTIONS } from './actions/registry.ts';
import type { Ec2Call } from './cli-call.ts';

/**
 * The estate after a call, by the same code that answers it on a server: what would be refused there is refused here, in AWS's words. Nothing
 * is kept.
 */
export function tryCall(estate: Estate, { action, input }: Ec2Call, env: Env): Result<Estate, Refusal> {
  const run = actionOf(ACTIONS, action);
  if (run === undefined) return refuse('InvalidAction', `The action ${action} is not valid for this web service.`);
  const draft = new Draft(estate);
  const { accountId } = env.realm;
  const caller = { accountId, arn: `arn:aws:iam::${accountId}:root`, userId: accountId };
  const done = run(input, { draft, env, caller });
  return done.ok ? { ok: true, value: draft.estate } : done;
}

/** An estate of a world that was read from documents: what only the API shows is not there. */
export function estateOfWorld(world: World): Estate {
  return { world, details: estateOf({}).details };
}
