import { type Family, formatAddress } from '../core/net/address.ts';
import { type Cidr, cidrCovers, cidrsOverlap, formatCidr } from '../core/net/cidr.ts';
import type { Eni } from '../core/model/eni.ts';
import { getRecord } from '../core/model/world.ts';
import { serviceAddresses } from '../core/policy/exempt.ts';
import { AUTOMATIC_TYPES } from '../core/track/automatic-types.ts';
import { addressTexts, spanOf, spanText } from './address-keys.ts';
import { CannotHold } from './cannot-hold.ts';
import { departureElements, holderOf } from './past.ts';
import type { Plan } from './plan.ts';
import type { Value } from './ruleset.ts';
import { familyName } from './side.ts';
import { type Attachment, isDeviceName, isMac } from './wiring.ts';

/** An interface of the model with the device that it hangs on. */
export type Attached = { readonly eni: Eni; readonly attachment: Attachment };

/** The interfaces that both the view and the wiring know, by id. Throws on a wiring that could not be told apart in the kernel. */
export function attachedEnis(plan: Plan): readonly Attached[] {
  const attached: Attached[] = [];
  const devices = new Set<string>();
  for (const [id, attachment] of [...plan.wiring.enis].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const { device, mac } = attachment;
    if (!isDeviceName(device) || !isMac(mac))
      throw new CannotHold(`interface ${id} hangs on no device that can be named`);
    if (devices.has(device)) throw new CannotHold(`device ${device} stands for two interfaces`);
    devices.add(device);
    const eni = getRecord(plan.world, 'enis', id);
    if (eni === undefined) plan.problem(`interface ${id} is not known: everything at its device is refused`);
    else attached.push({ eni, attachment });
  }
  refuseOverlaps(plan, attached);
  return attached;
}

/** Addresses of two VPCs that overlap cannot be told apart in one namespace. */
function refuseOverlaps(plan: Plan, attached: readonly Attached[]): void {
  const vpcs = [...new Set(attached.map(({ eni }) => eni.vpcId))].map((id) => ({
    id,
    cidrs: getRecord(plan.world, 'vpcs', id)?.cidrs ?? [],
  }));
  for (const [index, one] of vpcs.entries()) {
    for (const other of vpcs.slice(index + 1)) {
      const clash = one.cidrs.find((cidr) => other.cidrs.some((theirs) => cidrsOverlap(cidr, theirs)));
      if (clash !== undefined)
        throw new CannotHold(
          `${one.id} and ${other.id} overlap in ${formatCidr(clash)}: each needs a namespace of its own`,
        );
    }
  }
}

/** Sets about devices: whose they are, which addresses are theirs, what is exempt there. */
export function layDevices(plan: Plan, attached: readonly Attached[]): void {
  const { wiring } = plan;
  const quoted = [...wiring.enis.values()].map(({ device }) => quote(device));
  plan.texts('interfaces', ['ifname'], { elements: quoted });
  plan.texts('macs', ['ifname', 'ether_addr'], {
    elements: [...wiring.enis.values()].map(({ device, mac }) => `${quote(device)} . ${mac}`),
  });
  const free = attached.filter(({ eni }) => !eni.sourceDestCheck).map(({ attachment }) => quote(attachment.device));
  if (free.length > 0) plan.texts('unchecked', ['ifname'], { elements: free });
  if (wiring.fabric.size > 0) plan.texts('fabric', ['ifname'], { elements: [...wiring.fabric].map(quote) });
  const automatic = attached.filter(({ eni }) => AUTOMATIC_TYPES.has(eni.interfaceType));
  const stateful = [...wiring.stateful, ...automatic.map(({ attachment }) => attachment.device)];
  if (stateful.length > 0) plan.texts('stateful', ['ifname'], { elements: stateful.map(quote) });
  if (wiring.outside !== undefined)
    plan.texts('outside', ['ifname'], {
      elements: [
        ...new Set([...wiring.outside, ...wiring.fabric, ...wiring.stateful, ...wiring.natGateways.keys()]),
      ].map(quote),
    });
  layFaces(plan, attached);
  layPast(plan);
}

