// Claims: who reaches whom is computed for all pairs at once in little CPU time, whose amount follows groups and rules and not interfaces; decision
// diagrams over packet bits take four times as long for the same sets, and the single answer for one pair, asked of all pairs of classes, a hundred times.
import assert from 'node:assert/strict';
import { listRecords, type World } from '../src/core/model/world.ts';
import { Bitsets } from '../src/analysis/pairs/bitsets.ts';
import { classesOf } from '../src/analysis/pairs/classes.ts';
import { pointsOf, singleReach } from '../src/analysis/pairs/links.ts';
import { Matrix } from '../src/analysis/pairs/matrix.ts';
import { Rows } from '../src/analysis/pairs/rows.ts';
import { Diagrams, NEVER } from '../test/oracle/bdd/diagrams.ts';
import { EstateSets } from '../test/oracle/bdd/estate-sets.ts';
import { PacketBits } from '../test/oracle/bdd/packet-bits.ts';
import { compareEstate } from '../test/oracle/compare-estate.ts';
import { cpuMilliseconds, quantile, report } from './harness.ts';
import { Random } from './random.ts';
import { generateWorld } from './world.ts';

const ROUNDS = 5;
const SINGLES = 3000;
/** Of so many classes one is compared with diagrams before anything is timed. */
const DIAGRAM_SHARE = 401;

const world = generateWorld({ enis: 10_000, groups: 1000, subnets: 100 });
const doubled = generateWorld({ enis: 20_000, groups: 1000, subnets: 100 });

/** Every row of a world in IPv4, from the records on. */
function allPairs(of: World): Matrix {
  const classes = classesOf([of], 'ipv4');
  const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  for (const id of classes.list.keys()) matrix.row(id, 'to');
  return matrix;
}

const random = new Random(7);
const checked = allPairs(world);
const ids = [...checked.classes.list.keys()];
const pairs = Array.from({ length: SINGLES }, () => [random.pick(ids), random.pick(ids)] as const).flatMap(
  ([from, to]) => {
    const [one, other] = [checked.stopsOf(from)[0], checked.stopsOf(to).at(-1)];
    const isPair = one?.place.kind === 'eni' && other?.place.kind === 'eni' && one.place.eni.id !== other.place.eni.id;
    return isPair ? [{ from, to, one, other }] : [];
  },
);
for (const { from, to, one, other } of pairs)
  assert.deepEqual(checked.cell(from, to).points.sure, pointsOf(singleReach(world, one, other).sure));

/** The same by decision diagrams over packet bits, from the records on: who gets to each interface, and whom outside each one gets to. */
function byDiagrams(of: World): number {
  const sets = new EstateSets(of, new PacketBits(new Diagrams(), 'ipv4'));
  let held = 0;
  for (const eni of listRecords(of, 'enis'))
    for (const { address } of eni.addresses)
      if (address.family === 'ipv4')
        held += Number(sets.towards(eni, address) !== NEVER) + Number(sets.outwards(eni, address) !== NEVER);
  return held + sets.bits.diagrams.size;
}

const sameSets = compareEstate(world, 'ipv4', DIAGRAM_SHARE);
assert.ok(sameSets.ends > 8);

function singles(): number {
  return pairs.reduce((sum, { one, other }) => sum + singleReach(world, one, other).sure.tcp.sourcePorts.length, 0);
}

allPairs(doubled);
singles();
let nodes = byDiagrams(world);
const times = Array.from({ length: ROUNDS }, () => ({
  base: cpuMilliseconds(() => allPairs(world).rows.count),
  doubled: cpuMilliseconds(() => allPairs(doubled).rows.count),
  single: cpuMilliseconds(singles) / pairs.length,
  diagrams: cpuMilliseconds(() => (nodes = byDiagrams(world))),
}));
const median = (of: (one: (typeof times)[number]) => number): number => quantile(times.map(of), 0.5);
const classPairs = ids.length * ids.length;

report('pairs', [
  {
    claim: 'all pairs of 10,000 interfaces with 1,000 groups, from the records on, in CPU time',
    unit: 'ms',
    target: { atMost: 1500 },
    measured: median(({ base }) => base),
    details: { classes: ids.length, rows: checked.rows.count, 'MB of sets': checked.rows.sets.usage.bytes / 1e6 },
  },
  {
    claim: 'the answers for single pairs of classes, each by itself, against all pairs at once',
    unit: '×',
    target: { atLeast: 100 },
    measured: median(({ base, single }) => (single * classPairs) / base),
    details: { 'µs a single answer': median(({ single }) => single * 1000), 'million class pairs': classPairs / 1e6 },
  },
  {
    claim: 'decision diagrams over packet bits, from the records on, against all pairs at once',
    unit: '×',
    target: { atLeast: 4 },
    measured: median(({ base, diagrams }) => diagrams / base),
    details: { 'CPU ms': median(({ diagrams }) => diagrams), 'million nodes': nodes / 1e6 },
  },
  {
    claim: 'twice the interfaces with the same groups against once',
    unit: '×',
    target: { atMost: 1.2 },
    measured: median((one) => one.doubled / one.base),
    details: { interfaces: [...listRecords(doubled, 'enis')].length, 'CPU ms': median((one) => one.doubled) },
  },
]);
