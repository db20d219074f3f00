// What the kernel remembers: flows before and after the rules change, compared with connection tracking as the specification has it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { GateAnswer } from '../../src/core/policy/evaluate.ts';
import type { Gate, Origin, Path } from '../../src/core/policy/path.ts';
import { Network, type Passage } from '../../src/core/track/network.ts';
import { AUTOMATIC_TYPES } from '../../src/core/track/tracker.ts';
import type { VpcId } from '../../src/core/model/ids.ts';
import type { World } from '../../src/core/model/world.ts';
import { delta } from '../../src/nft/delta.ts';
import type { Layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import type { Numbering } from '../../src/nft/plan.ts';
import { linesOf, renderAll } from '../../src/nft/render.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { Legs, layoutsOf, type Plant, plantOf } from '../nft/legs.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import { whyNoKernel } from './namespace.ts';
import { DEVICES, distinct, EXTENSIONS, type Probe, reached, saidOf, sentOf } from './probes.ts';
import { Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);

/** A change of a world's rules; everything else stays. */
type Edit = (compact: Compact, seed: number) => Compact;

const EDITS: readonly (readonly [string, Edit])[] = [
  ['all rules go', (compact) => editGroups(compact, (group) => ({ ...group, ingress: [], egress: [] }))],
  ['incoming rules go', (compact) => editGroups(compact, (group) => ({ ...group, ingress: [] }))],
  ['outgoing rules go', (compact) => editGroups(compact, (group) => ({ ...group, egress: [] }))],
  [
    'every second rule goes',
    (compact, seed) =>
      editGroups(compact, (group) => ({
        ...group,
        ingress: (group.ingress ?? []).filter((_, at) => (at + seed) % 2 === 0),
      })),
  ],
  [
    'everything is opened',
    (compact) =>
      editGroups(compact, (group) => ({
        ...group,
        ingress: ['all 0.0.0.0/0', 'all ::/0'],
        egress: ['all 0.0.0.0/0', 'all ::/0'],
      })),
  ],
  [
    'NACLs close',
    (compact) => ({
      ...compact,
      acls: Object.fromEntries(
        Object.entries(compact.acls ?? {}).map(([name, acl]) => [name, { ...acl, ingress: [], egress: [] }]),
      ),
    }),
  ],
];

type Group = NonNullable<Compact['groups']>[string];

function editGroups(compact: Compact, edit: (group: Group) => Group): Compact {
  const groups = Object.entries(compact.groups ?? {}).map(
    ([name, group]) => [name, { ...group, ...edit(group) }] as const,
  );
  return { ...compact, groups: Object.fromEntries(groups) };
}

/** A flow that was sent: its first packet, and the answer if there was one. */
type Flow = {
  readonly first: Passage;
  readonly answer: Passage | undefined;
  readonly echoId: number;
  readonly about: string;
};

describe('what the kernel remembers', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire('memory', DEVICES);
  });
  after(() => wire.close());

  async function expectAll(plant: Plant, probes: readonly Probe[], where: string): Promise<number> {
    const seen = await wire.send(probes.map((probe) => sentOf(plant, probe)));
    for (const [index, probe] of probes.entries())
      assert.deepEqual(seen[index], probe.leg.passes ? [probe.leg.oif] : [], `${where}: ${saidOf(probe)}`);
    return probes.filter(({ leg }) => leg.passes).length;
  }

  function apply(lines: Iterable<string>): void {
    const { status, stderr } = wire.router.run('nft', ['-f', '-'], `${[...lines].join('\n')}\n`);
    assert.equal(status, 0, stderr.slice(0, 1000));
  }

  /** Plays the flows of a world before and after an edit, one router after another. */
  async function play(compact: Compact, seed: number, [name, edit]: (typeof EDITS)[number]): Promise<number> {
    const [world, next] = [compactWorld(compact), compactWorld(edit(compact, seed))];
    const plant = plantOf(world);
    const network = new Network(world);
    const flows = flowsOf(network, compact, seed);
    const all = flows.flatMap((flow) => probesOf(world, plant, flow));
    const alone = distinct(all);
    const shared = new Set(all.filter((probe) => !alone.includes(probe)).map(({ about }) => about));
    const firsts = all.filter(({ about }) => !shared.has(about));
    network.change(next);
    const kept = new Set(firsts.map(({ about }) => about));
    const laters = flows
      .filter(({ about }) => kept.has(about))
      .flatMap((flow) => laterProbes({ network, next, plant }, flow));
    const earlier = layoutsOf(world, plant);
    const numberings = new Map([...earlier].map(([id, { numbering }]): [VpcId, Numbering] => [id, numbering]));
    const later = layoutsOf(next, plant, numberings);
    let passed = 0;
    for (const [vpcId, layout] of earlier) {
      const [own, then] = [firsts, laters].map((probes) => probes.filter(({ leg }) => leg.vpcId === vpcId));
      const changed = later.get(vpcId);
      if (own === undefined || then === undefined || changed === undefined || then.length === 0) continue;
      load(layout);
      await expectAll(plant, own, `seed ${seed}, before ${name}`);
      for (const { commands } of delta(listingOf(layout.ruleset), changed.ruleset).transactions)
        apply(linesOf(commands));
      passed += await expectAll(plant, then, `seed ${seed}, after ${name}`);
    }
    return passed;
  }

  function load({ ruleset }: Layout): void {
    apply(['add table inet crenel', 'delete table inet crenel', ...renderAll(ruleset)]);
    wire.forget();
  }

  for (const [index, edit] of EDITS.entries()) {
    test(`is what connection tracking remembers when ${edit[0]}`, async () => {
      let passed = 0;
      for (let seed = index * 1000; seed < index * 1000 + checks(25); seed += 1) {
        const compact = randomWorld(seed);
        if (!JSON.stringify(compact).includes('"gone"')) passed += await play(compact, seed, edit);
      }
      assert.ok(edit[0] === 'NACLs close' || passed > 0);
    });
  }
});

