import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_IGNORE_BYTES, readIgnores } from '../../src/formats/ignore-file.ts';
import { checks } from '../property/checks.ts';

const RULES = ['reachable-ssh', 'rule-implied'];
const GOOD = `# what we live with
version: 1
ignore:
  - rule: reachable-ssh
    resource: sg-1
    reason: keys only
  - { rule: rule-implied, resource: sgr-2, reason: "kept: until March" }
`;

const FILES: readonly (readonly [string, string, string])[] = [
  ['an unknown key', 'version: 1\nignored: []\n', '2:1: "ignored" is no key here'],
  ['another version', 'version: 2\nignore: []\n', '1:10: version: 1 is expected'],
  ['no list', 'version: 1\n', '1:1: ignore: a list'],
  ['no reason', 'version: 1\nignore:\n  - {rule: reachable-ssh, resource: sg-1}\n', '3:5: reason: a text'],
  [
    'an empty reason',
    'version: 1\nignore:\n  - {rule: reachable-ssh, resource: sg-1, reason: " "}\n',
    'reason: a text',
  ],
  ['no resource', 'version: 1\nignore:\n  - {rule: reachable-ssh, reason: a}\n', '3:5: resource: a text'],
  ['another rule', 'version: 1\nignore:\n  - {rule: ssh, resource: a, reason: b}\n', '3:12: rule: there is no "ssh"'],
  [
    'an alias',
    'version: 1\nignore:\n  - &a {rule: reachable-ssh, resource: a, reason: b}\n  - *a\n',
    '4:5: what is ignored',
  ],
  ['a text', 'version: 1\nignore:\n  - reachable-ssh\n', '3:5: what is ignored is a map'],
  ['open brackets', '['.repeat(MAX_IGNORE_BYTES - 1), '1:'],
  ['too much', ' '.repeat(MAX_IGNORE_BYTES + 1), '1:1: an ignore file has at most'],
];

describe('ignore files', () => {
  test('what is ignored, with its places', () => {
    assert.deepEqual(readIgnores(GOOD, RULES), {
      ok: true,
      value: [
        { rule: 'reachable-ssh', resource: 'sg-1', reason: 'keys only', line: 4, column: 5 },
        { rule: 'rule-implied', resource: 'sgr-2', reason: 'kept: until March', line: 7, column: 5 },
      ],
    });
  });

  for (const [name, text, expected] of FILES)
    test(`${name} is refused`, () => {
      const read = readIgnores(text, RULES);
      assert.ok(!read.ok);
      const said = `${read.error.line}:${read.error.column}: ${read.error.message}`;
      assert.ok(said.includes(expected), said);
    });

  test('damaged files are read whole or refused with a place', () => {
    const seen = { read: 0, refused: 0 };
    const cut = fc.tuple(
      fc.nat(GOOD.length),
      fc.nat(6),
      fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('*a', '&a', '{', '- ', '\n', '"', '!!map', '? ', '<<: ')),
    );
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 3 }), (cuts) => {
        const text = cuts.reduce((was, [at, length, put]) => was.slice(0, at) + put + was.slice(at + length), GOOD);
        const read = readIgnores(text, RULES);
        seen[read.ok ? 'read' : 'refused'] += 1;
        if (read.ok) for (const one of read.value) assert.ok(RULES.includes(one.rule) && one.reason.trim() !== '');
        else assert.ok(read.error.line >= 1 && read.error.column >= 1 && read.error.message !== '');
      }),
      { numRuns: checks(2000) },
    );
    assert.ok(seen.read > 10 && seen.refused > 10, JSON.stringify(seen));
  });
});
