import type { Family } from '../core/net/address.ts';
import { intersectSets } from '../core/net/interval-set.ts';
import { ok, type Result } from '../core/net/result.ts';
import type { Transport } from '../core/net/traffic.ts';
import type { World } from '../core/model/world.ts';
import { decideGate } from '../core/policy/decide.ts';
import { judgePath, type Verdict } from '../core/policy/evaluate.ts';
import { type Reach, limitTraffic, reachOf } from '../core/policy/reach.ts';
import { spaceOf, spaceSize } from './address-space.ts';
import { type Place, placeKey } from './place.ts';
import { askedPoints, listPairs, type Pair, type Question, questionFamilies, stopsOf } from './question.ts';
import { CLIENT_PORTS, nearestTransport, nearMiss, sampleTransport } from './sample.ts';
import { isEmptyTraffic, type Split, splitTraffic, trafficKey } from './traffic-split.ts';
import { planTrip, type Trip } from './trip.ts';

/** Something of what was asked for is allowed for certain; nothing is, but something may be; nothing can be. */
export type AnswerVerdict = 'allowed' | 'depends' | 'blocked';

/** One packet with what every gate says to it. */
export type Shown = { readonly transport: Transport; readonly verdict: Verdict };

/** Pairs with equal sets, and the one that stands for them. */
export type AnswerGroup = {
  readonly family: Family;
  readonly verdict: AnswerVerdict;
  readonly split: Split;
  readonly pairs: readonly Pair[];
  /** The pair that stands for all, with every address for which its answer holds; `trip` carries one of them. */
  readonly pair: Pair;
  readonly trip: Trip;
  readonly reach: Reach;
  /** A packet that is allowed, or else one that may be; absent when all is blocked. */
  readonly passing?: Shown;
  /** A packet of what is blocked, the one that meets the fewest blockers; absent when nothing is. */
  readonly blocked?: Shown;
  /** A packet beside the passing one that is not allowed. */
  readonly nearMiss?: Transport;
};

/** The answer to a question. `omitted` counts what was not computed: then nothing certain is said of the whole unless something is allowed. */
export type Answer = {
  readonly question: Question;
  readonly revision: number;
  readonly verdict: AnswerVerdict;
  /** Whether all that was asked for is allowed between all pairs. */
  readonly isWhole: boolean;
  readonly groups: readonly AnswerGroup[];
  readonly pairs: {
    readonly total: number;
    readonly computed: number;
    /** Pairs with both ends outside of the world. */
    readonly outside: number;
  };
};

/** How much work one question may cause; more is counted and said, never silently dropped. */
export type Effort = { readonly pairs: number; readonly trips: number };

export const DEFAULT_EFFORT: Effort = { pairs: 2000, trips: 20_000 };

type Computed = {
  readonly pair: Pair;
  readonly trip: Trip;
  readonly reach: Reach;
  readonly split: Split;
  readonly key: string;
};

/** Answers a question. Errors: it asks nothing (no common family, both ends outside of the world). */
export function answerQuestion(world: World, question: Question, effort: Effort = DEFAULT_EFFORT): Result<Answer> {
  const families = questionFamilies(question);
  if (!families.ok) return families;
  const listed = listPairs(question, families.value, effort.pairs);
  if (!listed.ok) return listed;
  const { done, computed } = computeAll(world, question, { pairs: listed.value.pairs, trips: effort.trips });
  const groups = gather(computed).map((members) => groupOf(world, members));
  const isComplete = done === listed.value.total;
  return ok({
    question,
    revision: world.revision,
    verdict: overall(groups, isComplete),
    isWhole: isComplete && groups.every(isWhole),
    groups: groups.toSorted(byInterest),
    pairs: { total: listed.value.total, computed: done, outside: listed.value.outside },
  });
}

/** Whether all that was asked for is allowed for certain between the pairs of a group. */
export function isWhole(group: AnswerGroup): boolean {
  return isEmptyTraffic(group.split.blocked) && isEmptyTraffic(group.split.depends);
}

/**
 * Whether clients get through with all that was asked for: at most source ports that no client picks are blocked. A reader wants to hear
 * "allowed" then; the exact sets say what is not.
 */
export function isWholeForClients(group: AnswerGroup): boolean {
  const { blocked, depends } = group.split;
  if (!isEmptyTraffic(depends) || blocked.icmp.length > 0 || blocked.other.length > 0) return false;
  return [...blocked.tcp, ...blocked.udp].every((box) => intersectSets(box.sourcePorts, CLIENT_PORTS).length === 0);
}

