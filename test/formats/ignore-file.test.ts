import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_IGNORE_BYTES, readIgnores } from '../../src/formats/ignore-file.ts';
import { readsDamaged } from './damaged-files.ts';

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
    readsDamaged(GOOD, {
      most: 3,
      read: (text) => readIgnores(text, RULES),
      look: (ignores) => {
        for (const one of ignores) assert.ok(RULES.includes(one.rule) && one.reason.trim() !== '');
      },
    });
  });
});
