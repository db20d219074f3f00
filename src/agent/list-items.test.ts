import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ListItems } from './list-items.ts';

/** A text in pieces that end at these places. */
function inPieces(text: string, places: readonly number[]): readonly string[] {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length].toSorted((a, b) => a - b);
  return ends.map((end, at) => text.slice(at === 0 ? 0 : ends[at - 1], end));
}

function itemsOf(pieces: readonly string[]): { readonly items: readonly unknown[]; readonly isWhole: boolean } {
  const reader = new ListItems();
  const items = pieces.flatMap((piece) => reader.take(piece));
  return { items, isWhole: reader.end().ok };
}

const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 8 });
const places = fc.array(fc.nat(), { maxLength: 12 });

test('a list in any pieces is what JSON.parse reads of all of it', () => {
  fc.assert(
    fc.property(objects, places, fc.constantFrom(undefined, 2), (list, at, indent) => {
      const text = JSON.stringify(list, undefined, indent);
      assert.deepEqual(itemsOf(inPieces(text, at)), { items: listIn(text), isWhole: true });
    }),
    { numRuns: 500 },
  );
});

test('what is damaged is whole just where JSON.parse reads a list of objects, and then the same', () => {
  const damage = fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ' ', '\0', '1', ',{}', '{},');
  let wholes = 0;
  fc.assert(
    fc.property(objects, places, fc.nat(), damage, (list, at, where, what) => {
      const whole = JSON.stringify(list);
      const place = where % (whole.length + 1);
      const text = whole.slice(0, place) + what + whole.slice(place + 1);
      const { isWhole, items } = itemsOf(inPieces(text, at));
      assert.deepEqual(isWhole ? items : undefined, listIn(text));
      if (isWhole) wholes += 1;
    }),
    { numRuns: 3000 },
  );
  assert.ok(wholes > 100);
});

function listIn(text: string): readonly unknown[] | undefined {
  try {
    const read: unknown = JSON.parse(text);
    const isList =
      Array.isArray(read) && read.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one));
    return isList ? read : undefined;
  } catch {
    return undefined;
  }
}

test('what is no list of objects is not whole, and costs no more than it has', () => {
  for (const text of ['', '{}', '[', '[{}', '[1]', '[{}] x', '[{}][{}]', 'no devices', '[{"a":}]', '[{]}', '"[{}]"'])
    assert.equal(itemsOf([text]).isWhole, false, text);
  const endless = new ListItems();
  endless.take('[{"a":"');
  for (let at = 0; at < 40; at += 1) assert.deepEqual(endless.take('x'.repeat(65_536)), []);
  assert.equal(endless.end().ok, false);
  assert.deepEqual(endless.take('"}]'), []);
});
