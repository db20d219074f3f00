// What an access scope finds, one pair of addresses after another: each path planned and its reach computed by itself, no rows, nothing remembered.
import { FAMILIES, formatAddress } from '../../src/core/net/address.ts';
import { axisPart, type AxisPart } from '../../src/core/net/axis.ts';
import { EMPTY_SET, intersectSets, type IntervalSet, sameSet, unionSets } from '../../src/core/net/interval-set.ts';
import type { World } from '../../src/core/model/world.ts';
import { reachOf, type TrafficSet } from '../../src/core/policy/reach.ts';
import { type AddressSpace, spaceOf } from '../../src/analysis/address-space.ts';
import { meantPoints, sightOf, sourcePortParts } from '../../src/analysis/insights/scope-match.ts';
import { prefixesOf, type ScopeQuestion } from '../../src/analysis/insights/scope-question.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { spaceTexts } from '../../src/analysis/pairs/ends.ts';
import { pointsOf } from '../../src/analysis/pairs/links.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { outsideKind, stopOf } from '../../src/analysis/pairs/spots.ts';
import { planTrip } from '../../src/analysis/trip.ts';

type Box = { readonly protocol: AxisPart; readonly points: IntervalSet; readonly sourcePorts: IntervalSet };
type Line = { readonly text: string; readonly from: AddressSpace[]; readonly to: AddressSpace[] };

/** Every finding as one line of text, sorted, and whether there may be more. */
export function oneByOne(
  world: World,
  question: ScopeQuestion,
): { readonly lines: readonly string[]; readonly isOpen: boolean } {
  const found = new Map<string, Line>();
  let isOpen = false;
  for (const family of FAMILIES) {
    const asked = prefixesOf(question).filter((cidr) => cidr.family === family);
    const members = classesOf([world], family, asked)
      .list.flatMap((one) => one.members)
      .filter(({ eniId, sample }) => eniId !== undefined || outsideKind(sample) === 'internet');
    for (const from of members)
      for (const to of members) {
        if (from.eniId === to.eniId) continue;
        const { path } = planTrip(world, stopOf(world, from), stopOf(world, to));
        const sight = sightOf(world, path, { from: from.eniId, to: to.eniId });
        const reach = reachOf(world, path);
        const sure = boxes(world, question, { sight, set: reach.sure });
        const possible = boxes(world, question, { sight, set: reach.possible });
        isOpen ||= possible.some((one) => !sure.some((same) => covers(same, one)));
        const gateways = path.forward.flatMap(({ stage, resource }) => (stage === 'gateway' ? [resource] : []));
        for (const box of sure) file(found, [family, endText(from), endText(to), box, gateways], { from, to });
      }
  }
  const lines = [...found.values()].map(({ text, from, to }) =>
    JSON.stringify([text, spaceTexts(spaceOf(from.flat())), spaceTexts(spaceOf(to.flat()))]),
  );
  return { lines: lines.toSorted(), isOpen };
}

function file(
  found: Map<string, Line>,
  [family, from, to, box, gateways]: readonly [string, string, string, Box, readonly string[]],
  ends: { readonly from: Member; readonly to: Member },
): void {
  const key = JSON.stringify([family, from, to, box, gateways]);
  const hasPorts = box.protocol === 'tcp' || box.protocol === 'udp';
  const [sender = '', receiver = ''] = [from, to].map((end) => end.split(' ')[0]);
  const text = `${sender} ${receiver} ${box.protocol} ${hasPorts ? `${box.points.join()} ${box.sourcePorts.join()}` : ''}`;
  const known = found.get(key);
  if (known === undefined) found.set(key, { text, from: [ends.from.space], to: [ends.to.space] });
  else {
    known.from.push(ends.from.space);
    known.to.push(ends.to.space);
  }
}

function endText({ eniId, sample }: Member): string {
  return eniId === undefined ? 'outside' : `${eniId} ${formatAddress(sample)}`;
}

function boxes(
  world: World,
  question: ScopeQuestion,
  { sight, set }: { readonly sight: ReturnType<typeof sightOf>; readonly set: TrafficSet },
): readonly Box[] {
  const points = pointsOf(set);
  const made: Box[] = [];
  for (const part of sourcePortParts(question)) {
    const meant = intersectSets(points, meantPoints(world, question, { sight, part }));
    for (const protocol of ['tcp', 'udp'] as const) {
      const box = {
        protocol,
        points: axisPart(meant, protocol),
        sourcePorts: intersectSets(set[protocol].sourcePorts, part),
      };
      const at = made.findIndex((one) => one.protocol === protocol && sameSet(one.points, box.points));
      const known = made[at];
      if (known !== undefined) made[at] = { ...known, sourcePorts: unionSets(known.sourcePorts, box.sourcePorts) };
      else if (box.points.length > 0 && box.sourcePorts.length > 0) made.push(box);
    }
  }
  const bare = intersectSets(points, meantPoints(world, question, { sight, part: undefined }));
  for (const protocol of ['icmp', 'other'] as const)
    made.push({ protocol, points: axisPart(bare, protocol), sourcePorts: EMPTY_SET });
  return made.filter((one) => one.points.length > 0);
}

function covers(same: Box, one: Box): boolean {
  return (
    same.protocol === one.protocol &&
    sameSet(intersectSets(same.points, one.points), one.points) &&
    sameSet(intersectSets(same.sourcePorts, one.sourcePorts), one.sourcePorts)
  );
}
