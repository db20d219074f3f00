import type { Family } from '../core/net/address.ts';
import { type Cidr, cidrCovers, hostCidr } from '../core/net/cidr.ts';
import type { Eni } from '../core/model/eni.ts';
import type { SubnetId } from '../core/model/ids.ts';
import type { NetworkAcl } from '../core/model/network-acl.ts';
import { getRecord } from '../core/model/world.ts';
import { passesAll } from '../core/policy/match.ts';
import { layAcl } from './acl-chains.ts';
import { prefixKeys } from './address-keys.ts';
import { type Attached, ownServices, quote } from './device-sets.ts';
import type { Plan } from './plan.ts';
import type { Elements, Hook, Rule, Value, Verdict } from './ruleset.ts';
import { bothFamilies, fieldsOf, nfproto, type Side, SIDES, sideName } from './side.ts';
import { PRIORITIES, servicesEverywhere } from './start-chains.ts';
import { end, goes, is, isIn, isOneOf, verdictBy } from './steps.ts';
import type { Wiring } from './wiring.ts';

/** A device behind a subnet whose NACL filters; `eni` is absent for a NAT gateway's. */
type Bordering = {
  readonly device: string;
  readonly subnetId: SubnetId;
  readonly acl: NetworkAcl | undefined;
  readonly eni: Eni | undefined;
};

/** Maps and chains of the NACLs that do not let everything pass. Gives whether there are any. */
export function layBorders(plan: Plan, attached: readonly Attached[]): boolean {
  const devices: readonly Omit<Bordering, 'acl'>[] = [
    ...attached.map(({ eni, attachment }) => ({ device: attachment.device, subnetId: eni.subnetId, eni })),
    ...[...plan.wiring.natGateways].map(([device, subnetId]) => ({ device, subnetId, eni: undefined })),
  ];
  const borders = devices
    .map((one): Bordering => ({ ...one, acl: aclOf(plan, one.subnetId) }))
    .filter(({ acl }) => SIDES.some((side) => filters(acl, side)));
  if (borders.length === 0) return false;
  const subnets = new Map(
    [...Map.groupBy(borders, ({ subnetId }) => subnetId)].map(([id, own]) => [id, insideOf(plan, id, own)] as const),
  );
  for (const side of SIDES) {
    const elements = borders.flatMap((one): Elements => {
      const inside = subnets.get(one.subnetId);
      const chain = inside === undefined ? undefined : crossingChain(plan, one, { inside, side });
      // Whoever has been asked on the way in is through; who has been asked on the way out may be asked again.
      const way = side.direction === 'egress' ? 'jump' : 'goto';
      return chain === undefined ? [] : [[quote(one.device), `${way} ${chain}`]];
    });
    plan.texts(`acl.${sideName(side)}`, ['ifname'], { elements, data: 'verdict' });
  }
  plan.texts('subnet-devices', ['mark', 'ifname'], {
    elements: borders.map(({ device, subnetId }) => `${subnets.get(subnetId)?.number ?? 0} . ${quote(device)}`),
  });
  return true;
}

/** What is known of packets within a subnet: the number of its devices, and the prefixes that both ends are in; undefined when they need not be. */
type Inside = { readonly number: number; readonly prefixes: Readonly<Record<Family, readonly Value[]>> | undefined };

/** Other addresses than those of the subnet are met at appliances and NAT gateways alone: the check of source and destination sees to it. */
function insideOf(plan: Plan, id: SubnetId, devices: readonly Bordering[]): Inside {
  const cidrs = getRecord(plan.world, 'subnets', id)?.cidrs ?? [];
  const isWithin = (inner: Cidr): boolean => cidrs.some((outer) => cidrCovers(outer, inner));
  const isPlain = devices.every(
    ({ eni }) =>
      eni?.sourceDestCheck === true &&
      eni.addresses.every(({ address }) => isWithin(hostCidr(address))) &&
      eni.prefixes.every(isWithin),
  );
  const prefixes = { ipv4: prefixesOf(cidrs, 'ipv4'), ipv6: prefixesOf(cidrs, 'ipv6') };
  return { number: plan.numberOf(`subnet ${id}`), prefixes: isPlain ? prefixes : undefined };
}

function prefixesOf(cidrs: readonly Cidr[], family: Family): readonly Value[] {
  const own = cidrs.filter((cidr) => cidr.family === family).map((cidr) => [cidr, ''] as const);
  return prefixKeys(family, own).map(([text]) => text);
}

/** Whether a NACL stops anything on a side; one that is not known stops everything. */
function filters(acl: NetworkAcl | undefined, side: Side): boolean {
  return acl === undefined || !passesAll(acl, side.direction, side.family);
}

