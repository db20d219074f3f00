import type { Family } from '../../core/net/address.ts';
import { trafficInterval } from '../../core/net/axis.ts';
import { anyCidr, type Cidr, cidrContains, formatCidr } from '../../core/net/cidr.ts';
import type { Traffic } from '../../core/net/traffic.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { GroupId } from '../../core/model/ids.ts';
import { DEFAULT_LIMITS } from '../../core/model/limits.ts';
import { ENTRY_NUMBERS, type NetworkAcl } from '../../core/model/network-acl.ts';
import type { RouteTarget } from '../../core/model/route-table.ts';
import type { Direction, Peer, Rule, SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, indexedIds, listRecords, type World } from '../../core/model/world.ts';
import type { GateAnswer } from '../../core/policy/evaluate.ts';
import type { Remedy } from '../../core/policy/explain-remedy.ts';
import type { AnswerGroup } from '../answer.ts';
import { isHostCidr } from '../place.ts';
import type { WorldEdit } from './edit.ts';

/** As many groups to join as are tried for one gate: each costs a comparison of two worlds. */
const MAX_JOINS = 2;
/** As many groups of an interface as are tried for a rule. */
const MAX_OWNERS = 3;

/** What of the question makes edits wider than its one packet: senders or receivers that are meant as a whole. */
export type Meant = { readonly family: Family; readonly isAnyone: boolean };

/** Whether the address outside that is shown stands for others. */
export function standsForMany({ pair }: AnswerGroup): boolean {
  return [pair.from, pair.to].some(
    ({ kind, space }) => kind === 'internet' && (space.length > 1 || space.some((cidr) => !isHostCidr(cidr))),
  );
}

/** Edits that could make a gate pass that refuses, the narrowest first; none where no single call does. */
export function fixCandidates(world: World, blocker: GateAnswer, remedy: Remedy, meant: Meant): readonly WorldEdit[] {
  switch (remedy.kind) {
    case 'add-rule':
      return [...ruleEdits(remedy, meant), ...joinEdits(world, blocker, remedy)];
    case 'add-entry':
      return entryEdits(world, remedy, meant);
    case 'add-route':
      return routeEdits(world, remedy, blocker);
    case 'other':
      return [];
  }
}

function ruleEdits(remedy: Extract<Remedy, { kind: 'add-rule' }>, meant: Meant): readonly WorldEdit[] {
  const { direction, traffic, cidr, peerGroups } = remedy;
  const peers: readonly Peer[] = [
    { kind: 'cidr', cidr },
    ...peerGroups.map((groupId): Peer => ({ kind: 'group', groupId })),
    ...(meant.isAnyone && peerGroups.length === 0 ? [{ kind: 'cidr', cidr: anyCidr(meant.family) } as const] : []),
  ];
  const owners = remedy.groups.slice(0, MAX_OWNERS);
  return peers.flatMap((peer) =>
    owners.map((groupId): WorldEdit => ({ kind: 'add-rule', groupId, rule: { direction, traffic, peer, tags: [] } })),
  );
}

/** The interface joins a group whose rules admit the traffic, or the other end one that rules name already. */
function joinEdits(
  world: World,
  { gate }: GateAnswer,
  { direction, traffic, cidr }: Extract<Remedy, { kind: 'add-rule' }>,
): readonly WorldEdit[] {
  if (gate.kind !== 'groups') return [];
  const far = gate.peer.eni;
  const admits = (rule: Rule, carried: readonly GroupId[]): boolean =>
    rule.direction === direction && covers(rule.traffic, traffic, cidr) && meets(rule.peer, cidr, carried);
  const own = groupsIn(world, gate.eni)
    .filter((group) => !gate.eni.groups.includes(group.id))
    .filter((group) => group.rules.some((rule) => admits(rule, far?.groups ?? [])))
    .slice(0, MAX_JOINS)
    .flatMap((group) => joins(gate.eni, group.id));
  if (far === undefined) return own;
  const named = gate.eni.groups
    .flatMap((id) => getRecord(world, 'groups', id)?.rules ?? [])
    .flatMap(({ direction: way, traffic: what, peer }) =>
      peer.kind === 'group' && way === direction && covers(what, traffic, cidr) ? [peer.groupId] : [],
    );
  const other = [...new Set(named)]
    .filter((id) => getRecord(world, 'groups', id)?.vpcId === far.vpcId && !far.groups.includes(id))
    .slice(0, MAX_JOINS)
    .flatMap((id) => joins(far, id));
  return [...own, ...other];
}

function joins(eni: Eni, groupId: GroupId): readonly WorldEdit[] {
  const isFull = eni.groups.length >= DEFAULT_LIMITS.groupsPerEni;
  return isFull ? [] : [{ kind: 'join-group', eniId: eni.id, groupId }];
}

