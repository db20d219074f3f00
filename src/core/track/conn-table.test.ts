import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FAMILIES, type Family } from '../net/address.ts';
import { type ConnKey, ConnTable, KEY_WORDS } from './conn-table.ts';

/** A key from few values, so that many commands meet the same one; some words at the ends of their range. */
function keyOf(family: Family, owner: number, flow: number): ConnKey {
  const key = new Int32Array(KEY_WORDS[family]);
  key[0] = owner;
  key[1] = 6;
  key[2] = flow % 3 === 0 ? -1 : flow;
  key[4] = 0x7fff_fff0 + flow;
  key[KEY_WORDS[family] - 1] = flow;
  return key;
}

type Entry = { readonly owner: number; readonly state: number; readonly expiresSeconds: number };

const command = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'insert', 'find', 'update', 'remove', 'sweep', 'removeOwner', 'wait'),
  owner: fc.nat({ max: 3 }),
  flow: fc.nat({ max: 120 }),
  state: fc.nat({ max: 0x7fff_ffff }),
  seconds: fc.nat({ max: 50 }),
});

const liveCount = (model: ReadonlyMap<string, Entry>, now: number): number =>
  [...model.values()].filter((one) => one.expiresSeconds > now).length;

describe('connection table', () => {
  for (const family of FAMILIES) {
    test(`it holds what a map would hold, ${family}`, () => {
      fc.assert(
        fc.property(fc.array(command, { maxLength: 400 }), fc.integer(), (commands, seed) => {
          const maxEntries = 150;
          const table = new ConnTable({ family, seed, maxEntries });
          const model = new Map<string, Entry>();
          let now = 0;
          for (const one of commands) {
            const name = `${one.owner} ${one.flow}`;
            const key = keyOf(family, one.owner, one.flow);
            const live = (model.get(name)?.expiresSeconds ?? 0) > now;
            const slot = table.find(key, now);
            assert.equal(slot >= 0, live, `${name} at ${now}`);
            const entry = { state: one.state, expiresSeconds: now + one.seconds };
            switch (one.kind) {
              case 'insert': {
                if (live) break;
                const count = liveCount(model, now);
                assert.equal(table.insert(key, entry, now), count < maxEntries);
                if (count < maxEntries) model.set(name, { owner: one.owner, ...entry });
                break;
              }
              case 'update':
                if (!live) break;
                table.update(slot, entry.state, entry.expiresSeconds);
                model.set(name, { owner: one.owner, ...entry });
                break;
              case 'remove':
                if (!live) break;
                table.remove(slot);
                model.delete(name);
                break;
              case 'sweep':
                table.sweep(now);
                assert.equal(table.size, liveCount(model, now));
                break;
              case 'removeOwner':
                table.removeOwner(one.owner);
                for (const [other, held] of model) if (held.owner === one.owner) model.delete(other);
                assert.equal(table.countOf(one.owner), 0);
                break;
              case 'wait':
                now += one.seconds / 10;
                break;
              case 'find':
                if (!live) break;
                assert.equal(table.stateOf(slot), model.get(name)?.state);
                assert.equal(table.expiryOf(slot), model.get(name)?.expiresSeconds);
                break;
            }
          }
          for (const [name, entry] of model) {
            const [owner = 0, flow = 0] = name.split(' ').map(Number);
            const slot = table.find(keyOf(family, owner, flow), now);
            assert.equal(slot >= 0, entry.expiresSeconds > now);
            if (slot >= 0) assert.equal(table.stateOf(slot), entry.state);
          }
        }),
        { numRuns: 200 },
      );
    });
  }

  test('a full table refuses and keeps what it has', () => {
    const table = new ConnTable({ family: 'ipv4', seed: 3, maxEntries: 100 });
    for (let flow = 0; flow < 100; flow += 1)
      assert.ok(table.insert(keyOf('ipv4', 0, flow), { state: flow, expiresSeconds: 100 }, 0));
    assert.equal(table.insert(keyOf('ipv4', 0, 100), { state: 1, expiresSeconds: 100 }, 0), false);
    for (let flow = 0; flow < 100; flow += 1) {
      const slot = table.find(keyOf('ipv4', 0, flow), 0);
      assert.equal(table.stateOf(slot), flow);
    }
    assert.ok(
      table.insert(keyOf('ipv4', 0, 100), { state: 1, expiresSeconds: 200 }, 100),
      'what has expired makes room',
    );
    assert.equal(table.size, 1);
  });

  test('the seed decides where flows stand, not whether they are found', () => {
    const slots = [1, 2].map((seed) => {
      const table = new ConnTable({ family: 'ipv6', seed, maxEntries: 50 });
      for (let flow = 0; flow < 40; flow += 1) table.insert(keyOf('ipv6', 1, flow), { state: 0, expiresSeconds: 9 }, 0);
      return Array.from({ length: 40 }, (_, flow) => table.find(keyOf('ipv6', 1, flow), 0));
    });
    assert.ok(slots.every((all) => new Set(all).size === 40 && !all.includes(-1)));
    assert.notDeepEqual(slots[0], slots[1]);
  });
});