/** What interfaces have at their devices, each by itself: who they are, their addresses, and the services that are theirs. */
export function layFaces(plan: Plan, attached: readonly Attached[]): void {
  plan.texts('holders', ['ifname'], {
    elements: attached.map(({ eni, attachment }) => [quote(attachment.device), String(holderOf(eni))] as const),
    data: 'mark',
  });
  layOwnAddresses(plan, attached);
  layExempt(plan, attached);
}

/** Whether an interface is in no set that is there only where somebody is in it. */
export function isPlain({ sourceDestCheck, interfaceType }: Eni): boolean {
  return sourceDestCheck && !AUTOMATIC_TYPES.has(interfaceType);
}

function layOwnAddresses(plan: Plan, attached: readonly Attached[]): void {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const type = family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr';
    const texts = (eni: Eni): readonly Value[] => [
      ...eni.addresses.filter(({ address }) => address.family === family).map(({ address }) => formatAddress(address)),
      ...eni.prefixes.filter((cidr) => cidr.family === family && family === 'ipv4').flatMap(addressTexts),
    ];
    const own = attached.flatMap(({ eni, attachment }) =>
      [...new Set(texts(eni))].map((text) => ({ ...attachment, text })),
    );
    plan.texts(`own${familyName(family)}`, ['ifname', type, 'ether_addr'], {
      elements: own.map(({ device, mac, text }) => `${quote(device)} . ${text} . ${mac}`),
    });
    plan.texts(`at${familyName(family)}`, ['ifname', type], {
      elements: own.map(({ device, text }) => `${quote(device)} . ${text}`),
    });
  }
  const delegated = attached.flatMap(({ eni, attachment }) =>
    [...new Set(widest(eni).map(keyOf))].map((text) => ({ ...attachment, text })),
  );
  plan.texts('own6p', ['ifname', 'ipv6_addr', 'ether_addr'], {
    elements: delegated.map(({ device, mac, text }) => `${quote(device)} . ${text} . ${mac}`),
    isInterval: true,
  });
  plan.texts('at6p', ['ifname', 'ipv6_addr'], {
    elements: delegated.map(({ device, text }) => `${quote(device)} . ${text}`),
    isInterval: true,
  });
}

/** The IPv6 prefixes of an interface that lie in no other one of its own. Each stays a key of its own: each may go by itself. */
function widest({ prefixes }: Eni): readonly Cidr[] {
  const own = prefixes.filter(({ family }) => family === 'ipv6');
  return own.filter((cidr) => !own.some((other) => other.length < cidr.length && cidrCovers(other, cidr)));
}

function keyOf(cidr: Cidr): Value {
  const { from, to } = spanOf(cidr);
  return spanText(cidr.family, from, to);
}

/** Which addresses lost their holders, and since when marks are believed. */
export function layPast(plan: Plan): void {
  const { past } = plan;
  plan.texts('eras', ['mark'], { elements: [String(past.since), String(past.era)] });
  for (const [set, type] of GONE) {
    const elements = departureElements(past, set);
    if (elements.length > 0) plan.texts(set, [type, 'mark'], { elements, isInterval: true });
  }
}

export const GONE = [
  ['gone4', 'ipv4_addr'],
  ['gone6', 'ipv6_addr'],
  ['gone6p', 'ipv6_addr'],
] as const;

/** Services that are the VPC's or the subnet's own; those that are the same everywhere stand in the rules. */
function layExempt(plan: Plan, attached: readonly Attached[]): void {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const elements = attached.flatMap(({ eni, attachment }) =>
      ownServices(plan, eni, family).map((text) => `${quote(attachment.device)} . ${text}`),
    );
    plan.texts(`exempt${familyName(family)}`, ['ifname', family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr'], { elements });
  }
}

/** The addresses in a family of the services that are an interface's VPC's or subnet's own. */
export function ownServices(plan: Plan, eni: Eni, family: Family): readonly Value[] {
  const subnet = getRecord(plan.world, 'subnets', eni.subnetId);
  const vpc = getRecord(plan.world, 'vpcs', eni.vpcId);
  const services = serviceAddresses(subnet, vpc).filter((address) => address.family === family);
  return [...new Set(services.map(formatAddress))];
}

/** A device as nft prints it. Names are checked before they come here. */
export function quote(device: string): Value {
  return `"${device}"`;
}
