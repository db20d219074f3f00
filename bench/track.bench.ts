// Claim: finding and renewing an established connection among 100,000 is many times faster than in a map keyed by strings.
import assert from 'node:assert/strict';
import { ConnTable, KEY_WORDS } from '../src/core/track/conn-table.ts';
import { allocatedBytes, compare, report } from './harness.ts';
import { Random } from './random.ts';

const FLOWS = 100_000;
/** Enough that each table fills the caches itself after the other one's turn. */
const PACKETS = 200_000;
const TCP = 6;
const EXPIRY_SECONDS = 432_000;
/** Words of a packet in the stream: local address, remote address, both ports in one. */
const WIDTH = 3;

const random = new Random(1);
const flows = new Int32Array(FLOWS * WIDTH);
for (let flow = 0; flow < FLOWS; flow += 1) {
  flows[flow * WIDTH] = 0x0a00_0000 + (flow & 0xff);
  flows[flow * WIDTH + 1] = random.below(0x7fff_ffff);
  flows[flow * WIDTH + 2] = (443 << 16) | (1024 + (flow % 60_000));
}
// Read in order by both, so that only the table's memory is met at random.
const packets = new Int32Array(PACKETS * WIDTH);
for (let packet = 0; packet < PACKETS; packet += 1) {
  const flow = random.below(FLOWS) * WIDTH;
  packets.set(flows.subarray(flow, flow + WIDTH), packet * WIDTH);
}

const key = new Int32Array(KEY_WORDS.ipv4);

function writeKey(stream: Int32Array, at: number): void {
  key[1] = TCP;
  key[3] = stream[at] ?? 0;
  key[4] = stream[at + 1] ?? 0;
  key[2] = stream[at + 2] ?? 0;
}

function buildTable(): ConnTable {
  const table = new ConnTable({ family: 'ipv4', seed: 12_345, maxEntries: FLOWS });
  for (let at = 0; at < flows.length; at += WIDTH) {
    writeKey(flows, at);
    assert.ok(table.insert(key, { state: 2 << 4, expiresSeconds: EXPIRY_SECONDS }, 0));
  }
  return table;
}

function renewInTable(table: ConnTable): number {
  let found = 0;
  for (let at = 0; at < packets.length; at += WIDTH) {
    writeKey(packets, at);
    const slot = table.find(key, 1);
    if (slot < 0) continue;
    table.update(slot, table.stateOf(slot), EXPIRY_SECONDS + 1);
    found += 1;
  }
  return found;
}

type Flow = { state: number; expiresSeconds: number };

function textKey(stream: Int32Array, at: number): string {
  const ports = stream[at + 2] ?? 0;
  return `${TCP} ${stream[at] ?? 0}:${ports >>> 16} ${stream[at + 1] ?? 0}:${ports & 0xffff}`;
}

function buildMap(): Map<string, Flow> {
  const map = new Map<string, Flow>();
  for (let at = 0; at < flows.length; at += WIDTH)
    map.set(textKey(flows, at), { state: 2, expiresSeconds: EXPIRY_SECONDS });
  return map;
}

function renewInMap(map: Map<string, Flow>): number {
  let found = 0;
  for (let at = 0; at < packets.length; at += WIDTH) {
    const flow = map.get(textKey(packets, at));
    if (flow === undefined || flow.expiresSeconds <= 1) continue;
    flow.expiresSeconds = EXPIRY_SECONDS + 1;
    found += 1;
  }
  return found;
}

const table = buildTable();
const map = buildMap();
assert.equal(table.size, map.size);
assert.equal(renewInTable(table), PACKETS);
assert.equal(renewInMap(map), PACKETS);

const against = compare(
  { name: 'table', operations: PACKETS, run: () => renewInTable(table) },
  { name: 'Map of strings', operations: PACKETS, run: () => renewInMap(map) },
  { rounds: 5, chunksPerRound: 3 },
);
const kept: unknown[] = [];
const mapBytes = allocatedBytes({ name: 'Map of strings', operations: FLOWS, run: () => kept.push(buildMap()) });

report('track', [
  {
    claim: 'an established connection among 100,000 found and renewed, against a Map keyed by strings',
    unit: '×',
    target: { atLeast: 10 },
    measured: against.ratio,
    details: {
      'table p50 ns': against.subject.p50,
      'map p50 ns': against.baseline.p50,
      'table bytes per flow': (2 ** Math.ceil(Math.log2(FLOWS * 1.25)) * 32) / FLOWS,
      'map bytes per flow': mapBytes,
    },
  },
]);