/**
 * What a packet meets that goes from a device, or to it: `accept` when it does not cross the border or is exempt, else the NACL decides, and it
 * comes back when that lets it pass. Undefined when there is nothing to ask.
 */
function crossingChain(
  plan: Plan,
  { subnetId, acl, eni }: Bordering,
  { inside, side }: { readonly inside: Inside; readonly side: Side },
): string | undefined {
  if (!filters(acl, side)) return undefined;
  const { mode, fabric } = plan.wiring;
  const services = eni === undefined ? [] : servicesOf(plan, eni, side.family);
  const cidrs = getRecord(plan.world, 'subnets', subnetId)?.cidrs ?? [];
  const near = fabric.size === 0 ? [] : prefixesOf(cidrs, side.family);
  const judge: Verdict = acl === undefined ? 'drop' : `goto ${layAcl(plan, acl, side)}`;
  return plan.sharedChain('crossing', sideName(side), {
    key: JSON.stringify([sideName(side), inside, services, near, judge]),
    rules: () => [
      // Asked at both ends: a packet that meets a change halfway may be asked at one of them alone.
      ...(mode === 'forward' ? insideRules(inside, side) : []),
      ...nearRules(plan, near, side),
      ...serviceRules(plan, services, side),
      [end(judge)],
    ],
  });
}

/** The device at the other end is of the same subnet. A comparison of addresses spares most others the lookup. */
function insideRules({ number, prefixes }: Inside, side: Side): readonly Rule[] {
  const { peer, peerDevice } = fieldsOf(side, 'forward');
  const isInside: Rule = [
    { kind: 'set-mark', value: number },
    isIn(['meta mark', peerDevice], 'subnet-devices'),
    end('accept'),
  ];
  return prefixes === undefined ? [isInside] : prefixes[side.family].map((prefix) => [is(peer, prefix), ...isInside]);
}

/** Neighbours of the subnet that are on other hosts: only the fabric brings them, and their address is the subnet's. */
function nearRules(plan: Plan, prefixes: readonly Value[], side: Side): readonly Rule[] {
  const { peer, peerDevice } = fieldsOf(side, plan.wiring.mode);
  const isFabric = plan.wiring.mode === 'forward' ? [isIn([peerDevice], 'fabric')] : [];
  return prefixes.map((prefix) => [is(peer, prefix), ...isFabric, end('accept')]);
}

/** The services of the VPC are never filtered, nor what they answer (semantics 3.6). */
function serviceRules(plan: Plan, services: readonly Value[], side: Side): readonly Rule[] {
  const { peer } = fieldsOf(side, plan.wiring.mode);
  if (services.length === 0) return [];
  const isAnswer = side.direction === 'egress' ? [] : [goes('reply')];
  return [[...isAnswer, isOneOf(peer, services), end('accept')]];
}

function servicesOf(plan: Plan, eni: Eni, family: Family): readonly Value[] {
  return [...new Set([...servicesEverywhere(family), ...ownServices(plan, eni, family)])];
}

/** An unknown NACL lets nothing pass, and that is said. */
function aclOf(plan: Plan, subnetId: SubnetId): NetworkAcl | undefined {
  const id = getRecord(plan.world, 'subnets', subnetId)?.networkAcl?.aclId;
  const acl = id === undefined ? undefined : getRecord(plan.world, 'acls', id);
  if (acl === undefined) plan.problem(`the NACL of subnet ${subnetId} is not known: nothing crosses its border`);
  return acl;
}

/** NACLs judge every packet that crosses the border of a subnet, whatever is tracked (V:vpc-network-acls). */
export function layBorderHook(plan: Plan): void {
  const rules = (['ipv4', 'ipv6'] as const).flatMap((family) => [
    borderRule({ direction: 'egress', family }, 'forward'),
    borderRule({ direction: 'ingress', family }, 'forward'),
  ]);
  plan.chain('border', rules, { hook: 'forward', priority: PRIORITIES.acl, policy: 'accept' });
}

/** The NACL of the subnet that the machine is in; `first` is what it never filters. */
export function layLocalBorder(
  plan: Plan,
  direction: Side['direction'],
  { first, hook }: { readonly first: readonly Rule[]; readonly hook: Hook },
): void {
  const rules = bothFamilies(direction, (side) => [borderRule(side, 'local')]);
  plan.chain(`border-${direction}`, [...first, ...rules], hook);
}

function borderRule(side: Side, mode: Wiring['mode']): Rule {
  const { device } = fieldsOf(side, mode);
  return [is('meta nfproto', nfproto(side.family)), verdictBy([device], `acl.${sideName(side)}`)];
}
