import type { PeeringConnection } from '../../core/model/gateway.ts';
import { getRecord, indexedIds, type World } from '../../core/model/world.ts';

/**
 * Whether some interface of the one list can be at the other end of a leg where references match, of some interface of the other: in one VPC, or over
 * an active peering of one Region (PEER:vpc-peering-security-groups). Else why not.
 */
export function connectionOf(world: World, some: readonly string[], others: readonly string[]): string {
  const [own, far] = [vpcsOf(world, some), vpcsOf(world, others)];
  const faults = new Set<string>();
  for (const vpc of own) {
    if (far.has(vpc)) return 'connected';
    for (const peering of peeringsOf(world, vpc)) {
      const other = peering.requester.vpcId === vpc ? peering.accepter.vpcId : peering.requester.vpcId;
      if (!far.has(other)) continue;
      const fault = faultOf(peering);
      if (fault === undefined) return 'connected';
      faults.add(fault);
    }
  }
  if (world.missing.has('peerings')) return 'connected';
  const [fault] = faults;
  return fault ?? `no peering connection joins ${[...own].join(', ')} and ${[...far].join(', ')}`;
}

function faultOf({ id, status, requester, accepter }: PeeringConnection): string | undefined {
  if (status !== 'active') return `${id} is ${status}`;
  return requester.region === accepter.region ? undefined : `${id} joins two Regions, where references do not match`;
}

function peeringsOf(world: World, vpcId: string): readonly PeeringConnection[] {
  return [...indexedIds(world, 'peeringsByVpc', vpcId)].flatMap((id) => getRecord(world, 'peerings', id) ?? []);
}

function vpcsOf(world: World, enis: readonly string[]): ReadonlySet<string> {
  return new Set(enis.flatMap((id) => getRecord(world, 'enis', id)?.vpcId ?? []));
}
