// A packet that meets a change of rules halfway is judged by the old rules or by the new ones, at each hook whole: in every transaction, at
// every lookup, and in every table that a killed program leaves behind.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { formatAddress } from '../../src/core/net/address.ts';
import { formatTransport } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import { delta } from '../../src/nft/delta.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import { markOf, pastIn } from '../../src/nft/past.ts';
import { NO_NUMBERS, type Numbering } from '../../src/nft/plan.ts';
import { layoutAfter, layoutOver } from '../../src/nft/renumber.ts';
import type { Ruleset } from '../../src/nft/ruleset.ts';
import type { Frame } from '../../src/nft/trace.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import type { Edit } from '../kernel/flows.ts';
import { drawPrefixRules, MORE_EDITS, moveOne, sameGroups, withSameRecords } from './edits.ts';
import { Legs, NOWHERE, type Plant, plantOf } from './legs.ts';
import { afterCommands, basesOf, halfwayVerdicts, verdictAt } from './table.ts';

/** Marks of no era, and of the first two with every choice of bits. */
const MARKS = [0, 3, ...[1, 2, 3].flatMap((bits) => [markOf(1) + bits, markOf(2) + bits])];

/** Packets at one router, new and of flows that are known at either end. */
function framesOf(
  world: World,
  plant: Plant,
  { compact, wiring, seed }: { readonly compact: Compact; readonly wiring: Wiring; readonly seed: number },
): readonly Frame[] {
  return randomQuestions(compact, seed, 12).flatMap((question) => {
    const { origin, packet } = packetQuestion(world, question);
    const legs = new Legs(world, plant).of({ origin, gates: evaluate(world, origin, packet).forward.gates });
    const own = legs.filter((leg) => leg.iif !== NOWHERE && plant.wirings.get(leg.vpcId) === wiring);
    return own.flatMap((leg) =>
      MARKS.flatMap((mark) =>
        (['original', 'reply'] as const).map((direction): Frame => ({
          iifname: leg.iif,
          oifname: leg.oif,
          etherSource: [...plant.devices.values()].find(({ device }) => device === leg.iif)?.mac ?? '',
          source: leg.source,
          destination: leg.destination,
          transport: packet.transport,
          opens: mark === 0,
          connection: { direction, mark, isRelated: false },
        })),
      ),
    );
  });
}

function frameText({ iifname, oifname, source, destination, transport, connection }: Frame): string {
  return `${formatTransport(transport)} ${formatAddress(source)} > ${formatAddress(destination)} ${iifname} > ${oifname} ${JSON.stringify(connection)}`;
}

/** What one law saw: transactions, and packets for which old and new rules differ. */
type Seen = { transactions: number; turned: number };

/** Leads a table from what it holds to a layout, and holds every packet on the way to what the table said before or will say after. */
function followed(
  held: Ruleset,
  next: Layout,
  { frames, seen, about }: { readonly frames: readonly Frame[]; readonly seen: Seen; readonly about: string },
): Ruleset {
  const memory = new Map();
  const asked = basesOf(next.ruleset).flatMap(({ name, hook }) =>
    frames.map((frame) => {
      const at = { base: name, memory, frame: hook.hook === 'prerouting' ? { ...frame, oifname: '' } : frame };
      return { at, may: new Set([verdictAt(held, at), verdictAt(next.ruleset, at)]) };
    }),
  );
  seen.turned += asked.filter(({ may }) => may.size > 1).length;
  const settled = asked.filter(({ may }) => may.size === 1);
  let now = held;
  const { transactions } = delta(listingOf(held), next.ruleset);
  for (const [index, transaction] of transactions.entries()) {
    const then = afterCommands(now, transaction);
    seen.transactions += 1;
    for (const { at, may } of settled) {
      const said = new Set([...halfwayVerdicts(now, then, at), verdictAt(then, at)]);
      assert.deepEqual(said, may, `${about}, transaction ${index}, ${at.base}: ${frameText(at.frame)}`);
    }
    now = then;
  }
  assert.deepEqual(delta(listingOf(now), next.ruleset).transactions, [], about);
  return now;
}

/** The first VPCs of random worlds, with packets and edited. */
function* changes(
  count: number,
  edit: Edit,
  base: Edit = (compact) => compact,
): Generator<
  {
    readonly about: string;
    readonly frames: readonly Frame[];
    readonly views: readonly [before: HostView, after: HostView];
    readonly wiring: Wiring;
  },
  void,
  undefined
> {
  for (let seed = 0; seed < checks(count); seed += 1) {
    const compact = base(randomWorld(seed), seed);
    const world = compactWorld(compact);
    const changed = withSameRecords(world, compactWorld(edit(compact, seed)));
    const plant = plantOf(world);
    for (const wiring of plant.wirings.values()) {
      const viewOf = (of: World): HostView => hostViewOf(of, wiring.enis.keys(), wiring.natGateways.values());
      const frames = framesOf(world, plant, { compact, wiring, seed });
      yield { about: `seed ${seed}`, frames, views: [viewOf(world), viewOf(changed)], wiring };
    }
  }
}

/** The tables that an agent may leave that is killed between two transactions, or after the last. */
function leftBehind(first: Layout, second: Layout): readonly Ruleset[] {
  const left: Ruleset[] = [];
  for (const transaction of delta(listingOf(first.ruleset), second.ruleset).transactions)
    left.push(afterCommands(left.at(-1) ?? first.ruleset, transaction));
  return left;
}

