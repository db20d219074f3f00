// Each kind of finding, and what is nearly one: everything that lint says about small worlds.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RuleDocument } from '../../src/analysis/part-documents.ts';
import { type Finding, LINT_RULES } from '../../src/analysis/lint/finding.ts';
import { applyIgnores } from '../../src/analysis/lint/ignores.ts';
import { lintWorld } from '../../src/analysis/lint/lint.ts';
import { type Compact, compactWorld, mergePatch } from '../compact.ts';
import { LINT_BASE, LINT_CASES } from './lint-cases.ts';

describe('what lint says', () => {
  for (const { name, patch, expect } of LINT_CASES)
    test(name, () => {
      const { findings } = lintWorld(compactWorld(mergePatch(LINT_BASE, patch) as Compact));
      const withSeverity = expect.some((one) => /^(error|warning|note) /u.test(one));
      assert.deepEqual(findings.map((one) => keyOf(one, withSeverity)).toSorted(), expect.toSorted());
    });

  test('has a case for each kind of finding', () => {
    const told = LINT_CASES.flatMap(({ expect }) => expect).join('\n');
    // What is told of plans has its cases with their reader.
    for (const rule of Object.keys(LINT_RULES).filter((one) => one !== 'writers-overlap'))
      assert.ok(told.includes(`${rule} `), rule);
  });
});

describe('what is ignored', () => {
  const patched = mergePatch(LINT_BASE, {
    groups: { A: { vpc: 'V', ingress: ['tcp/443 0.0.0.0/0', 'tcp/22 0.0.0.0/0', 'tcp/3389 0.0.0.0/0'] } },
  }) as Compact;
  const document = lintWorld(compactWorld(patched));

  test('is no finding any more, by resource or by the id of a rule, and is told apart', () => {
    const done = applyIgnores(document, [
      { rule: 'reachable-ssh', resource: 'A', reason: 'a honeypot' },
      { rule: 'reachable-rdp', resource: 'A.ingress.2', reason: 'another' },
    ]);
    assert.deepEqual(done.document.findings, []);
    assert.deepEqual(
      done.document.ignored.map(({ finding, reason }) => `${finding.rule}: ${reason}`),
      ['reachable-ssh: a honeypot', 'reachable-rdp: another'],
    );
    assert.deepEqual(done.document.counts, { error: 0, warning: 0, note: 0, perhaps: 0, ignored: 2 });
    assert.deepEqual(done.stale, []);
  });

  test('must be found: what is about nothing is stale', () => {
    const gone = { rule: 'reachable-ssh', resource: 'B', reason: 'moved' };
    const done = applyIgnores(document, [gone]);
    assert.equal(done.document.findings.length, 2);
    assert.deepEqual(done.stale, [gone]);
  });
});

function keyOf({ severity, certainty, rule, resource, subjects }: Finding, withSeverity: boolean): string {
  const about = rule.startsWith('quota') ? '' : subjects.map(subjectKey).join();
  return [
    ...(withSeverity ? [severity] : []),
    ...(certainty === 'perhaps' ? ['perhaps'] : []),
    rule,
    resource,
    ...(about === '' ? [] : [about]),
  ].join(' ');
}

function subjectKey(one: RuleDocument): string {
  return one.kind === 'rule' ? one.id : one.kind === 'entry' ? `${one.direction} ${one.number}` : one.kind;
}
