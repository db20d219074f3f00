import type { Result } from '../../core/net/result.ts';
import type { CallerIdentity } from '../access/caller.ts';
import type { Draft } from '../control/draft.ts';
import type { Env } from '../control/env.ts';
import type { Refusal } from '../control/refusal.ts';
import type { Input } from './decode.ts';
import type { Output } from './encode.ts';
import type { Actions } from './operations.ts';

/** An action as the registry holds it, with the types of its input and output forgotten: the wire table vouches for the one, the checker for the other. */
export type AnyAction = (
  input: Input,
  call: { readonly draft: Draft; readonly env: Env; readonly caller: CallerIdentity },
) => Result<Output, Refusal>;

/** The action of a name, or undefined. */
export function actionOf(actions: Actions, action: string): AnyAction | undefined {
  // Looked up as plain data: the type of all actions at once is more than a checker should have to unfold.
  const all: object = actions;
  const run: unknown = Object.hasOwn(all, action) ? Reflect.get(all, action) : undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the wire table gives each action the input that its type says
  return run as AnyAction | undefined;
}
