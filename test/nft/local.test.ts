// The machine that is itself the instance: its input and output hooks say what evaluate says of its own gates. References match by address
// there, for nobody on the machine sees who is at the other end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '../../src/core/net/address.ts';
import { formatTransport, type Transport } from '../../src/core/net/traffic.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { evaluate, type GateAnswer } from '../../src/core/policy/evaluate.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { trace } from '../../src/nft/trace.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { checks } from '../property/checks.ts';
import { about, askOf } from '../property/asked.ts';
import { Legs, type Leg, plantOf } from './legs.ts';

const DEVICE = 'eth0';

/** The rules of one interface on its own machine. */
function localLayout(world: World, eni: Eni): Layout {
  const attachment = { device: DEVICE, mac: '02:00:00:00:00:01' };
  return layout(hostViewOf(world, [eni.id]), {
    mode: 'local',
    enis: new Map([[eni.id, attachment]]),
    fabric: new Set([DEVICE]),
    stateful: new Set(),
    natGateways: new Map(),
  });
}

/** The gates of a leg that one end enforces. */
function gatesOf(leg: Leg, eni: Eni, direction: 'egress' | 'ingress'): readonly GateAnswer[] {
  const stages =
    direction === 'egress'
      ? ['source-check', 'group-egress', 'acl-egress']
      : ['acl-ingress', 'group-ingress', 'destination-check'];
  return leg.gates.filter(
    ({ gate }) => stages.includes(gate.stage) && [eni.id, eni.subnetId].includes(gate.resource as never),
  );
}

/** Whether the other end is what its address says: no appliance, no public address, none that is not known. */
function isPlain(world: World, gates: readonly GateAnswer[]): boolean {
  return gates.every(({ gate }) => {
    if (gate.kind !== 'groups' || gate.peer.eni !== undefined) return true;
    const text = formatAddress(gate.peer.address);
    const isMember = [...listRecords(world, 'enis')].some(
      (eni) => eni.addresses.some(({ address }) => formatAddress(address) === text) || eni.prefixes.length > 0,
    );
    return gate.peer.end === 'known' && !isMember;
  });
}

function check(
  world: World,
  leg: Leg,
  of: {
    readonly eni: Eni;
    readonly direction: 'egress' | 'ingress';
    readonly transport: Transport;
    readonly about: string;
  },
): boolean {
  const { eni, direction, transport } = of;
  const gates = gatesOf(leg, eni, direction);
  if (gates.length === 0 || !isPlain(world, gates) || !eni.sourceDestCheck) return false;
  const { source, destination } = leg;
  const connection = { direction: 'original', mark: 0, isRelated: false } as const;
  const device = direction === 'egress' ? { oifname: DEVICE } : { iifname: DEVICE };
  const { verdict, by } = trace(localLayout(world, eni).ruleset, direction === 'egress' ? 'output' : 'input', {
    frame: { ...device, source, destination, transport, opens: true, connection },
    memory: new Map(),
  });
  const passes = gates.every(({ decision }) => decision.outcome === 'pass');
  const said = gates.map(({ gate, decision }) => `${gate.stage} ${decision.outcome}`).join(', ');
  assert.equal(
    verdict,
    passes ? 'accept' : 'drop',
    `${of.about}: ${formatTransport(transport)} at ${eni.id} ${direction}, by ${by}: ${said}`,
  );
  return passes;
}

type End = { readonly leg: Leg; readonly eni: Eni; readonly direction: 'egress' | 'ingress' };

/** Both ends of every leg of a way, where they are interfaces; a NAT gateway in one's own subnet is not seen by address. */
function* endsOf(world: World, legs: readonly Leg[], devices: ReadonlyMap<string, string>): Generator<End> {
  for (const leg of legs.filter(({ oif }) => !oif.startsWith('nat')))
    for (const [direction, device] of [
      ['egress', leg.iif],
      ['ingress', leg.oif],
    ] as const) {
      const eni = [...listRecords(world, 'enis')].find(({ id }) => id === devices.get(device));
      if (eni !== undefined && gatesOf(leg, eni, direction).length > 0) yield { leg, eni, direction };
    }
}

test('a machine that is the instance enforces its own gates', () => {
  const seen = { passed: 0, refused: 0 };
  for (let seed = 0; seed < checks(120); seed += 1) {
    const one = askOf(seed, 12);
    const plant = plantOf(one.world);
    const devices = new Map([...plant.devices].map(([id, { device }]) => [device, id]));
    for (const question of one.questions) {
      const { origin, packet } = packetQuestion(one.world, question);
      const verdict = evaluate(one.world, origin, packet);
      const legs = new Legs(one.world, plant).of({ origin, gates: verdict.forward.gates });
      for (const { leg, ...end } of endsOf(one.world, legs, devices)) {
        const passes = check(one.world, leg, { ...end, transport: packet.transport, about: about(one, question) });
        if (passes) seen.passed += 1;
        else seen.refused += 1;
      }
    }
  }
  assert.ok(seen.passed > 200 && seen.refused > 100, JSON.stringify(seen));
});
