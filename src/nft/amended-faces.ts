import type { Eni } from '../core/model/eni.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { textsIn, withChanges } from './amended-parts.ts';
import { layArpAddresses } from './arp-chains.ts';
import { layFaces, layPast } from './device-sets.ts';
import type { Altered } from './difference.ts';
import type { Layout } from './layout.ts';
import { layNeighbourAddresses } from './neighbour-chains.ts';
import { NumberMap } from './packed-map.ts';
import { holdersIn, pastAfter } from './past.ts';
import { patched } from './patched-map.ts';
import { Plan } from './plan.ts';
import type { Ruleset, Value } from './ruleset.ts';
import type { Attachment } from './wiring.ts';

/** Sets of devices that are there only where somebody is in them, which rules are made of: none of these changes. */
const OPTIONAL = ['unchecked', 'stateful', 'timeouts.e4', 'timeouts.e6', 'timeouts.i4', 'timeouts.i6'] as const;

/** Lays the sets of devices and the past after some interfaces became others: what they had goes out of the sets of before, and what they have comes in. */
export function layFacesAfter(
  plan: Plan,
  { ruleset, numbering }: Layout,
  { from, faces }: { readonly from: HostView; readonly faces: readonly Altered[] },
): void {
  const facesOf = (view: HostView, of: (one: Altered) => Eni | undefined): Ruleset['sets'] => {
    const some = new Plan(view, plan.wiring, numbering);
    const attached = faces.flatMap((one) => attachedAs(one.attachment, of(one)));
    layFaces(some, attached);
    if (plan.wiring.mode === 'forward') {
      layNeighbourAddresses(some);
      layArpAddresses(some);
    }
    return some.ruleset.sets;
  };
  const gone = facesOf(from, (one) => one.from);
  const come = facesOf(plan.view, ({ to }) => to);
  const held = new Map<string, number | undefined>();
  for (const [name, set] of gone) {
    const known = ruleset.sets.get(name);
    const next = come.get(name);
    if (known === undefined || next === undefined) throw new Error(`the set ${name} of devices is always there`);
    const elements = [...textsIn(set).keys()].map((key) => [key, undefined] as const);
    plan.set(withChanges(known, new Map<Value, Value | undefined>([...elements, ...textsIn(next)])));
  }
  for (const sets of [gone, come]) for (const key of holdersIn(sets).keys()) held.set(key, undefined);
  for (const name of OPTIONAL) if (ruleset.sets.has(name)) plan.stands(name);
  // Whoever else has one of the addresses has it still.
  for (const [key, holder] of holdersIn(plan.ruleset.sets, new Set(held.keys()))) held.set(key, holder);
  const holders = patched(numbering.past.holders, held, (map) => new NumberMap(map));
  plan.goOn(pastAfter(numbering.past, holders));
  layPast(plan);
}

function attachedAs(attachment: Attachment, eni: Eni | undefined): readonly { eni: Eni; attachment: Attachment }[] {
  return eni === undefined ? [] : [{ eni, attachment }];
}
