import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesWhole } from './pattern.ts';

test('patterns that templates have match whole values as Java does', () => {
  for (const [pattern, text, expected] of [
    ['[a-zA-Z][a-zA-Z0-9]*', 'web1', true],
    ['[a-zA-Z][a-zA-Z0-9]*', '1web', false],
    [
      '^(([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\\.){3}([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])(\\/(1[6-9]|2[0-8]))$',
      '10.0.0.0/16',
      true,
    ],
    [
      '^(([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\\.){3}([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])(\\/(1[6-9]|2[0-8]))$',
      '10.0.0.256/16',
      false,
    ],
    ['(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})/(\\d{1,2})', '192.0.2.0/24', true],
    ['.+', '', false],
    ['.*', 'a\nb', false],
    ['a$', 'a\n', false],
    ['(a$)\\s', 'a\n', true],
    ['^$|^vpc-[0-9a-f]{8,17}$', 'vpc-0123456789abcdef0', true],
    ['^$|^vpc-[0-9a-f]{8,17}$', '', true],
    ['(?!.*--)(?=.*\\d)[a-z\\d-]+', 'a-1', true],
    ['(?!.*--)(?=.*\\d)[a-z\\d-]+', 'a--1', false],
    ['[\\w-.]+?', 'a-b.c_d', true],
    ['[^\\s"@/\\\\]*', 'pass word', false],
    ['[\\x20-\\x7e]*', 'é', false],
    ['[a-z]{2}', '😀', false],
    ['.', '😀', true],
    // What has no meaning that is followed here is no answer.
    ['(a)\\1', 'aa', undefined],
    ['(?<=a)b', 'b', undefined],
    ['\\p{Alpha}+', 'a', undefined],
    ['(?i)abc', 'ABC', undefined],
    ['[a-z&&[^b]]', 'a', undefined],
    ['a*+', 'a', undefined],
    ['(', '', undefined],
    ['[z-a]', 'b', undefined],
    ['a{2,1}', 'a', undefined],
  ] as const)
    assert.equal(matchesWhole(pattern, text), expected, `${pattern} ${JSON.stringify(text)}`);
});

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '[a-c1-]', '1', '(?=a)', '(?!b)', '^', '$');
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc.tuple(tie('node'), tie('node')).map(([one, other]) => one + other),
    fc.tuple(tie('node'), tie('node')).map(([one, other]) => `(${one}|${other})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,3}', '{0,}'))
      .map(([one, times]) => `(?:${one})${times}`),
  ),
})).node;

test('what it says is what another matcher says', () => {
  const seen = { yes: 0, no: 0 };
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '-'), maxLength: 6 }),
      (source, text) => {
        const expected = new RegExp(`^(?:${source})$`).test(text);
        seen[expected ? 'yes' : 'no'] += 1;
        assert.equal(matchesWhole(source, text), expected);
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(seen.yes > 100 && seen.no > 100, JSON.stringify(seen));
});

test('patterns that others search for ever come to an end', () => {
  const text = `${'a'.repeat(4000)}!`;
  for (const source of [
    '(a+)+',
    '(a|aa)*',
    '(.*a){20}',
    '(?:(?:a*)*)*',
    '((a?){1000}){1000}',
    '(?=(a*)*b)a*',
    '(a?){999999999}',
  ])
    assert.notEqual(matchesWhole(source, text), true, source);
  assert.equal(matchesWhole('(a+)+', text), false);
  assert.equal(matchesWhole('('.repeat(4000), 'a'), undefined);
  assert.equal(matchesWhole('(a?){999999999}', 'aaaa'), undefined);
});
