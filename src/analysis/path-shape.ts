import { getRecord, type World } from '../core/model/world.ts';
import type { Gate, Path } from '../core/policy/path.ts';

/** The kinds of leg that the forward way runs over, in order: `local`, `nat → internet`, `internet`, `peering`, `appliance → local`. */
export function pathShape(world: World, path: Path): string {
  const words = path.forward.flatMap((gate) => shapeWord(world, gate) ?? []);
  const appliances = path.forward.filter((gate) => gate.stage === 'group-ingress').length - 1;
  const shape = [...Array.from({ length: Math.max(0, appliances) }, () => 'appliance'), ...dropRepeats(words)];
  if (shape.length > 0) return shape.join(' → ');
  return path.forward.some((gate) => gate.stage === 'acl-egress' || gate.stage === 'acl-ingress')
    ? 'local'
    : 'within the subnet';
}

function shapeWord(world: World, gate: Gate): string | undefined {
  if (gate.stage === 'exempt') return gate.kind === 'settled' && isSelf(gate) ? 'same interface' : 'VPC service';
  if (gate.stage !== 'gateway') return undefined;
  if (getRecord(world, 'natGateways', gate.resource) !== undefined) return 'nat';
  if (getRecord(world, 'peerings', gate.resource) !== undefined) return 'peering';
  if (getRecord(world, 'egressOnlyGateways', gate.resource) !== undefined) return 'egress-only';
  if (getRecord(world, 'internetGateways', gate.resource) !== undefined) return 'internet';
  return getRecord(world, 'vpcs', gate.resource) === undefined ? undefined : 'outside';
}

function isSelf(gate: Extract<Gate, { kind: 'settled' }>): boolean {
  return gate.decision.outcome === 'pass' && gate.decision.by === 'same-interface';
}

function dropRepeats(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => word !== words[index - 1]);
}
