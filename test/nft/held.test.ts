// What a layout holds beside the view that it was made of: an agent holds it for months, so it is packed. Counted, for bytes are the engine's own affair.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateWorld } from '../../bench/world.ts';
import { listRecords } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import type { Wiring } from '../../src/nft/wiring.ts';

const ENIS = 1000;

/** Objects, lists and maps; places in them; and letters of different texts. */
type Held = { readonly objects: number; readonly places: number; readonly letters: number };

/** What can be reached from a thing, without what can be reached from others. */
function heldBy(thing: unknown, ...others: readonly unknown[]): Held {
  const seen = new Set<unknown>();
  walk(others, seen);
  return walk([thing], seen);
}

function walk(from: readonly unknown[], seen: Set<unknown>): Held {
  let [objects, places, letters] = [0, 0, 0];
  const left: unknown[] = [...from];
  for (let one = left.pop(); left.length > 0 || one !== undefined; one = left.pop()) {
    if (typeof one === 'function' || (typeof one !== 'string' && (typeof one !== 'object' || one === null))) continue;
    if (seen.has(one)) continue;
    seen.add(one);
    if (typeof one === 'string') {
      letters += one.length;
      continue;
    }
    objects += 1;
    if (ArrayBuffer.isView(one)) continue;
    const inside = isCollection(one) ? [...one.keys(), ...one.values()] : Object.values(one);
    places += inside.length;
    for (const value of inside) left.push(value);
  }
  return { objects, places, letters };
}

function isCollection(one: unknown): one is ReadonlyMap<unknown, unknown> {
  return one instanceof Map || one instanceof Set;
}

/** What a layout of so many interfaces holds, with a tenth as many groups. */
function held(enis: number): Held {
  const world = generateWorld({ enis, groups: enis / 10, subnets: 20 });
  const ids = [...listRecords(world, 'enis')].map(({ id }) => id);
  const wiring: Wiring = {
    mode: 'forward',
    enis: new Map(ids.map((id, at) => [id, { device: `d${at}`, mac: macOf(at) }])),
    fabric: new Set(),
    stateful: new Set(),
    natGateways: new Map(),
  };
  const view = hostViewOf(world, ids);
  const laid = layout(view, wiring);
  return heldBy([laid, listingOf(laid.ruleset)], view, wiring);
}

function macOf(at: number): string {
  return `02:00:00:00:${[at >> 8, at & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

test('a layout takes few objects, places and letters for each interface', () => {
  const { objects, places, letters } = held(ENIS);
  const each = { objects: objects / ENIS, places: places / ENIS, letters: letters / ENIS };
  assert.ok(each.objects < 24 && each.places < 150 && each.letters < 1500, JSON.stringify(each));
});
