// All packets that get from one end to the other and are answered: the filters on the way, each as a set of packets, met with one another.
import { type Address, parseAddress } from '../../../src/core/net/address.ts';
import { expectOk } from '../../../src/core/net/result.ts';
import { asId } from '../../../src/core/model/ids.ts';
import type { Say } from '../filters.ts';
import type { Ways } from '../packet-oracle.ts';
import type { Step } from '../trip.ts';
import type { Bdd } from './diagrams.ts';
import { type Bounds, type FilterSets, PASSES, REFUSES, UNKNOWN } from './filter-sets.ts';
import { ANY_ZONE, NO_ZONE, type View } from './packet-bits.ts';

const SETTLED: Readonly<Record<Say, Bounds>> = { pass: PASSES, deny: REFUSES, unknown: UNKNOWN };
/** The ports from which a NAT gateway picks one in place of the sender's. */
const PICKED = { from: 1024, to: 65_535 };

/** What gets through on ways of one pair: for certain, and perhaps. The zone and the address of the other end are no longer read. */
export function pairSet(sets: FilterSets, { forward, reply }: Ways): Bounds {
  const there = meet(sets, forward, 'request');
  if (reply === 'nowhere' || reply === 'service') return there;
  const back = meet(sets, reply, 'answer');
  const { diagrams } = sets.bits;
  const unanswered = diagrams.not(sets.bits.wantsAnswer);
  return {
    sure: diagrams.and(there.sure, diagrams.or(unanswered, back.sure)),
    possible: diagrams.and(there.possible, diagrams.or(unanswered, back.possible)),
  };
}

function meet(sets: FilterSets, steps: readonly Step[], view: View): Bounds {
  return steps.reduce<Bounds>((met, step) => {
    const { sure, possible } = stepSet(sets, step, view);
    const { diagrams } = sets.bits;
    return { sure: diagrams.and(met.sure, sure), possible: diagrams.and(met.possible, possible) };
  }, PASSES);
}

function stepSet(sets: FilterSets, step: Step, view: View): Bounds {
  const seen = gateSet(sets, step, view);
  if (!step.isHidden) return seen;
  return { sure: forPickedPorts(sets, seen.sure, 'every'), possible: forPickedPorts(sets, seen.possible, 'some') };
}

function gateSet(sets: FilterSets, { filter, gate }: Step, view: View): Bounds {
  const { bits } = sets;
  if (gate?.kind === 'groups') {
    const { address, eni, mayHide } = gate.other;
    const zone = eni === undefined ? (mayHide ? ANY_ZONE : NO_ZONE) : sets.zoneOf(asId(eni));
    return sets.ofEniFor(asId(gate.eni), { direction: gate.direction, view, address: addressOf(address), zone });
  }
  if (gate?.kind === 'acl')
    return sets.ofSubnetFor(asId(gate.subnet), { direction: gate.direction, view, address: addressOf(gate.address) });
  if (filter.kind === 'settled') return SETTLED[filter.say];
  // A NAT gateway takes TCP, UDP and ICMP alone.
  const taken = bits.diagrams.or(bits.ports, bits.protocol(1));
  return { sure: taken, possible: taken };
}

/** Before a NAT gateway, an answer goes to a port that nobody knows: what holds for some of these ports, or for every one. */
function forPickedPorts({ bits }: FilterSets, set: Bdd, quantity: 'some' | 'every'): Bdd {
  const { diagrams } = bits;
  const picked = bits.range('source-port', PICKED.from, PICKED.to);
  const answered =
    quantity === 'some'
      ? bits.forSomeSourcePort(diagrams.and(set, picked))
      : diagrams.not(bits.forSomeSourcePort(diagrams.without(picked, set)));
  return diagrams.choose(bits.ports, answered, set);
}

function addressOf({ bits, value }: { readonly bits: 32 | 128; readonly value: bigint }): Address {
  const word = (at: number): number => Number((value >> BigInt(at * 32)) & 0xffff_ffffn);
  const base = expectOk(parseAddress(bits === 32 ? '0.0.0.0' : '::'));
  return bits === 32 ? { ...base, w0: word(0) } : { ...base, w0: word(3), w1: word(2), w2: word(1), w3: word(0) };
}
