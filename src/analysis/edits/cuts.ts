import { trafficInterval } from '../../core/net/axis.ts';
import { anyCidr, hostCidr } from '../../core/net/cidr.ts';
import type { Traffic, Transport } from '../../core/net/traffic.ts';
import type { RuleId } from '../../core/model/ids.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { exactTraffic } from '../../core/policy/explain-remedy.ts';
import type { Gate } from '../../core/policy/path.ts';
import type { AnswerGroup } from '../answer.ts';
import { Trials } from '../pairs/trials.ts';
import { type Support, supportOf } from '../rule-support.ts';
import { freeNumber, standsForMany } from './candidates.ts';
import { type WorldEdit, withEdits } from './edit.ts';
import { judgeIn, measure, type Measured } from './effect.ts';

/** An edit that alone keeps a packet out that gets through, at the gate that then refuses, and exactly what it closes. */
export type Cut = { readonly gate: Gate; readonly edit: WorldEdit; readonly measured: Measured };

/** The cuts of what a group of pairs has, the one that closes least first. `onProgress` hears of shares of the work, 0 to 1. */
export function cutsOf(
  world: World,
  group: AnswerGroup,
  asked: { readonly traffic: Traffic; readonly onProgress?: (done: number) => void },
): readonly Cut[] {
  const { passing, trip, split } = group;
  if (passing === undefined || group.verdict !== 'allowed') return [];
  const { transport } = passing;
  const support = supportOf(world, trip.path, split.allowed);
  const edits = support
    .flatMap((one) =>
      cutEdits(world, one, { transport, traffic: asked.traffic, isAnyone: standsForMany(group) }).map((edit) => ({
        gate: one.gate,
        edit,
      })),
    )
    .filter(({ edit }) => judgeIn(withEdits(world, [edit]), trip, transport).outcome === 'deny');
  const trials = new Trials(world);
  const cuts = edits.map(({ gate, edit }, done): Cut => {
    asked.onProgress?.(done / edits.length);
    return { gate, edit, measured: measure(trials, withEdits(world, [edit]), 'closes') };
  });
  return cuts.toSorted((a, b) => a.measured.size - b.measured.size);
}

type Asked = { readonly transport: Transport; readonly traffic: Traffic; readonly isAnyone: boolean };

function cutEdits(world: World, { gate, rules }: Support, asked: Asked): readonly WorldEdit[] {
  if (gate.way === 'reply') return [];
  if (gate.kind === 'groups') return groupCuts(gate, rules);
  return gate.kind === 'acl' ? denials(world, gate, asked) : [];
}

/** All rules that let it pass, or the one group that has them all. */
function groupCuts(gate: Extract<Gate, { kind: 'groups' }>, rules: Support['rules']): readonly WorldEdit[] {
  const found = rules.flatMap((ref) => (ref.kind === 'rule' ? [{ groupId: ref.groupId, ruleId: ref.rule.id }] : []));
  const [first] = found;
  if (first === undefined) return [];
  const unique = new Map<RuleId, (typeof found)[number]>(found.map((one) => [one.ruleId, one]));
  const isOneGroup = found.every(({ groupId }) => groupId === first.groupId);
  // An interface always carries a group (API ModifyNetworkInterfaceAttribute).
  const leaves = isOneGroup && gate.eni.groups.some((id) => id !== first.groupId);
  return [
    { kind: 'remove-rules', rules: [...unique.values()] },
    ...(leaves ? [{ kind: 'leave-group', eniId: gate.eni.id, groupId: first.groupId } as const] : []),
  ];
}

/** A denial for this sender or receiver, or for everybody where it stands for many, before every entry. */
function denials(
  world: World,
  gate: Extract<Gate, { kind: 'acl' }>,
  { transport, traffic, isAnyone }: Asked,
): readonly WorldEdit[] {
  const id = gate.subnet.networkAcl?.aclId;
  const acl = id === undefined ? undefined : getRecord(world, 'acls', id);
  if (acl === undefined) return [];
  const { direction } = gate;
  const address = direction === 'egress' ? gate.destination : gate.source;
  const own = acl.entries.filter((entry) => entry.direction === direction);
  const number = freeNumber(acl, direction, Math.min(32_767, ...own.map((entry) => entry.number)));
  const [from, to] = trafficInterval(traffic, address.family);
  const isAll = traffic.kind === 'all' || from > to;
  const entry = {
    direction,
    action: 'deny',
    cidr: isAnyone ? anyCidr(address.family) : hostCidr(address),
    traffic: isAll ? exactTraffic(transport) : traffic,
  };
  return number === undefined
    ? []
    : [{ kind: 'add-entry', aclId: acl.id, entry: { ...entry, number, action: 'deny' } }];
}
