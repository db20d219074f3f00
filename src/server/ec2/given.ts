import { type Refusal, unsupported } from '../control/refusal.ts';

/** Refuses the first of the members that a request gives although this server does not have what they ask for; undefined when it gives none. */
export function refuseGiven<I extends object>(
  input: I,
  members: readonly (keyof I & string)[],
): { readonly ok: false; readonly error: Refusal } | undefined {
  const given = members.find((member) => input[member] !== undefined);
  return given === undefined ? undefined : unsupported(`the parameter ${given}`);
}
