// Claims: all pairs of 100,000 interfaces fit into 6 s of CPU time and 1 GB, and what of them is open to the internet is then read off in
// milliseconds. In a process of its own: the memory is the whole process's, the world itself included.
import assert from 'node:assert/strict';
import { Bitsets, NO_CLASSES, type SetId } from '../src/analysis/pairs/bitsets.ts';
import { classesOf } from '../src/analysis/pairs/classes.ts';
import { Matrix } from '../src/analysis/pairs/matrix.ts';
import { type RowId, Rows } from '../src/analysis/pairs/rows.ts';
import { outsideKind } from '../src/analysis/pairs/spots.ts';
import { cpuMilliseconds, quantile, report } from './harness.ts';
import { generateWorld } from './world.ts';

const PORTS = [22, 80, 443, 1433, 3306, 3389, 5432, 6379, 9200];
const ROUNDS = 9;
/** So many at a time: what the collector of garbage does beside the first, after what was before it, takes longer than one. */
const AUDITS = 10;
/** Of so many classes the baseline asks one: all would take minutes. */
const SHARE = 32;

const world = generateWorld({ enis: 100_000, groups: 2000, subnets: 200 });
let made: Matrix | undefined;
const computing = cpuMilliseconds(() => {
  const classes = classesOf([world], 'ipv4');
  made = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  for (const id of classes.list.keys()) made.row(id, 'to');
  return made.rows.count;
});
assert.ok(made !== undefined);
const matrix = made;
const megabytes = process.resourceUsage().maxRSS / 1000;

const { list } = matrix.classes;
const internet = matrix.rows.sets.of(
  [...list.keys()].filter((id) => {
    const [member] = list[id]?.members ?? [];
    return member !== undefined && member.eniId === undefined && outsideKind(member.sample) === 'internet';
  }),
);

/** Addresses that somebody on the internet gets to, summed over the ports of interest; of every `share`-th class. */
function audit(share: number): number {
  let open = 0;
  // Many classes have the same row, and many rows the same set.
  const openPorts = new Map<RowId, number>();
  const isOpen = new Map<SetId, boolean>([[NO_CLASSES, false]]);
  for (const [id, { members }] of list.entries()) {
    if (members[0]?.eniId === undefined || id % share !== 0) continue;
    const { sure } = matrix.row(id, 'to');
    let ports = openPorts.get(sure);
    if (ports === undefined) {
      ports = PORTS.filter((port) => isOpenSet(matrix.rows.at(sure, port), isOpen)).length;
      openPorts.set(sure, ports);
    }
    open += members.length * ports;
  }
  return open;
}

function isOpenSet(set: SetId, known: Map<SetId, boolean>): boolean {
  let isOpen = known.get(set);
  if (isOpen === undefined) known.set(set, (isOpen = matrix.rows.sets.overlap(set, internet)));
  return isOpen;
}

/** The same, class by class of the internet: nothing is known but cells. */
function auditByCells(share: number): number {
  const senders = [...matrix.rows.sets.members(internet)];
  let open = 0;
  for (const [id, { members }] of list.entries()) {
    if (members[0]?.eniId === undefined || id % share !== 0) continue;
    const { sure } = matrix.row(id, 'to');
    for (const port of PORTS)
      if (senders.some((from) => matrix.rows.sets.has(matrix.rows.at(sure, port), from))) open += members.length;
  }
  return open;
}

assert.equal(audit(SHARE), auditByCells(SHARE));

function audits(): number {
  let open = 0;
  for (let time = 0; time < AUDITS; time += 1) open += audit(1);
  return open;
}

const times = Array.from({ length: ROUNDS }, () => ({
  audit: cpuMilliseconds(audits) / AUDITS,
  cells: cpuMilliseconds(() => auditByCells(SHARE)) * SHARE,
}));

report('pairs-large', [
  {
    claim: 'all pairs of 100,000 interfaces with 2,000 groups, from the records on, in CPU time',
    unit: 'ms',
    target: { atMost: 6000 },
    measured: computing,
    details: { classes: list.length, rows: matrix.rows.count, 'MB of sets': matrix.rows.sets.usage.bytes / 1e6 },
  },
  {
    claim: 'memory of the process with world and all pairs',
    unit: 'MB',
    target: { atMost: 1000 },
    measured: megabytes,
    details: {},
  },
  {
    claim: `what is open to the internet on ${PORTS.length} ports, once all pairs are computed`,
    unit: 'ms',
    target: { atMost: 50 },
    measured: quantile(
      times.map((one) => one.audit),
      0.5,
    ),
    details: {
      'cell by cell ms': quantile(
        times.map((one) => one.cells),
        0.5,
      ),
      open: audit(1),
    },
  },
]);
