// What an agent holds for months: the view as a server told it, and the layout of it, packed. Counted, for bytes are the engine's own affair.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateWorld } from '../../bench/world.ts';
import type { EniId } from '../../src/core/model/ids.ts';
import { listRecords } from '../../src/core/model/world.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { HostView } from '../../src/core/policy/host-view.ts';
import { layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { decodeMessage, encodeLine } from '../../src/server/sync/codec.ts';
import { Outbox } from '../../src/server/sync/outbox.ts';
import { ViewBuilder } from '../../src/server/sync/view-builder.ts';
import { type Held, heldBy } from './held.ts';

const ENIS = 1000;

/** The view of a host with so many interfaces, with a tenth as many groups, as it reads it from the stream. */
function told(enis: number): { readonly view: HostView; readonly ids: readonly EniId[] } {
  const world = generateWorld({ enis, groups: enis / 10, subnets: 20 });
  const ids = [...listRecords(world, 'enis')].map(({ id }) => id);
  const builder = new ViewBuilder();
  for (const message of new Outbox({ enis: ids, instances: [] }, 'here').next({ world, revision: 1 }) ?? [])
    expectOk(builder.take(expectOk(decodeMessage(encodeLine(message).trimEnd()))));
  return { view: builder.view ?? assert.fail('the world was told'), ids };
}

function wiringOf(ids: readonly EniId[]): Wiring {
  return {
    mode: 'forward',
    enis: new Map(ids.map((id, at) => [id, { device: `d${at}`, mac: macOf(at) }])),
    fabric: new Set(),
    stateful: new Set(),
    natGateways: new Map(),
  };
}

function macOf(at: number): string {
  return `02:00:00:00:${[at >> 8, at & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

function each({ objects, places, letters }: Held): Held {
  return { objects: objects / ENIS, places: places / ENIS, letters: letters / ENIS };
}

test('a view and a layout of it take few objects, places and letters for each interface', () => {
  const { view, ids } = told(ENIS);
  const wiring = wiringOf(ids);
  const laid = layout(view, wiring);
  const ofView = each(heldBy(view));
  const ofLayout = each(heldBy([laid, listingOf(laid.ruleset)], view, wiring));
  assert.ok(ofView.objects < 18 && ofView.places < 75 && ofView.letters < 160, JSON.stringify(ofView));
  assert.ok(ofLayout.objects < 24 && ofLayout.places < 150 && ofLayout.letters < 1500, JSON.stringify(ofLayout));
});
