import type { Actions } from '../operations.ts';
import { callerActions } from './caller.ts';
import { groupRuleActions } from './group-rules.ts';
import { groupVpcActions } from './group-vpcs.ts';
import { groupActions } from './groups.ts';

/** Every action that the server has, by AWS's name. */
export const ACTIONS: Actions = { ...callerActions, ...groupActions, ...groupRuleActions, ...groupVpcActions };
