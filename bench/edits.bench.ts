// Claims: what one rule opens or closes is told in microseconds, each way, and what two states differ by in half a second; the baseline computes
// all pairs anew.
import assert from 'node:assert/strict';
import type { Rule, SecurityGroup } from '../src/core/model/security-group.ts';
import { asId } from '../src/core/model/ids.ts';
import { applyChange, listRecords } from '../src/core/model/world.ts';
import { diffDocument } from '../src/analysis/diff-document.ts';
import { Bitsets } from '../src/analysis/pairs/bitsets.ts';
import { classesOf } from '../src/analysis/pairs/classes.ts';
import { type Difference, differenceIn } from '../src/analysis/pairs/difference.ts';
import { Matrix } from '../src/analysis/pairs/matrix.ts';
import { previewRule, type RuleEdit } from '../src/analysis/pairs/preview.ts';
import { Rows } from '../src/analysis/pairs/rows.ts';
import { type Claim, cpuMilliseconds, quantile, report, timeEach } from './harness.ts';
import { Random } from './random.ts';
import { generateWorld } from './world.ts';
import { idOf } from './world-ids.ts';
import { generateRules } from './world-rules.ts';

const PREVIEWS = 1500;
const ROUNDS = 5;

const world = generateWorld({ enis: 10_000, groups: 1000, subnets: 100 });
const random = new Random(11);
const groups = [...listRecords(world, 'groups')];
const around = {
  groups: groups.map(({ id }) => id),
  vpcCidrs: [...listRecords(world, 'vpcs')].flatMap(({ cidrs }) => cidrs),
  subnetCidrs: [...listRecords(world, 'subnets')].flatMap(({ cidrs }) => cidrs),
  isDualStack: false,
};

function newRule(direction: Rule['direction'], number: number): Rule {
  const [rule] = generateRules(random, around, { count: 1, direction, firstNumber: 900_000 + number });
  if (rule === undefined) throw new Error('no rule was drawn');
  return rule;
}

function allPairs(): Matrix {
  const classes = classesOf([world], 'ipv4');
  const made = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  for (const id of classes.list.keys()) {
    made.row(id, 'to');
    made.row(id, 'from');
  }
  return made;
}

const matrix = allPairs();
const anew = quantile(
  Array.from({ length: ROUNDS }, () => cpuMilliseconds(() => allPairs().rows.count)),
  0.5,
);

function previews(direction: Rule['direction']): readonly Claim[] {
  // Each edit once: what is known of an edit from before would be found, not computed.
  const edits = Array.from({ length: PREVIEWS * 2 }, (_, at): RuleEdit => {
    return { kind: 'add', groupId: random.pick(groups).id, rule: newRule(direction, at) };
  });
  let next = 0;
  const times = timeEach(PREVIEWS, () => {
    const edit = edits[(next += 1) % edits.length];
    return edit === undefined ? 0 : (previewRule(matrix, edit)?.parts.length ?? 0);
  });
  return [
    {
      claim: `what one new ${direction} rule opens among 10,000 interfaces, half of the times within`,
      unit: 'µs',
      target: { atMost: 50 },
      measured: times.p50 / 1000,
      details: { 'all pairs anew ms': anew, 'times cheaper': (anew * 1e6) / times.p50 },
    },
    {
      claim: `the same, 99 of 100 times within`,
      unit: 'ms',
      target: { atMost: 10 },
      measured: times.p99 / 1e6,
      details: {},
    },
  ];
}

let changed = 0;

/** A rule, or one time in a hundred another in the place of an ingress rule. */
function perhapsReplaced(rule: Rule): Rule {
  if (rule.direction !== 'ingress' || !random.chance(0.01)) return rule;
  changed += 1;
  return { ...newRule('ingress', changed), id: asId<Rule['id']>(idOf('sgr', 950_000 + changed)) };
}

const updated = groups.flatMap((group): readonly (readonly [SecurityGroup, SecurityGroup])[] => {
  const rules = group.rules.map(perhapsReplaced);
  return rules.some((rule, at) => rule !== group.rules[at]) ? [[group, { ...group, rules }]] : [];
});
const after = applyChange(world, { groups: { added: [], removed: [], updated } });
let statements = 0;
let characters = 0;
const rounds = Array.from({ length: ROUNDS }, () => {
  const found: Difference[] = [];
  const differing = cpuMilliseconds(() => found.push(differenceIn('ipv4', { before: world, after })));
  statements = found[0]?.statements.length ?? 0;
  const telling = cpuMilliseconds(() => {
    characters = JSON.stringify(diffDocument(world, after, found)).length;
    return characters;
  });
  return { differing, telling };
});
assert.ok(statements > 0);
const differing = rounds.map((round) => round.differing);

report('edits', [
  ...previews('ingress'),
  ...previews('egress'),
  {
    claim: 'what two states of 10,000 interfaces differ by, one ingress rule in a hundred replaced, in CPU time',
    unit: 'ms',
    target: { atMost: 500 },
    measured: quantile(differing, 0.5),
    details: { 'replaced rules': changed, 'all pairs anew ms': anew },
  },
  {
    claim: 'statements of that difference for each rule that went or came',
    unit: '×',
    target: { atMost: 2 },
    measured: statements / (2 * changed),
    details: { statements },
  },
  {
    claim: 'telling it as a document and as JSON, against finding it',
    unit: '×',
    target: { atMost: 1 },
    measured: quantile(
      rounds.map((round) => round.telling / round.differing),
      0.5,
    ),
    details: {
      'telling ms': quantile(
        rounds.map((round) => round.telling),
        0.5,
      ),
    },
  },
  { claim: 'the JSON of it', unit: 'MB', target: { atMost: 5 }, measured: characters / 1e6, details: {} },
]);
