import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseFact } from '../../src/analysis/assertion-language.ts';
import { MAX_ASSERTION_BYTES, readAssertions } from '../../src/formats/assertion-file.ts';
import { checks } from '../property/checks.ts';
import { readsDamaged } from './damaged-files.ts';

const GOOD = `# what must hold
version: 1
facts:
  - internet must not reach db
  - name: tiers
    fact: web can reach app on tcp/8443 only
    family: ipv4
`;

const FILES: readonly (readonly [string, string, string])[] = [
  ['an unknown key', 'version: 1\nfact:\n  - a must not reach b\n', '2:1: "fact" is no key here'],
  [
    'an unknown key of a fact',
    'version: 1\nfacts:\n  - fact: a must not reach b\n    famly: ipv4\n',
    '4:5: "famly" is no key here',
  ],
  ['no facts', 'version: 1\nfacts: []\n', '2:8: facts is empty'],
  ['nothing', '', '1:1: an assertion file is a map'],
  ['another version', 'version: 2\nfacts: [a must not reach b]\n', '1:10: version: 1 is expected'],
  ['no version', 'facts: [a must not reach b]\n', '1:1: version: 1 is expected'],
  ['a fact that is a number', 'version: 1\nfacts:\n  - 7\n', '3:5: a fact is a text'],
  ['a fact without text', 'version: 1\nfacts:\n  - name: a\n', '3:5: a fact is a text'],
  ['another family', 'version: 1\nfacts:\n  - {fact: a must not reach b, family: ipv5}\n', 'family: ipv4 or ipv6'],
  ['an alias', 'version: 1\nfacts:\n  - &a a must not reach b\n  - *a\n', '4:5: a fact is a text, or a map'],
  ['a key twice', 'version: 1\nversion: 1\nfacts: [a must not reach b]\n', 'not YAML'],
  ['two documents', `${GOOD}---\n${GOOD}`, 'not YAML'],
  ['open brackets', '['.repeat(MAX_ASSERTION_BYTES - 1), '1:'],
  ['too much', ' '.repeat(MAX_ASSERTION_BYTES + 1), '1:1: an assertion file has at most'],
];

describe('assertion files', () => {
  test('facts with their places', () => {
    assert.deepEqual(readAssertions(GOOD), {
      ok: true,
      value: [
        { text: 'internet must not reach db', line: 4, column: 5 },
        { text: 'web can reach app on tcp/8443 only', name: 'tiers', family: 'ipv4', line: 6, column: 11 },
      ],
    });
  });

  test('JSON is read, too', () => {
    const read = readAssertions(
      JSON.stringify({ version: 1, facts: ['a must not reach b', { fact: 'b must reach c on tcp/1' }] }),
    );
    assert.deepEqual(read.ok ? read.value.map(({ text }) => text) : read.error, [
      'a must not reach b',
      'b must reach c on tcp/1',
    ]);
  });

  for (const [name, text, expected] of FILES)
    test(`${name} is refused`, () => {
      const read = readAssertions(text);
      assert.ok(!read.ok);
      const said = `${read.error.line}:${read.error.column}: ${read.error.message}`;
      assert.ok(said.includes(expected), said);
    });

  test('damaged files give facts or an error with its place', () => {
    readsDamaged(GOOD, {
      most: 5,
      read: readAssertions,
      look: (facts) => {
        for (const fact of facts) parseFact(fact.text);
      },
    });
  });
});

const WRONG: readonly (readonly [string, number, string])[] = [
  ['', 0, 'the fact ends where an instance'],
  ['web', 3, 'must reach or must not reach or can reach'],
  ['web must nto reach db', 4, 'did you mean "must not reach"?'],
  ['web must reach db', 17, 'the fact ends where and or on is expected'],
  ['web can reach db on tcp/1', 25, 'and or only'],
  ['web must reach db on tpc/1', 21, 'traffic such as tcp/443'],
  ['web must not reach db on tcp/1 only', 31, '"only" stands where and or the end of the fact'],
  ['web must not reach "db', 18, 'a quotation mark'],
  ['no one', 6, 'but or can reach'],
  ['no one but', 10, 'an instance, group'],
  ['web, must reach db on tcp/1', 5, 'an instance, group'],
  [`${'a'.repeat(3000)} must not reach b`, 0, 'at most 2000'],
];

const tcp = (from: number): object => ({ kind: 'tcp', ports: { from, to: from } });

describe('the language of facts', () => {
  test('all forms', () => {
    const all = { kind: 'all' };
    const forms: readonly (readonly [string, object])[] = [
      ['internet must not reach db', { kind: 'must-not-reach', from: ['internet'], to: ['db'], on: [all] }],
      [
        'a, b and c must reach "only" on tcp/1, tcp/2',
        { kind: 'must-reach', from: ['a', 'b', 'c'], to: ['only'], on: [tcp(1), tcp(2)] },
      ],
      ['web can reach app on tcp/1 only', { kind: 'only', from: ['web'], to: ['app'], on: [tcp(1)] }],
      ['no one but bastion on tcp/22', { kind: 'no-one-but', except: ['bastion'], on: [tcp(22)] }],
      ['no one can reach db', { kind: 'no-one-but', except: [], to: ['db'], on: [all] }],
      ['no one but web can reach db on tcp/1', { kind: 'no-one-but', except: ['web'], to: ['db'], on: [tcp(1)] }],
    ];
    for (const [text, value] of forms) assert.deepEqual(parseFact(text), { ok: true, value }, text);
  });

  for (const [text, at, expected] of WRONG)
    test(`refused: ${text.slice(0, 60)}`, () => {
      const read = parseFact(text);
      assert.ok(!read.ok);
      assert.ok(read.error.message.includes(expected), read.error.message);
      assert.equal(read.error.at, at);
    });

  test('any words give a fact or an error', () => {
    const word = fc.oneof(
      fc.constantFrom('no', 'one', 'but', 'must', 'not', 'reach', 'can', 'on', 'only', 'and', ',', '"', 'tcp/22', 'db'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const read = parseFact(words.join(' '));
        assert.ok(read.ok || read.error.at >= 0);
      }),
      { numRuns: checks(2000) },
    );
  });
});