/** Groups that an interface can carry, those with few rules first: they open the least. */
function groupsIn(world: World, eni: Eni): readonly SecurityGroup[] {
  return [...indexedIds(world, 'groupsByVpc', eni.vpcId)]
    .flatMap((id) => getRecord(world, 'groups', id) ?? [])
    .toSorted((a, b) => a.rules.length - b.rules.length || (a.id < b.id ? -1 : 1));
}

function covers(wide: Traffic, narrow: Traffic, { family }: Cidr): boolean {
  const [from, to] = trafficInterval(wide, family);
  const [first, last] = trafficInterval(narrow, family);
  return from <= first && last <= to;
}

function meets(peer: Peer, cidr: Cidr, carried: readonly GroupId[]): boolean {
  if (peer.kind === 'group') return carried.includes(peer.groupId);
  return peer.kind === 'cidr' && peer.cidr.family === cidr.family && cidrContains(peer.cidr, cidr.base);
}

function entryEdits(world: World, remedy: Extract<Remedy, { kind: 'add-entry' }>, meant: Meant): readonly WorldEdit[] {
  const acl = getRecord(world, 'acls', remedy.aclId);
  const number = acl === undefined ? undefined : freeNumber(acl, remedy.direction, remedy.below);
  if (number === undefined) return [];
  // Clients pick a port anew for each connection: an entry for one of them would answer one connection.
  const { traffic: exact, direction, aclId } = remedy;
  const isPorts = exact.kind === 'tcp' || exact.kind === 'udp';
  const traffic: Traffic = remedy.isReply && isPorts ? { kind: exact.kind, ports: { from: 1024, to: 65_535 } } : exact;
  const cidrs = [remedy.cidr, ...(meant.isAnyone ? [anyCidr(meant.family)] : [])];
  return [...new Map(cidrs.map((cidr) => [formatCidr(cidr), cidr])).values()].map((cidr) => ({
    kind: 'add-entry',
    aclId,
    entry: { number, direction, action: 'allow', cidr, traffic },
  }));
}

/** A number that no entry of the direction has: the last one before `below`, else one after all. */
export function freeNumber(acl: NetworkAcl, direction: Direction, below?: number): number | undefined {
  const taken = new Set(acl.entries.filter((entry) => entry.direction === direction).map(({ number }) => number));
  const last = Math.max(0, ...taken);
  const start = below === undefined ? Math.min(ENTRY_NUMBERS.to, (Math.floor(last / 10) + 1) * 10) : below - 1;
  for (let number = start; number >= ENTRY_NUMBERS.from; number -= 1) if (!taken.has(number)) return number;
  return undefined;
}

function routeEdits(
  world: World,
  { routeTableId, destination }: Extract<Remedy, { kind: 'add-route' }>,
  { gate }: GateAnswer,
): readonly WorldEdit[] {
  const table = getRecord(world, 'routeTables', routeTableId);
  if (table === undefined) return [];
  const { family } = gate.destination;
  const peerings = [...indexedIds(world, 'peeringsByVpc', table.vpcId)].flatMap((id): readonly RouteTarget[] => {
    const peering = getRecord(world, 'peerings', id);
    const far = peering?.requester.vpcId === table.vpcId ? peering.accepter : peering?.requester;
    const isThere = far?.cidrs.some((cidr) => cidrContains(cidr, gate.destination)) === true;
    return peering !== undefined && isThere ? [{ kind: 'peering', id: peering.id }] : [];
  });
  const targets: readonly RouteTarget[] =
    peerings.length > 0 || destination.length > 0
      ? peerings
      : [
          ...[...indexedIds(world, 'internetGatewaysByVpc', table.vpcId)].flatMap((id): readonly RouteTarget[] => {
            const gateway = getRecord(world, 'internetGateways', id);
            return gateway === undefined ? [] : [{ kind: 'internet-gateway', id: gateway.id }];
          }),
          ...natTargets(world, table.vpcId, family),
        ];
  return targets.map((target) => ({
    kind: 'add-route',
    routeTableId: table.id,
    route: { destination: { kind: 'cidr', cidr: destination }, target, state: 'active', origin: 'static' },
  }));
}

function natTargets(world: World, vpcId: string, family: Family): readonly RouteTarget[] {
  if (family === 'ipv6')
    return [...indexedIds(world, 'egressOnlyGatewaysByVpc', vpcId)].flatMap((id): readonly RouteTarget[] => {
      const gateway = getRecord(world, 'egressOnlyGateways', id);
      return gateway === undefined ? [] : [{ kind: 'egress-only-gateway', id: gateway.id }];
    });
  return [...listRecords(world, 'natGateways')]
    .filter((nat) => nat.vpcId === vpcId && nat.state === 'available')
    .map((nat) => ({ kind: 'nat-gateway', id: nat.id }));
}