function computeAll(
  world: World,
  question: Question,
  work: { readonly pairs: readonly Pair[]; readonly trips: number },
): { readonly done: number; readonly computed: readonly Computed[] } {
  const computed: Computed[] = [];
  let done = 0;
  let trips = 0;
  for (const pair of work.pairs) {
    const ofPair: Computed[] = [];
    for (const stops of stopsOf(world, pair)) {
      trips += 1;
      if (trips > work.trips) return { done, computed };
      ofPair.push(compute(world, question, planTrip(world, stops.from, stops.to)));
    }
    computed.push(...mergeClasses(ofPair));
    done += 1;
  }
  return { done, computed };
}

function compute(world: World, question: Question, trip: Trip): Computed {
  const reach = reachOf(world, trip.path);
  const asked = askedPoints(question.traffic, reach.family);
  const split = splitTraffic(asked, limitTraffic(reach.sure, asked), limitTraffic(reach.possible, asked));
  const pair = { from: trip.from.place, to: trip.to.place };
  return { pair, trip, reach, split, key: JSON.stringify([reach.family, ...Object.values(split).map(trafficKey)]) };
}

/**
 * Classes of one pair with equal answers become one again: first along the receiver's addresses, then along the sender's, so that what is
 * merged is always every sender with every receiver. The largest class stands for all.
 */
function mergeClasses(classes: readonly Computed[]): readonly Computed[] {
  return classes.length <= 1 ? classes : mergeAlong(mergeAlong(classes, 'to'), 'from');
}

function mergeAlong(classes: readonly Computed[], side: 'from' | 'to'): readonly Computed[] {
  const fixed = side === 'from' ? 'to' : 'from';
  const alike = Map.groupBy(classes, (one) => `${one.key} ${placeKey(one.pair[fixed])}`);
  return [...alike.values()].flatMap((members) => {
    const largest = members.reduce((best, one) => (reachSize(one) > reachSize(best) ? one : best));
    const place: Place = { ...largest.pair[side], space: spaceOf(members.flatMap((one) => one.pair[side].space)) };
    return [{ ...largest, pair: { ...largest.pair, [side]: place } }];
  });
}

function reachSize(one: Computed): number {
  return spaceSize(one.pair.from.space) * spaceSize(one.pair.to.space);
}

function gather(computed: readonly Computed[]): readonly (readonly Computed[])[] {
  return [...Map.groupBy(computed, (one) => one.key).values()];
}

function groupOf(world: World, members: readonly Computed[]): AnswerGroup {
  const [first] = members;
  if (first === undefined) throw new Error('a group of answers has a member');
  const { pair, trip, reach, split } = members.reduce(
    (best, one) => (reachSize(one) > reachSize(best) ? one : best),
    first,
  );
  const { path } = trip;
  const show = (transport: Transport | undefined): Shown | undefined =>
    transport === undefined ? undefined : { transport, verdict: judgePath(decideGate, world, { path, transport }) };
  const certain = sampleTransport(split.allowed, reach.family);
  const passing = show(certain ?? sampleTransport(split.depends, reach.family));
  const blocked = show(isEmptyTraffic(split.blocked) ? undefined : nearestTransport(world, path, split.blocked));
  const beside = certain === undefined ? undefined : nearMiss(reach.sure, certain, reach.family);
  return {
    family: reach.family,
    verdict: certain !== undefined ? 'allowed' : passing !== undefined ? 'depends' : 'blocked',
    split,
    pairs: members.map((one) => one.pair),
    pair,
    trip,
    reach,
    ...(passing === undefined ? {} : { passing }),
    ...(blocked === undefined ? {} : { blocked }),
    ...(beside === undefined ? {} : { nearMiss: beside }),
  };
}

function overall(groups: readonly AnswerGroup[], isComplete: boolean): AnswerVerdict {
  if (groups.some((group) => group.verdict === 'allowed')) return 'allowed';
  return groups.some((group) => group.verdict === 'depends') || !isComplete ? 'depends' : 'blocked';
}

const ORDER: Readonly<Record<AnswerVerdict, number>> = { allowed: 0, depends: 1, blocked: 2 };

/** IPv4 first, then what is allowed, then the larger group. */
function byInterest(a: AnswerGroup, b: AnswerGroup): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  return ORDER[a.verdict] - ORDER[b.verdict] || b.pairs.length - a.pairs.length;
}
