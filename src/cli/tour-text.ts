import type { World } from '../core/model/world.ts';
import { ask } from '../analysis/ask.ts';
import { pairsText } from './pair-text.ts';
import { padded, row, type Sheet } from './terminal.ts';
import { trafficText } from './traffic-text.ts';

/** Wide enough for `203.0.113.25 → web-1` and the like. */
const PAIR_WIDTH = 40;

/** A line for each pair of ends between which anything is allowed, over IPv4. */
export function whoReachesWhom(world: World, ends: readonly string[]): Sheet {
  return ends.flatMap((from) =>
    ends.flatMap((to): Sheet => {
      const answer = from === to ? undefined : ask(world, { from, to, traffic: 'all', family: 'ipv4' });
      if (answer?.ok !== true) return [];
      return answer.value.groups
        .filter((group) => group.verdict === 'allowed')
        .map((group) => {
          const pairs = pairsText(world, answer.value, group);
          return row(2, [padded(pairs, PAIR_WIDTH), '  '], [trafficText(group.split.allowed, group.family)]);
        });
    }),
  );
}
