// Edits of a world against what they are said to do: to the packet that is asked about, and to everything else.
import assert from 'node:assert/strict';
import { parseTraffic } from '../../src/core/net/traffic.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { type AnswerGroup, answerQuestion } from '../../src/analysis/answer.ts';
import { diffDocument } from '../../src/analysis/diff-document.ts';
import { resolveEndpoint } from '../../src/analysis/endpoint.ts';
import { cutsOf } from '../../src/analysis/edits/cuts.ts';
import { type WorldEdit, withEdits } from '../../src/analysis/edits/edit.ts';
import { judgeIn, type Measured } from '../../src/analysis/edits/effect.ts';
import { type Fix, fixOf } from '../../src/analysis/edits/fixes.ts';
import { differenceOf } from '../../src/analysis/pairs/difference.ts';

/** What was met: fixes that let the packet pass and that leave it open, their steps and choices, and cuts. */
export type SeenEdits = { fixed: number; open: number; steps: number; choices: number; cuts: number };

/** Who asks for what, by the words of the command line. */
export type AskedEdits = { readonly from: string; readonly to: string; readonly traffic: string };

const TRAFFICS = ['tcp/22', 'tcp/443', 'udp/53', 'icmp/8'];

/** Six questions about a world, the same for the same number. */
export function editQuestions(world: World, seed: number): readonly AskedEdits[] {
  const ends = ['internet', ...[...listRecords(world, 'enis')].map(({ id }) => id)];
  return Array.from({ length: 6 }, (_, at) => ({
    from: ends[(seed * 7 + at * 3) % ends.length] ?? '',
    to: ends[(seed + at * 5 + 1) % ends.length] ?? '',
    traffic: TRAFFICS[(seed + at) % TRAFFICS.length] ?? 'all',
  }));
}

/** Throws where a fix does not let the packet of a question pass, a cut does not keep it out, or either tells anything but what worlds differ by. */
export function checkEdits(
  world: World,
  asked: AskedEdits,
  { seen, name }: { readonly seen: SeenEdits; readonly name: string },
): void {
  const [from, to] = [asked.from, asked.to].map((text) => resolveEndpoint(world, text));
  const traffic = parseTraffic(asked.traffic);
  assert.ok(from?.ok === true && to?.ok === true && traffic.ok);
  const answer = answerQuestion(world, { from: from.value, to: to.value, traffic: traffic.value });
  const group = answer.ok ? answer.value.groups[0] : undefined;
  if (group === undefined) return;
  const label = `${name} ${asked.from} to ${asked.to} ${asked.traffic}`;
  const fix = fixOf(world, group, { traffic: traffic.value });
  if (group.verdict === 'blocked')
    assert.ok(fix !== undefined && fix.steps.length > 0, `${label}: what is refused has steps`);
  if (fix !== undefined) checkFix(world, group, { fix, seen, label });
  const cuts = cutsOf(world, group, { traffic: traffic.value });
  inOrder(
    cuts.map(({ measured }) => measured),
    label,
  );
  for (const { edit, measured } of cuts) {
    const cut = withEdits(world, [edit]);
    assert.ok(group.passing !== undefined);
    assert.equal(judgeIn(cut, group.trip, group.passing.transport).outcome, 'deny', label);
    isDifference(world, cut, { measured, label });
    assert.ok(measured.size > 0, label);
    seen.cuts += 1;
  }
}

type Checked = { readonly fix: Fix; readonly seen: SeenEdits; readonly label: string };

function checkFix(world: World, { blocked, trip }: AnswerGroup, { fix, seen, label }: Checked): void {
  assert.ok(blocked !== undefined);
  const best = fix.steps.flatMap(({ choices }) => choices[0]?.edit ?? []);
  const fixed = withEdits(world, best);
  for (const acl of listRecords(fixed, 'acls')) {
    const keys = acl.entries.map(({ direction, number }) => `${direction} ${number}`);
    assert.equal(new Set(keys).size, keys.length, `${label}: each entry its own number`);
  }
  const { outcome } = judgeIn(fixed, trip, blocked.transport);
  assert.equal(outcome, fix.outcome, label);
  if (fix.steps.every(({ choices }) => choices.length > 0)) assert.notEqual(outcome, 'deny', label);
  isDifference(world, fixed, { measured: fix.measured, label });
  for (const { choices } of fix.steps) {
    inOrder(
      choices.map(({ measured }) => measured),
      label,
    );
    const edits = choices.map(({ edit }) => JSON.stringify(edit));
    assert.equal(new Set(edits).size, edits.length, `${label}: no edit twice`);
    seen.choices += choices.length;
  }
  for (const [at, { choices }] of fix.steps.entries())
    for (const choice of choices) {
      const edits = fix.steps.flatMap((step, place) => (place === at ? choice.edit : (step.choices[0]?.edit ?? [])));
      choiceHelps(world, {
        edits,
        measured: choice.measured,
        trip,
        blocked,
        label,
        isWhole: edits.length === fix.steps.length,
      });
    }
  seen.fixed += outcome === 'allow' ? 1 : 0;
  seen.open += outcome === 'allow' ? 0 : 1;
  seen.steps += fix.steps.length;
}

type Choice = Pick<AnswerGroup, 'trip'> & {
  readonly edits: readonly WorldEdit[];
  readonly measured: Measured;
  readonly blocked: NonNullable<AnswerGroup['blocked']>;
  readonly label: string;
  readonly isWhole: boolean;
};

/** Each edit of a step, with the first ones of all others, lets the packet pass or leaves a doubt, and does what is told. */
function choiceHelps(world: World, { edits, measured, trip, blocked, label, isWhole }: Choice): void {
  const edited = withEdits(world, edits);
  const text = `${label}: ${JSON.stringify(edits)}`;
  joinsAlone(world, edits, text);
  if (isWhole) assert.notEqual(judgeIn(edited, trip, blocked.transport).outcome, 'deny', text);
  isDifference(world, edited, { measured, label: text });
}

/** Whoever joins a group stays in the groups that it was in. */
function joinsAlone(world: World, edits: readonly WorldEdit[], label: string): void {
  for (const edit of edits) {
    if (edit.kind !== 'join-group') continue;
    const [before, after] = [world, withEdits(world, [edit])].map((one) => getRecord(one, 'enis', edit.eniId)?.groups);
    assert.deepEqual(after?.toSorted(), [...new Set([...(before ?? []), edit.groupId])].toSorted(), label);
  }
}

function isDifference(
  before: World,
  after: World,
  { measured, label }: { readonly measured: Measured; readonly label: string },
): void {
  assert.deepEqual(measured.diff, diffDocument(before, after, differenceOf(before, after)), label);
}

/** What opens or closes less comes first. */
function inOrder(all: readonly Measured[], label: string): void {
  const sizes = all.map(({ size }) => size);
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => a - b),
    label,
  );
}
