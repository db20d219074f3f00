import { formatAddress } from '../../core/net/address.ts';
import { formatCidr } from '../../core/net/cidr.ts';
import type { InternetGateway, NatGateway, PeeringConnection } from '../../core/model/gateway.ts';
import type { VpcId } from '../../core/model/ids.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import { NOT_ROUTABLE } from '../../core/policy/exempt.ts';
import { NEXT_HOP, type TopologyDraft, viaLink } from './draft.ts';
import { deviceName, INTERNET_NAMESPACE, macOf, namespaceName } from './names.ts';
import { planNatAtRouter, runningEnis } from './router.ts';

const FORWARDING: readonly string[] = [
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.default.send_redirects=0',
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
];

/**
 * The internet: every address is at home there, but those that lead to a gateway of the lab. Programs in it may be anybody.
 */
export function planInternet(draft: TopologyDraft): void {
  const namespace = INTERNET_NAMESPACE;
  draft.namespace(namespace, [...FORWARDING, 'net.ipv4.ip_nonlocal_bind=1', 'net.ipv6.ip_nonlocal_bind=1']);
  // The main table, which has the gateways, comes first. Without a local route the kernel lets nobody send by an address.
  draft.rule(namespace, 'priority 500 lookup main');
  draft.rule(namespace, 'priority 1000 lookup local');
  for (const family of [{}, { family: 'ipv6' }] as const)
    draft.thing({ kind: 'rule', namespace, add: 'rule delete priority 0', ...family });
  draft.route(namespace, 'local 0.0.0.0/0 dev lo table local');
  draft.route(namespace, 'local ::/0 dev lo table local');
}

/** A public address with the private one behind it. */
type Translation = { readonly inside: string; readonly outside: string };

/** An internet gateway: 1:1 translation without memory; only interfaces with a public address get through (V23:VPC_Internet_Gateway). */
export function planInternetGateway(draft: TopologyDraft, world: World, gateway: InternetGateway): void {
  const { id, vpcId } = gateway;
  if (vpcId === undefined || getRecord(world, 'vpcs', vpcId) === undefined) return;
  const namespace = namespaceName('gateway', id);
  draft.namespace(namespace, FORWARDING);
  planOutside(draft, world, { id, vpcId, letter: 'g', namespace });
  const translations = translationsOf(world, vpcId);
  const device = deviceName('o', id);
  // No next hop: where every address is local, none can be one.
  for (const { outside } of translations) {
    draft.route(INTERNET_NAMESPACE, `${outside}/32 dev ${device}`);
    draft.neighbour({ namespace: INTERNET_NAMESPACE, device }, outside, macOf(`${id} outside`));
  }
  for (const cidr of wideAddresses(world, vpcId)) draft.route(INTERNET_NAMESPACE, `${cidr} ${viaLink('ipv6', device)}`);
  draft.gatewayRules(namespace, translationRules(translations));
}

/** The addresses by which the internet knows interfaces and NAT gateways of a VPC. */
function translationsOf(world: World, vpcId: VpcId): readonly Translation[] {
  const ofEnis = runningEnis(world)
    .filter((eni) => eni.vpcId === vpcId)
    .flatMap((eni) => eni.addresses)
    .flatMap((own) => (own.public === undefined ? [] : [{ inside: own.address, outside: own.public.address }]));
  const ofNats = natsOf(world)
    .filter((nat) => nat.vpcId === vpcId && nat.connectivity === 'public')
    .flatMap((nat) => nat.addresses)
    .flatMap((own) => (own.public === undefined ? [] : [{ inside: own.private, outside: own.public }]));
  return [...ofEnis, ...ofNats].map(({ inside, outside }) => ({
    inside: formatAddress(inside),
    outside: formatAddress(outside),
  }));
}

/** IPv6 addresses and prefixes of interfaces: the internet knows them as they are. */
function wideAddresses(world: World, vpcId: VpcId): readonly string[] {
  const enis = runningEnis(world).filter((eni) => eni.vpcId === vpcId);
  const addresses = enis.flatMap((eni) => eni.addresses).filter(({ address }) => address.family === 'ipv6');
  const prefixes = enis.flatMap((eni) => eni.prefixes).filter((cidr) => cidr.family === 'ipv6');
  return [...addresses.map(({ address }) => `${formatAddress(address)}/128`), ...prefixes.map(formatCidr)];
}

const NOWHERE = (['ipv4', 'ipv6'] as const).map((family) => ({
  field: family === 'ipv4' ? 'ip' : 'ip6',
  prefixes: NOT_ROUTABLE.filter((cidr) => cidr.family === family).map(formatCidr),
}));

/** What no gateway carries to or from the internet (RFC 6890). Link-local is left to neighbour discovery, which is not forwarded. */
function unroutable(field: 'saddr' | 'daddr', device: string): string {
  return NOWHERE.map(
    (one) =>
      `iifname "${device}" ${one.field} ${field} { ${one.prefixes.filter((text) => text !== 'fe80::/10').join(', ')} } drop`,
  ).join('\n');
}

