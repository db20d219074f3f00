import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WordList } from './word-list.ts';

const texts = fc.uniqueArray(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc
      .array(fc.constantFrom('class', 'peers', '7', '17', '', 'sgr-1'), { maxLength: 5 })
      .map((words) => words.join(' ')),
  ),
  { maxLength: 60 },
);

test('texts stand where they stood, and are found there alone', () => {
  fc.assert(
    fc.property(texts, texts, (kept, asked) => {
      const list = new WordList(kept);
      assert.equal(list.size, kept.length);
      assert.deepEqual(
        kept.map((_, place) => list.at(place)),
        kept,
      );
      for (const text of [...kept, ...asked]) assert.equal(list.placeOf(text), kept.indexOf(text));
    }),
    { numRuns: 500 },
  );
});

test('a word that many texts have stands there once', () => {
  const list = new WordList(Array.from({ length: 1000 }, (_, at) => `class ${at % 10} peers-${at % 7}.i4 sgr-${at}`));
  assert.equal(list.words.size, 1 + 10 + 7 + 1000);
});
