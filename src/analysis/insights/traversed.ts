import { getRecord, type World } from '../../core/model/world.ts';
import type { Gate, Path } from '../../core/policy/path.ts';

/** Everything that packets traverse on their way there, by id: interfaces with what they belong to, subnets, NACLs, route tables, gateways. */
export function traversed(world: World, { forward }: Pick<Path, 'forward'>): ReadonlySet<string> {
  return new Set(forward.flatMap((gate) => ofGate(world, gate)));
}

function ofGate(world: World, gate: Gate): readonly string[] {
  const eni = getRecord(world, 'enis', gate.resource);
  if (eni !== undefined) {
    const { attachment, subnetId, vpcId, groups } = eni;
    const instance = attachment?.instanceId === undefined ? [] : [attachment.instanceId];
    return [eni.id, ...instance, subnetId, vpcId, ...groups];
  }
  if (gate.kind === 'acl') {
    const acl = gate.subnet.networkAcl?.aclId;
    return [gate.subnet.id, gate.subnet.vpcId, ...(acl === undefined ? [] : [acl])];
  }
  const nat = getRecord(world, 'natGateways', gate.resource);
  return nat === undefined ? [gate.resource] : [nat.id, nat.subnetId, nat.vpcId];
}
