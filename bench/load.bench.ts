// Claim: reading an export of 10,000 interfaces into a world costs little more than parsing its JSON.
import { expectOk } from '../src/core/net/result.ts';
import assert from 'node:assert/strict';
import { INDEXES, type IndexName } from '../src/core/model/indexes.ts';
import { changeBetween, indexedCount, type World, worldOf } from '../src/core/model/world.ts';
import { DescribeReader } from '../src/formats/describe.ts';
import { describeDocuments } from './describe-documents.ts';
import { compare, quantile, report } from './harness.ts';
import { generateRecords } from './world.ts';

const records = generateRecords({ enis: 10_000, groups: 1000, subnets: 100 });
// Indented, as the AWS command line writes files.
const texts = [...describeDocuments(records)].map(
  ([file, document]) => [file, JSON.stringify(document, null, 4)] as const,
);
const megabytes = texts.reduce((sum, [, text]) => sum + text.length, 0) / 1e6;

function load(): World {
  const reader = new DescribeReader();
  for (const [file, text] of texts) {
    const taken = reader.add(file, JSON.parse(text));
    if (!taken.ok) throw new Error(taken.error);
  }
  return expectOk(reader.finish()).world;
}

// The rules of the loaded world must be those that were written; anything left out would make loading look cheap.
const loaded = load();
const written = worldOf(records);
for (const kind of ['enis', 'groups', 'subnets', 'acls', 'routeTables'] as const)
  assert.equal(loaded.records[kind].size, written.records[kind].size);
const rulesOf = (world: World): number =>
  [...(changeBetween(worldOf({}), world).groups?.added ?? [])].reduce((sum, group) => sum + group.rules.length, 0);
assert.equal(rulesOf(loaded), rulesOf(written));

const against = compare(
  { name: 'load', operations: 1, run: () => load().records.enis.size },
  {
    name: 'JSON.parse',
    operations: 1,
    run: () => texts.reduce((sum, [, text]) => sum + Object.keys(JSON.parse(text) as object).length, 0),
  },
  { rounds: 7, chunksPerRound: 2 },
);

// A world makes each index when it is first asked for it: that time is not part of loading, and stands beside it here.
function indexNanoseconds(world: World): number {
  const start = performance.now();
  for (const name of Object.keys(INDEXES) as IndexName[]) indexedCount(world, name, '');
  return (performance.now() - start) * 1e6;
}

const indexing = quantile(
  Array.from({ length: 7 }, () => indexNanoseconds(load())),
  0.5,
);

report('load', [
  {
    claim: 'reading 10,000 interfaces and 1,000 groups against JSON.parse alone',
    unit: '×',
    target: { atMost: 3 },
    measured: 1 / against.ratio,
    details: {
      MB: megabytes,
      'parse ms': against.baseline.p50 / 1e6,
      'load ms': against.subject.p50 / 1e6,
      'all indexes ms': indexing / 1e6,
    },
  },
]);
