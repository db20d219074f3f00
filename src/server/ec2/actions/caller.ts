import { ok } from '../../../core/net/result.ts';
import type { Actions } from '../operations.ts';

/** STS's one action here: who am I. */
export const callerActions: Actions = {
  GetCallerIdentity: (_input, { caller }) => ok({ Account: caller.accountId, Arn: caller.arn, UserId: caller.userId }),
};
