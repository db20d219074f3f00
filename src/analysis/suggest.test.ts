import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { editDistance, suggestNames } from './suggest.ts';

describe('editDistance', () => {
  test('counts insertions, deletions, replacements and swaps', () => {
    assert.equal(editDistance('web-1', 'web-1', 3), 0);
    assert.equal(editDistance('web1', 'web-1', 3), 1);
    assert.equal(editDistance('wbe-1', 'web-1', 3), 1);
    assert.equal(editDistance('web-2', 'web-1', 3), 1);
    assert.equal(editDistance('db', 'web', 3), 2);
    assert.equal(editDistance('abcdef', 'uvwxyz', 3), 4);
  });

  test('is symmetric, and zero only for equal texts', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        assert.equal(editDistance(a, b, 9), editDistance(b, a, 9));
        assert.equal(editDistance(a, b, 9) === 0, a === b);
        assert.equal(editDistance(a, b, 2), Math.min(3, editDistance(a, b, 9)));
      }),
    );
  });
});

describe('suggestNames', () => {
  test('gives the nearest first, three at most', () => {
    assert.deepEqual(suggestNames('web1', ['db-1', 'web-1', 'web', 'web-12', 'wob1']), ['web', 'web-1', 'wob1']);
  });

  test('gives nothing where nothing is near', () => {
    assert.deepEqual(suggestNames('payments', ['web-1', 'db-1']), []);
  });

  test('a beginning counts as near', () => {
    assert.deepEqual(suggestNames('i-0abc', ['i-0abcdef0123456789', 'i-0ffffffffffffffff']), ['i-0abcdef0123456789']);
  });

  test('a long or crowded world costs no more than a bounded one', () => {
    // The generator never ends: the bound on candidates is what ends this.
    assert.equal(suggestNames('y'.repeat(1_000_000), endlessNames()).length, 0);
  });
});

function* endlessNames(): Generator<string, never, undefined> {
  for (let index = 0; ; index += 1) yield `${'x'.repeat(60)}${index}`;
}
