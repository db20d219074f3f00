import type { Cidr } from '../core/net/cidr.ts';
import type { SubnetId } from '../core/model/ids.ts';
import type { NetworkAcl } from '../core/model/network-acl.ts';
import { getRecord } from '../core/model/world.ts';
import { passesAll } from '../core/policy/match.ts';
import { layAcl } from './acl-chains.ts';
import { prefixKeys } from './address-keys.ts';
import { type Attached, quote } from './device-sets.ts';
import type { Plan } from './plan.ts';
import type { Elements, Hook, Rule } from './ruleset.ts';
import { bothFamilies, familyName, fieldsOf, nfproto, type Side, SIDES, sideName } from './side.ts';
import { exemptRules, PRIORITIES } from './start-chains.ts';
import { end, is, isIn, markBy, verdictBy } from './steps.ts';

/** A device behind a subnet whose NACL filters. */
type Bordering = { readonly device: string; readonly subnetId: SubnetId; readonly acl: NetworkAcl | undefined };

/** Maps and chains of the NACLs that do not let everything pass. Gives whether there are any. */
export function layBorders(plan: Plan, attached: readonly Attached[]): boolean {
  const subnets: readonly (readonly [string, SubnetId])[] = [
    ...attached.map(({ eni, attachment }) => [attachment.device, eni.subnetId] as const),
    ...plan.wiring.natGateways,
  ];
  const borders = subnets
    .map(([device, subnetId]): Bordering => ({ device, subnetId, acl: aclOf(plan, subnetId) }))
    .filter(({ acl }) => acl === undefined || SIDES.some((side) => !passesAll(acl, side.direction, side.family)));
  if (borders.length === 0) return false;
  for (const side of SIDES) {
    const elements = borders.flatMap(({ device, acl }): Elements => {
      if (acl === undefined) return [[quote(device), 'drop']];
      return passesAll(acl, side.direction, side.family) ? [] : [[quote(device), `jump ${layAcl(plan, acl, side)}`]];
    });
    plan.texts(`acl.${sideName(side)}`, ['ifname'], { elements, data: 'verdict' });
  }
  const numbered = borders.map(({ device, subnetId }) => ({ device, number: plan.numberOf(`subnet ${subnetId}`) }));
  plan.texts('subnets', ['ifname'], {
    elements: numbered.map(({ device, number }) => [quote(device), String(number)]),
    data: 'mark',
  });
  plan.texts('subnet-devices', ['mark', 'ifname'], {
    elements: numbered.map(({ device, number }) => `${number} . ${quote(device)}`),
  });
  layNear(plan, borders);
  return true;
}

/** An unknown NACL lets nothing pass, and that is said. */
function aclOf(plan: Plan, subnetId: SubnetId): NetworkAcl | undefined {
  const id = getRecord(plan.world, 'subnets', subnetId)?.networkAcl?.aclId;
  const acl = id === undefined ? undefined : getRecord(plan.world, 'acls', id);
  if (acl === undefined) plan.problems.add(`the NACL of subnet ${subnetId} is not known: nothing crosses its border`);
  return acl;
}

/** Addresses of a device's own subnet, for neighbours on other hosts: only the fabric may bring them. */
function layNear(plan: Plan, borders: readonly Bordering[]): void {
  if (plan.wiring.fabric.size === 0) return;
  for (const family of ['ipv4', 'ipv6'] as const) {
    const elements = borders.flatMap(({ device, subnetId }) => {
      const cidrs = (getRecord(plan.world, 'subnets', subnetId)?.cidrs ?? []).filter(
        (cidr: Cidr) => cidr.family === family,
      );
      return prefixKeys(
        family,
        cidrs.map((cidr) => [cidr, '']),
      ).map(([text]) => `${quote(device)} . ${text}`);
    });
    plan.texts(`near${familyName(family)}`, ['ifname', family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr'], {
      elements,
      isInterval: true,
    });
  }
}

/** NACLs judge every packet that crosses the border of a subnet, whatever is tracked (V:vpc-network-acls). */
export function layBorderHook(plan: Plan): void {
  const exempt = (['egress', 'ingress'] as const).flatMap((direction) =>
    bothFamilies(direction, (side) => exemptRules(plan, side)),
  );
  plan.chain(
    'border',
    [
      [markBy(['iifname'], 'subnets'), isIn(['meta mark', 'oifname'], 'subnet-devices'), end('accept')],
      ...(plan.wiring.fabric.size > 0 ? bothFamilies('ingress', nearRules) : []),
      ...exempt,
      ...bothFamilies('egress', entryRules),
      ...bothFamilies('ingress', entryRules),
    ],
    { hook: 'forward', priority: PRIORITIES.acl, policy: 'accept' },
  );
}

/** Neighbours of the subnet that are on other hosts: the fabric brought them, and their address is the subnet's. */
function nearRules(side: Side): readonly Rule[] {
  const set = `near${familyName(side.family)}`;
  const { peer: source, own: destination } = fieldsOf(side, 'forward');
  return [
    [isIn(['iifname'], 'fabric'), isIn(['oifname', source], set), end('accept')],
    [isIn(['oifname'], 'fabric'), isIn(['iifname', destination], set), end('accept')],
  ];
}

function entryRules(side: Side): readonly Rule[] {
  const { device } = fieldsOf(side, 'forward');
  return [[is('meta nfproto', nfproto(side.family)), verdictBy([device], `acl.${sideName(side)}`)]];
}

/** The NACL of the subnet that the machine is in; `first` is what it never filters. */
export function layLocalBorder(
  plan: Plan,
  direction: Side['direction'],
  { first, hook }: { readonly first: readonly Rule[]; readonly hook: Hook },
): void {
  const rules = bothFamilies(direction, (side): readonly Rule[] => {
    const { device, peer } = fieldsOf(side, 'local');
    return [
      [isIn([device, peer], `near${familyName(side.family)}`), end('accept')],
      ...exemptRules(plan, side),
      [is('meta nfproto', nfproto(side.family)), verdictBy([device], `acl.${sideName(side)}`)],
    ];
  });
  plan.chain(`border-${direction}`, [...first, ...rules], hook);
}