function flowsOf(network: Network, compact: Compact, seed: number): readonly Flow[] {
  return randomQuestions(compact, seed, 16).flatMap((question, index): readonly Flow[] => {
    const { origin, packet } = packetQuestion(network.world, question);
    const isExtension =
      packet.family === 'ipv6' && packet.transport.kind === 'protocol' && EXTENSIONS.has(packet.transport.protocol);
    if (origin.kind === 'elsewhere' || isExtension) return [];
    const echoId = index + 1;
    const first = network.send({ atSeconds: 0, origin, packet, flags: 'syn', echoId });
    if (first.way.some((gate) => gate.kind === 'nat-protocols' || isFarBalancer(gate))) return [];
    const answer = first.outcome === 'allow' ? network.answer(first, { atSeconds: 0, flags: 'syn-ack' }) : undefined;
    return [{ first, answer, echoId, about: JSON.stringify(question) }];
  });
}

/** What runs at the other end of a peering connection is not known on this side (docs/semantics/enforcement.md). */
function isFarBalancer(gate: Gate): boolean {
  if (gate.kind !== 'groups' || gate.peer.eni === undefined) return false;
  return gate.peer.eni.vpcId !== gate.eni.vpcId && AUTOMATIC_TYPES.has(gate.peer.eni.interfaceType);
}

function probesOf(world: World, plant: Plant, { first, answer, echoId, about }: Flow): readonly Probe[] {
  return [
    ...passageProbes(world, plant, { passage: first, flags: 'syn', echoId, about }),
    ...(answer === undefined ? [] : passageProbes(world, plant, { passage: answer, flags: 'syn-ack', echoId, about })),
  ];
}

/** Another packet each way, where the flow had been answered: a half-open one is nothing to a kernel that follows TCP. */
function laterProbes(
  { network, next, plant }: { readonly network: Network; readonly next: World; readonly plant: Plant },
  { first, answer, echoId, about }: Flow,
): readonly Probe[] {
  if (answer?.outcome !== 'allow') return [];
  const again = network.send({ ...first.sent, atSeconds: 1, flags: 'ack' });
  const back = again.outcome === 'allow' ? network.answer(again, { atSeconds: 1, flags: 'ack' }) : undefined;
  return [
    ...passageProbes(next, plant, { passage: again, flags: 'ack', echoId, about }),
    ...(back === undefined ? [] : passageProbes(next, plant, { passage: back, flags: 'ack', echoId, about })),
  ];
}

type Passed = {
  readonly passage: Passage;
  readonly flags: Probe['flags'];
  readonly echoId: number;
  readonly about: string;
};

function passageProbes(world: World, plant: Plant, { passage, flags, echoId, about }: Passed): readonly Probe[] {
  const origin: Origin | Path['end'] = passage.sent.origin;
  const gates: readonly GateAnswer[] = passage.gates;
  const { transport } = passage.sent.packet;
  return reached(new Legs(world, plant).of({ origin, gates })).map((leg) => ({ leg, transport, flags, echoId, about }));
}
