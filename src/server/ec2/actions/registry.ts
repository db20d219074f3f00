import type { Actions } from '../operations.ts';
import { callerActions } from './caller.ts';
import { groupActions } from './groups.ts';

/** Every action that the server has, by AWS's name. */
export const ACTIONS: Actions = { ...callerActions, ...groupActions };
