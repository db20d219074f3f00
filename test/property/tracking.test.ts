// Packets over time against the definition: the first packet fares as evaluate says, its answer too; what is remembered is what decides after.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { worldOf } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { Network, type Passage } from '../../src/core/track/network.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { checks } from './checks.ts';
import { randomQuestions, randomWorld } from './generators.ts';

type Sent = { readonly network: Network; readonly passage: Passage; readonly compact: Compact; readonly about: string };

/** First packets of flows between ends that random worlds have, each through a network of its own. */
function* sent(worlds: number, first: number): Generator<Sent & { readonly outcome: string; readonly reply: string }> {
  for (let seed = first; seed < first + checks(worlds); seed += 1) {
    const compact = randomWorld(seed);
    // Where rules are not known, what is remembered is not either: the network says so and stops.
    if (JSON.stringify(compact.enis).includes('"gone"')) continue;
    const world = compactWorld(compact);
    for (const question of randomQuestions(compact, seed, 12)) {
      const { origin, packet } = packetQuestion(world, question);
      if (origin.kind === 'elsewhere') continue;
      const verdict = evaluate(world, origin, packet);
      const network = new Network(world);
      const passage = network.send({ atSeconds: 0, origin, packet, flags: 'syn' });
      const about = `seed ${seed}, ${JSON.stringify(question)}`;
      yield { network, passage, compact, about, outcome: verdict.forward.outcome, reply: verdict.reply.outcome };
    }
  }
}

/** The world with no rule in any group: from now on only memory admits. */
function withoutRules(compact: Compact): Compact {
  const groups = Object.entries(compact.groups ?? {}).map(
    ([name, group]) => [name, { ...group, ingress: [], egress: [] }] as const,
  );
  return { ...compact, groups: Object.fromEntries(groups) };
}

const reasonOf = ({ gates }: Passage): string | undefined => {
  const last = gates.at(-1)?.decision;
  return last === undefined || last.outcome === 'pass' ? undefined : last.reason;
};

describe('connection tracking', () => {
  test('the first packet of a flow fares as evaluate says, and so does its answer', () => {
    let delivered = 0;
    let answered = 0;
    for (const { network, passage, about, outcome, reply } of sent(400, 5000)) {
      // One certain refusal decides, wherever it stands; a packet stops at the first gate that does not let it pass.
      if (outcome === 'allow') assert.equal(passage.outcome, 'allow', about);
      else assert.notEqual(passage.outcome, 'allow', about);
      if (passage.outcome !== 'allow') continue;
      delivered += 1;
      const answer = network.answer(passage, { atSeconds: 1 });
      if (answer === undefined || reply === 'none') continue;
      answered += 1;
      if (reply === 'allow') assert.equal(answer.outcome, 'allow', `answer: ${about}, ${reasonOf(answer)}`);
      else assert.notEqual(answer.outcome, 'allow', `answer: ${about}`);
    }
    assert.ok(delivered > checks(400) && answered > checks(200), `${delivered} delivered, ${answered} answered`);
  });

  test('with all rules gone an answer passes exactly the interfaces that remember the flow', () => {
    let remembered = 0;
    let forgotten = 0;
    for (const { network, passage, compact, about, reply } of sent(500, 6000)) {
      if (passage.outcome !== 'allow' || reply !== 'allow') continue;
      const isKnown = [...passage.met].every(([id, met]) =>
        met.every(({ gate, sighting }) => gate.eni.groups.length === 0 || network.tracker.isTracked(id, sighting, 1)),
      );
      network.change(compactWorld(withoutRules(compact)));
      const answer = network.answer(passage, { atSeconds: 1 });
      if (answer === undefined) continue;
      // An appliance that only the way back leads through has nothing to remember.
      const isTracked =
        isKnown &&
        [...answer.met].every(
          ([id, met]) => passage.met.has(id) || met.every(({ gate }) => gate.eni.groups.length === 0),
        );
      assert.equal(answer.outcome === 'allow', isTracked, `${about}, ${reasonOf(answer)}`);
      if (isTracked) remembered += 1;
      else forgotten += 1;
    }
    assert.ok(remembered > checks(100) && forgotten > checks(20), `${remembered} remembered, ${forgotten} not`);
  });

  test('an entry ends once and for good', () => {
    for (const { network, passage, about } of sent(150, 7000)) {
      if (passage.outcome !== 'allow') continue;
      for (const [id, met] of passage.met) {
        const [first] = met;
        if (first === undefined) continue;
        const moments = [1, 29, 31, 119, 121, 599, 601, 1e6];
        // Looked at from the end: looking forgets what has expired, so each moment asks a network of its own would say.
        const live = moments.map((at) => network.tracker.isTracked(id, first.sighting, at));
        const end = live.indexOf(false);
        assert.ok(end < 0 || live.slice(end).every((one) => !one), about);
        assert.equal(live.at(-1), false, about);
      }
    }
  });

  test('a world without interfaces has nothing to remember', () => {
    const network = new Network(worldOf({}));
    assert.equal(network.tracker.size, 0);
  });
});
