import type { Family } from '../core/net/address.ts';
import type { GoneSet } from './past.ts';
import { markOf } from './past.ts';
import type { Plan } from './plan.ts';
import {
  type Field,
  type Rule,
  type Step,
  TRACKED_ANYWHERE,
  TRACKED_AT_RECEIVER,
  TRACKED_AT_SENDER,
} from './ruleset.ts';
import { trackedRules } from './start-chains.ts';
import { end, goes, is, isIn } from './steps.ts';

/**
 * Where a connection comes whose mark is not of this era, with its first packet in it. What its mark says of an address that has lost its holder
 * since is taken back; the rest holds, and the mark becomes one of this era. A mark that is none of ours says nothing: other programs' marks, and
 * those of a table that was there before. Marks of eras to come are ours: packets that met the rules of before meet them, while others renew.
 */
export function layRenewal(plan: Plan): void {
  const { since, era } = plan.past;
  const mark = markOf(era);
  for (const direction of ['egress', 'ingress'] as const) {
    plan.chain(`renewed.${direction}`, [
      [is('ct mark', `${markOf(since)}-${markOf(era + AHEAD) - 1}`, '!='), sets(0, mark), end('return')],
      ...forgetRules(plan, 'ipv4', 'gone4'),
      ...forgetRules(plan, 'ipv6', 'gone6'),
      ...forgetRules(plan, 'ipv6', 'gone6p'),
      [sets(TRACKED_ANYWHERE, mark)],
      ...trackedRules(plan, direction),
    ]);
  }
}

/** Two years, for eras have numbers by the clock. */
const AHEAD = 2 ** 26;

/** Each end's bit, by the address of that end. */
function forgetRules(plan: Plan, family: Family, set: GoneSet): readonly Rule[] {
  if (!plan.hasSet(set)) return [];
  const [source, destination]: readonly [Field, Field] =
    family === 'ipv4' ? ['ip saddr', 'ip daddr'] : ['ip6 saddr', 'ip6 daddr'];
  const ends = [
    ['original', source, TRACKED_AT_SENDER],
    ['original', destination, TRACKED_AT_RECEIVER],
    ['reply', destination, TRACKED_AT_SENDER],
    ['reply', source, TRACKED_AT_RECEIVER],
  ] as const;
  return ends.map(([way, address, bit]) => [goes(way), isIn([address, 'ct mark'], set), sets(0xffff_ffff - bit, 0)]);
}

function sets(keeps: number, value: number): Step {
  return { kind: 'set-ct-mark', keeps, value };
}