/** Numbers as an agent would give them that knows nothing of those in the kernel: each has the meaning of another. */
function turned({ most, numbers, past }: Numbering): Numbering {
  const all = [...numbers.values()];
  return {
    most,
    numbers: new Map([...numbers.keys()].map((key, at) => [key, all[(at + 1) % all.length] ?? 0])),
    reserved: new Set(),
    past,
  };
}

const moveAndDraw: Edit = (compact, seed) => moveOne(drawPrefixRules(compact, seed + 1000), seed);
/** Interfaces that have the same groups are told apart by nothing but their devices. */
const shareGroups: Edit = (compact, seed) => sameGroups(drawPrefixRules(compact, seed));

/** As an agent goes on from what it finds. */
function pastly(held: Ruleset, numbering: Numbering): Numbering {
  return { ...numbering, past: pastIn(held.sets) ?? numbering.past };
}

/** Two interfaces: the groups of the one, and the rules of the other. */
function joined(groups: readonly string[], ingress: readonly string[]): World {
  return compactWorld({
    vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] } },
    groups: { A: { vpc: 'V1' }, X: { vpc: 'V1' }, B: { vpc: 'V1', ingress: [...ingress] } },
    enis: {
      a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: [...groups] },
      b: { subnet: 'S1', addresses: ['10.0.1.20'], groups: ['B'] },
    },
  });
}

function sshFrom(world: World): Frame {
  const { origin, packet } = packetQuestion(world, { from: 'a', to: 'b', traffic: 'tcp/22' });
  assert.ok(origin.kind === 'eni');
  return {
    iifname: 'e0',
    oifname: 'e1',
    etherSource: plantOf(world).devices.get('a')?.mac ?? '',
    source: packet.source,
    destination: packet.destination,
    transport: packet.transport,
    opens: true,
    connection: { direction: 'original', mark: 0, isRelated: false },
  };
}

describe('a change of rules', () => {
  for (const [name, edit] of Object.entries(MORE_EDITS))
    test(`lets no packet meet anything but the old or the new rules when ${name}`, () => {
      const seen: Seen = { transactions: 0, turned: 0 };
      for (const { about, frames, views, wiring } of changes(8, edit)) {
        const first = layout(views[0], wiring);
        const second = layoutAfter(first, views[1], wiring);
        const held = followed(first.ruleset, second, { frames, seen, about });
        followed(held, layoutAfter(second, views[0], wiring), { frames, seen, about: `${about}, back` });
      }
      assert.ok(seen.transactions > 10, JSON.stringify(seen));
    });

  test('is whole when rules change and an interface its groups, in one step', () => {
    const seen: Seen = { transactions: 0, turned: 0 };
    for (const { about, frames, views, wiring } of changes(10, moveAndDraw, shareGroups)) {
      const first = layout(views[0], wiring);
      const second = layoutAfter(first, views[1], wiring);
      const held = followed(first.ruleset, second, { frames, seen, about });
      followed(held, layoutAfter(second, views[0], wiring), { frames, seen, about: `${about}, back` });
    }
    assert.ok(seen.transactions > 10, JSON.stringify(seen));
  });

  test('is met with a member that joins in the same step, by a packet halfway: the one difference that is known', () => {
    const worlds = [
      joined(['A'], ['tcp/22 group:X', 'tcp/80 10.0.0.0/8']),
      joined(['A', 'X'], ['tcp/443 group:X']),
    ] as const;
    const [wiring] = [...plantOf(worlds[0]).wirings.values()];
    assert.ok(wiring !== undefined);
    const [first, second] = [
      layout(hostViewOf(worlds[0], wiring.enis.keys()), wiring),
      layout(hostViewOf(worlds[1], wiring.enis.keys()), wiring),
    ];
    const frame = sshFrom(worlds[0]);
    const said = basesOf(second.ruleset).map(({ name, hook }) => {
      const at = {
        base: name,
        memory: new Map(),
        frame: hook.hook === 'prerouting' ? { ...frame, oifname: '' } : frame,
      };
      let now = first.ruleset;
      const verdicts = new Set([verdictAt(now, at)]);
      for (const transaction of delta(listingOf(now), second.ruleset).transactions) {
        const then = afterCommands(now, transaction);
        for (const verdict of halfwayVerdicts(now, then, at)) verdicts.add(verdict);
        now = then;
      }
      return { may: new Set([verdictAt(first.ruleset, at), verdictAt(second.ruleset, at)]), verdicts };
    });
    const halfway = said.filter(({ may, verdicts }) => !isDeepStrictEqual(may, verdicts));
    assert.ok(halfway.length > 0, 'it is gone: docs/semantics/enforcement.md may say less');
    for (const one of halfway) assert.deepEqual(one, { may: new Set(['drop']), verdicts: new Set(['drop', 'accept']) });
  });

  test('is whole for an agent that begins anew, wherever the one before it was killed', () => {
    const seen: Seen = { transactions: 0, turned: 0 };
    for (const edit of Object.values(MORE_EDITS))
      for (const { about, frames, views, wiring } of changes(2, edit)) {
        const first = layout(views[0], wiring);
        const second = layout(views[1], wiring, first.numbering);
        const left = leftBehind(first, second);
        for (const [held, view, previous] of left.flatMap((one) =>
          views.flatMap((to) => [NO_NUMBERS, turned(second.numbering)].map((numbers) => [one, to, numbers] as const)),
        ))
          followed(held, layoutOver(view, wiring, { actual: listingOf(held), previous: pastly(held, previous) }), {
            frames,
            seen,
            about,
          });
      }
    assert.ok(seen.transactions > 10, JSON.stringify(seen));
  });
});
