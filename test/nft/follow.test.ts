// Members that come and go: the short way to the next ruleset ends where the long one does, and one member is one element.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipv4, ipv6 } from '../../src/core/net/address.ts';
import { cidrOf } from '../../src/core/net/cidr.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { applyChange, listRecords } from '../../src/core/model/world.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import { applyMembers, NO_MEMBERS, packMembers } from '../../src/core/policy/members.ts';
import { delta } from '../../src/nft/delta.ts';
import { followMembers } from '../../src/nft/follow.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import { linesOf } from '../../src/nft/render.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { comparable } from './comparable.ts';
import { plantOf } from './legs.ts';

type Joined = { readonly before: HostView; readonly after: HostView };

/** A view before and after members joined the first group that somebody refers to. */
function joined(view: HostView, added: ReturnType<typeof packMembers>): Joined | undefined {
  const [first] = view.members;
  if (first === undefined) return undefined;
  const [id, members] = first;
  const next = applyMembers(members, { added, removed: NO_MEMBERS });
  return {
    before: view,
    after: { ...view, revision: view.revision + 1, members: new Map([...view.members, [id, next]]) },
  };
}

test('following members gives what laying out anew gives', () => {
  let seen = 0;
  for (let seed = 0; seed < checks(150); seed += 1) {
    const world = compactWorld(randomWorld(seed));
    for (const wiring of plantOf(world).wirings.values()) {
      const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
      const one = joined(view, packMembers([ipv4(0x0a01_0203 + seed), ipv6([0x2001_0db8, 0, 0, seed])], []));
      if (one === undefined) continue;
      const known = layout(one.before, wiring);
      for (const [from, to] of [
        [one.before, one.after],
        [one.after, one.before],
      ] as const) {
        const start: Layout = from === one.before ? known : layout(from, wiring, known.numbering);
        const followed = followMembers(start, from, to);
        const anew = layout(to, wiring, start.numbering);
        assert.ok(followed !== undefined);
        assert.deepEqual(
          comparable(listingOf(followed.layout.ruleset)),
          comparable(listingOf(anew.ruleset)),
          `seed ${seed}`,
        );
        const long = delta(listingOf(start.ruleset), anew.ruleset).transactions;
        const lines = followed.transactions.flatMap(({ commands }) => [...linesOf(commands)]);
        const longLines = long.flatMap(({ commands }) => [...linesOf(commands)]);
        assert.deepEqual(lines.toSorted(), longLines.toSorted(), `seed ${seed}`);
        for (const line of lines) assert.match(line, /^(?:add|delete) element inet crenel \S+ \{ [^,]+ \}$/u);
        seen += lines.length;
      }
    }
  }
  assert.ok(seen > 100);
});

test('a revision that says nothing of the records of a host leads to another world, and is followed', () => {
  for (let seed = 0; seed < checks(20); seed += 1) {
    const world = compactWorld(randomWorld(seed));
    for (const wiring of plantOf(world).wirings.values()) {
      const one = joined(hostViewOf(world, wiring.enis.keys()), packMembers([ipv4(0x0a01_0203 + seed)], []));
      if (one === undefined) continue;
      // As the agent's end of a stream makes it (view-builder.ts).
      const later = { ...applyChange(one.before.world, {}), revision: one.after.revision };
      const followed = followMembers(layout(one.before, wiring), one.before, { ...one.after, world: later });
      assert.ok(followed !== undefined && followed.transactions.length <= 2);
    }
  }
});

test('what is more than a member is not followed', () => {
  const world = compactWorld(randomWorld(7));
  const [wiring] = [...plantOf(world).wirings.values()];
  assert.ok(wiring !== undefined);
  const view = hostViewOf(world, wiring.enis.keys());
  const known = layout(view, wiring);
  const [group] = listRecords(view.world, 'groups');
  assert.ok(group !== undefined);
  const other = applyChange(view.world, recordChange('groups', group, { ...group, rules: [] }));
  assert.equal(followMembers(known, view, { ...view, world: other }), undefined);
  const wide = joined(view, packMembers([], [cidrOf(ipv6([0x2001_0db8, 0, 0, 0]), 80)]));
  assert.ok(wide === undefined || followMembers(known, wide.before, wide.after) === undefined);
});