function translationRules(translations: readonly Translation[]): string {
  const map = (from: 'inside' | 'outside', to: 'inside' | 'outside'): string =>
    translations.length === 0
      ? ''
      : `elements = { ${translations.map((one) => `${one[from]} : ${one[to]}`).join(', ')} }`;
  return `table inet gateway {
map out {
type ipv4_addr : ipv4_addr
${map('inside', 'outside')}
}
map in {
type ipv4_addr : ipv4_addr
${map('outside', 'inside')}
}
chain translate {
type filter hook prerouting priority raw; policy accept;
${unroutable('daddr', 'vpc0')}
${unroutable('saddr', 'net0')}
iifname "vpc0" ip saddr != @out drop
iifname "vpc0" ip saddr set ip saddr map @out notrack accept
iifname "net0" ip daddr != @in drop
iifname "net0" ip daddr set ip daddr map @in notrack accept
}
}`;
}

type Outside = { readonly id: string; readonly vpcId: VpcId; readonly letter: 'g' | 'x'; readonly namespace: string };

/** A gateway between a router and the internet: a link to each. */
function planOutside(draft: TopologyDraft, world: World, { id, vpcId, letter, namespace }: Outside): void {
  draft.gatewayLink(
    { namespace: namespaceName('router', vpcId), device: deviceName(letter, id), mac: macOf(`${id} vpc`) },
    { namespace, device: 'vpc0', mac: macOf(`${id} inside`) },
  );
  draft.gatewayLink(
    { namespace: INTERNET_NAMESPACE, device: deviceName('o', id), mac: macOf(`${id} net`) },
    { namespace, device: 'net0', mac: macOf(`${id} outside`) },
  );
  for (const cidr of getRecord(world, 'vpcs', vpcId)?.cidrs ?? [])
    draft.route(namespace, `${formatCidr(cidr)} ${viaLink(cidr.family, 'vpc0')}`);
  draft.route(namespace, `0.0.0.0/0 ${viaLink('ipv4', 'net0')}`);
  draft.route(namespace, `::/0 ${viaLink('ipv6', 'net0')}`);
}

/** An egress-only gateway: IPv6, what goes out and its answers (V23:egress-only-internet-gateway). */
export function planEgressOnly(
  draft: TopologyDraft,
  world: World,
  gateway: { readonly id: string; readonly vpcId?: VpcId },
): void {
  const { id, vpcId } = gateway;
  if (vpcId === undefined || getRecord(world, 'vpcs', vpcId) === undefined) return;
  const namespace = namespaceName('gateway', id);
  draft.namespace(namespace, FORWARDING);
  planOutside(draft, world, { id, vpcId, letter: 'x', namespace });
  const isAlone = ![...listRecords(world, 'internetGateways')].some((one) => one.vpcId === vpcId);
  // With an internet gateway in the VPC answers come back by that one: the addresses are the same.
  if (isAlone)
    for (const cidr of wideAddresses(world, vpcId))
      draft.route(INTERNET_NAMESPACE, `${cidr} ${viaLink('ipv6', deviceName('o', id))}`);
  draft.gatewayRules(
    namespace,
    `table inet gateway {
chain forward {
type filter hook forward priority 0; policy drop;
${unroutable('daddr', 'vpc0')}
iifname "vpc0" meta nfproto ipv6 accept
iifname "net0" meta nfproto ipv6 ct direction reply accept
}
}`,
  );
}

/** NAT gateways that work. */
export function natsOf(world: World): readonly NatGateway[] {
  return [...listRecords(world, 'natGateways')].filter(
    (nat) => nat.state === 'available' && getRecord(world, 'vpcs', nat.vpcId) !== undefined,
  );
}

/** A NAT gateway: TCP, UDP and ICMP go out by its private address, from ports 1024 to 65535; nothing comes in but answers. */
export function planNat(draft: TopologyDraft, nat: NatGateway): void {
  const [own] = nat.addresses;
  if (own === undefined) return;
  const namespace = namespaceName('gateway', nat.id);
  const address = formatAddress(own.private);
  draft.namespace(namespace, [...FORWARDING, 'net.netfilter.nf_conntrack_tcp_be_liberal=1']);
  draft.gatewayLink(
    { namespace: namespaceName('router', nat.vpcId), device: deviceName('n', nat.id), mac: macOf(`${nat.id} vpc`) },
    { namespace, device: 'vpc0', mac: macOf(`${nat.id} inside`) },
  );
  draft.address(namespace, `${address}/32 dev vpc0`);
  draft.route(namespace, `0.0.0.0/0 via inet ${NEXT_HOP.ipv4} dev vpc0 onlink`);
  planNatAtRouter(draft, {
    vpcId: nat.vpcId,
    subnetId: nat.subnetId,
    device: deviceName('n', nat.id),
    addresses: nat.addresses.map((one) => formatAddress(one.private)),
  });
  draft.gatewayRules(
    namespace,
    `table inet gateway {
chain input {
type filter hook input priority 0; policy drop;
meta l4proto ipv6-icmp accept
}
chain forward {
type filter hook forward priority 0; policy drop;
meta nfproto ipv4 meta l4proto { tcp, udp, icmp } accept
}
chain translate {
type nat hook postrouting priority srcnat; policy accept;
ip saddr != ${address} meta l4proto { tcp, udp } snat ip to ${address}:1024-65535
ip saddr != ${address} snat ip to ${address}
}
}`,
  );
}

/** A peering connection: a link between two routers. */
export function planPeering(draft: TopologyDraft, peering: PeeringConnection): void {
  const { id, requester, accepter } = peering;
  draft.gatewayLink(
    { namespace: namespaceName('router', requester.vpcId), device: deviceName('p', id), mac: macOf(`${id} requester`) },
    { namespace: namespaceName('router', accepter.vpcId), device: deviceName('p', id), mac: macOf(`${id} accepter`) },
  );
}
