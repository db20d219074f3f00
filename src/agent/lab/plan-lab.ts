import { formatAddress } from '../../core/net/address.ts';
import { cidrContains } from '../../core/net/cidr.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { EniId, InstanceId, SubnetId, VpcId } from '../../core/model/ids.ts';
import { getRecord, indexedIds, listRecords, type World } from '../../core/model/world.ts';
import type { Attachment, Wiring } from '../../nft/wiring.ts';
import { TopologyDraft } from './draft.ts';
import { natsOf, planEgressOnly, planInternet, planInternetGateway, planNat, planPeering } from './gateways.ts';
import { deviceName, macOf, namespaceName } from './names.ts';
import { isCarrying, planAtRouter, planRouter, runningEnis } from './router.ts';
import type { Topology } from './topology.ts';

/** A VPC's router: where its rules are loaded, and how they find its interfaces. */
export type Router = { readonly namespace: string; readonly wiring: Wiring };

/** What a world looks like on one machine. */
export type LabPlan = {
  readonly topology: Topology;
  readonly routers: ReadonlyMap<VpcId, Router>;
  readonly instances: ReadonlyMap<InstanceId, string>;
  /** What the lab does not do as AWS would, and says so. */
  readonly warnings: readonly string[];
};

/** The namespaces, links, addresses and routes of a world. Only instances that run have a namespace. */
export function planLab(world: World): LabPlan {
  const draft = new TopologyDraft();
  const warnings = new Set<string>();
  const enis = runningEnis(world);
  planInternet(draft);
  for (const { id } of listRecords(world, 'vpcs'))
    planRouter(draft, world, { vpcId: id, warn: (text) => warnings.add(text) });
  for (const gateway of listRecords(world, 'internetGateways')) planInternetGateway(draft, world, gateway);
  for (const gateway of listRecords(world, 'egressOnlyGateways')) planEgressOnly(draft, world, gateway);
  for (const nat of natsOf(world)) planNat(draft, nat);
  for (const peering of listRecords(world, 'peerings')) if (isCarrying(world, peering)) planPeering(draft, peering);
  const instances = planInstances(draft, world, enis);
  for (const { edgeRouteTableId, id } of listRecords(world, 'internetGateways'))
    if (edgeRouteTableId !== undefined)
      warnings.add(`the edge route table of ${id} is not followed: packets come straight in`);
  return { topology: draft.topology, routers: routersOf(world, enis), instances, warnings: [...warnings] };
}

function planInstances(draft: TopologyDraft, world: World, enis: readonly Eni[]): ReadonlyMap<InstanceId, string> {
  const instances = new Map<InstanceId, string>();
  for (const [id, own] of Map.groupBy(enis, (eni) => eni.attachment?.instanceId)) {
    if (id === undefined) continue;
    const namespace = namespaceName('instance', id);
    const forwards = own.some((eni) => !eni.sourceDestCheck);
    draft.namespace(namespace, [
      'net.ipv6.conf.default.accept_dad=0',
      'net.ipv6.conf.default.accept_ra=0',
      // Whoever switches the check off wants an appliance: one that forwards.
      ...(forwards
        ? ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.send_redirects=0']
        : []),
    ]);
    for (const eni of own) planEni(draft, world, eni);
    instances.set(id, namespace);
  }
  return instances;
}

/** An interface in its instance, as AWS's DHCP would set it up: the subnet's prefix, the router at its first address. */
function planEni(draft: TopologyDraft, world: World, eni: Eni): void {
  const instanceId = eni.attachment?.instanceId;
  if (instanceId === undefined) return;
  const namespace = namespaceName('instance', instanceId);
  const index = eni.attachment?.deviceIndex ?? 0;
  const inside = `eth${index}`;
  const device = deviceName('e', eni.id);
  draft.link(
    { namespace: namespaceName('router', eni.vpcId), device, mac: macOf(`${eni.id} router`) },
    { namespace, device: inside, mac: macOf(eni.id) },
  );
  planAtRouter(draft, eni, device);
  const subnet = getRecord(world, 'subnets', eni.subnetId);
  const table = 100 + index;
  for (const { address } of eni.addresses) {
    const text = formatAddress(address);
    const own = subnet?.cidrs.find((cidr) => cidrContains(cidr, address));
    const isWide = address.family === 'ipv6';
    const gateway = isWide ? 'fe80::1' : formatAddress({ ...address, w0: (own?.base.w0 ?? address.w0 - 1) + 1 });
    const any = isWide ? '::/0' : '0.0.0.0/0';
    // Neighbours are reached by the router too, as on AWS, where nobody shares a wire: so no route to the subnet's prefix.
    const flags = isWide ? 'nodad' : 'noprefixroute';
    draft.address(namespace, `${text}/${isWide ? 128 : (own?.length ?? 32)} dev ${inside} ${flags}`);
    if (!isWide) draft.route(namespace, `${gateway}/32 dev ${inside} scope link`);
    draft.route(namespace, `${any} via ${gateway} dev ${inside} metric ${table}`);
    // What has the address of another interface leaves by that one: its own source check would drop it elsewhere.
    if (index === 0) continue;
    draft.route(namespace, `${any} via ${gateway} dev ${inside} table ${table}`);
    const line = `from ${text} lookup ${table}`;
    const family = isWide ? ({ family: 'ipv6' } as const) : {};
    draft.thing({ kind: 'rule', namespace, add: `rule add ${line}`, remove: `rule delete ${line}`, ...family });
  }
}

function attachment(id: EniId): Attachment {
  return { device: deviceName('e', id), mac: macOf(id) };
}

function routersOf(world: World, enis: readonly Eni[]): ReadonlyMap<VpcId, Router> {
  return new Map(
    [...listRecords(world, 'vpcs')].map(({ id }): [VpcId, Router] => {
      const nats = natsOf(world).filter((nat) => nat.vpcId === id);
      const peerings = [...indexedIds(world, 'peeringsByVpc', id)].flatMap(
        (one) => getRecord(world, 'peerings', one) ?? [],
      );
      const near = peerings.filter((one) => one.requester.region === one.accepter.region);
      const gateways = [...listRecords(world, 'internetGateways')].filter((one) => one.vpcId === id);
      const egressOnly = [...indexedIds(world, 'egressOnlyGatewaysByVpc', id)];
      return [
        id,
        {
          namespace: namespaceName('router', id),
          wiring: {
            mode: 'forward',
            enis: new Map(enis.filter((eni) => eni.vpcId === id).map((eni) => [eni.id, attachment(eni.id)])),
            fabric: new Set(near.map((one) => deviceName('p', one.id))),
            stateful: new Set([
              ...egressOnly.map((one) => deviceName('x', one)),
              ...nats.map((nat) => deviceName('n', nat.id)),
            ]),
            natGateways: new Map(nats.map((nat): [string, SubnetId] => [deviceName('n', nat.id), nat.subnetId])),
            outside: new Set([
              ...gateways.map((one) => deviceName('g', one.id)),
              ...peerings.filter((one) => !near.includes(one)).map((one) => deviceName('p', one.id)),
            ]),
          },
        },
      ];
    }),
  );
}
