import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ok } from '../core/net/result.ts';
import { type JsonFault, JsonSplitter } from './json-stream.ts';

type Split = { readonly lists: readonly [string | undefined, readonly unknown[]][]; readonly fault?: JsonFault };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Splits bytes that come in chunks of the given sizes, over and over. */
function split(bytes: Uint8Array, sizes: readonly number[], wants: (member: string) => boolean = () => true): Split {
  const lists: [string | undefined, unknown[]][] = [];
  const splitter = new JsonSplitter({
    wants,
    decode: (part) => decoder.decode(part),
    take: ({ member, text }) => {
      if (text === undefined) {
        lists.push([member, []]);
        return ok(undefined);
      }
      try {
        lists.at(-1)?.[1].push(JSON.parse(text));
        return ok(undefined);
      } catch (error) {
        return { ok: false, error: String(error) };
      }
    },
  });
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const pushed = splitter.push(bytes.subarray(at, at + size));
    if (!pushed.ok) return { lists, fault: pushed.error };
    at += size;
  }
  const ended = splitter.end();
  return ended.ok ? { lists } : { lists, fault: ended.error };
}

const splitText = (text: string, sizes: readonly number[] = [7], wants?: (member: string) => boolean): Split =>
  split(encoder.encode(text), sizes, wants);

const element = fc.jsonValue({ maxDepth: 3 });
const member = fc.oneof(fc.string(), fc.constantFrom('Vpcs', 'a"b', 'x\\', '\u00e9\u{1f600}', '[', '{'));
const documents = fc.array(
  fc.dictionary(member, fc.oneof(fc.array(element), element), { maxKeys: 4, noNullPrototype: true }),
  { maxLength: 3 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('the splitter of JSON documents', () => {
  test('finds every element of every list, wherever the chunks end and however the text is set', () => {
    fc.assert(
      fc.property(documents, sizes, fc.constantFrom(undefined, 1, 4, '\t'), (all, chunks, indent) => {
        const text = all.map((one) => JSON.stringify(one, undefined, indent)).join('\n');
        // As JSON has it: without -0.
        const plain = JSON.parse(JSON.stringify(all)) as typeof all;
        const expected = plain.flatMap((one) => Object.entries(one).filter(([, value]) => Array.isArray(value)));
        assert.deepEqual(splitText(text, chunks), { lists: expected });
      }),
      { numRuns: 400 },
    );
  });

  test('a document may be a list itself', () => {
    assert.deepEqual(splitText('[{"a": [1]}, 2]').lists, [[undefined, [{ a: [1] }, 2]]]);
  });

  test('elements of members that nobody wants are passed over, their presence is told', () => {
    const text = '{"Big": [{"a": "]}\\"["}, [[]], "x"], "Vpcs": [1], "NextToken": "a]b"}';
    assert.deepEqual(splitText(text, [3], (name) => name === 'Vpcs').lists, [
      ['Big', []],
      ['Vpcs', [1]],
    ]);
  });

  test('what is wrong is told with its line and offset', () => {
    const rows: readonly (readonly [string, RegExp, number, number])[] = [
      ['', /^$/, 0, 0],
      ['{', /truncated/, 1, 1],
      ['{"a": [1,', /truncated/, 1, 9],
      ['{"a": ["x', /truncated/, 1, 9],
      ['{"a": [1]', /truncated/, 1, 9],
      ['{"a" 1}', /colon/, 1, 5],
      ['{a: 1}', /member name/, 1, 1],
      ['"text"', /expected an object/, 1, 0],
      ['{}\n\n x', /expected an object/, 3, 5],
      ['{"a": [1,]}', /expected an element/, 1, 9],
      ['{"a": [,1]}', /expected an element/, 1, 7],
      ['{"a": [],}', /member name/, 1, 9],
      ['{"a": [] "b"', /comma or the end of the object/, 1, 9],
      ['{"a": }', /expected a value/, 1, 6],
      ['{\n"a": [\n{"b": 1 2}\n]}', /JSON/, 3, 9],
    ];
    for (const [text, message, line, offset] of rows) {
      const { fault } = splitText(text, [4]);
      if (text === '') assert.equal(fault, undefined);
      else {
        assert.match(fault?.message ?? '', message, text);
        assert.deepEqual({ line: fault?.line, offset: fault?.offset }, { line, offset }, text);
      }
    }
  });

  test('bytes that are no UTF-8 are refused where they stand', () => {
    const bytes = encoder.encode('{"a": ["?"]}');
    bytes[8] = 0xff;
    assert.match(split(bytes, [5]).fault?.message ?? '', /UTF-8/);
  });

  test('one element without an end is refused before it fills the memory', () => {
    const splitter = new JsonSplitter({
      wants: () => true,
      decode: (part) => decoder.decode(part),
      take: () => ok(undefined),
    });
    assert.ok(splitter.push(encoder.encode('{"a": ["')).ok);
    const chunk = new Uint8Array(1 << 20).fill(97);
    let pushed = splitter.push(chunk);
    let count = 1;
    for (; pushed.ok && count < 100; count += 1) pushed = splitter.push(chunk);
    assert.ok(!pushed.ok && pushed.error.message.includes('more than'));
    assert.ok(count < 70);
  });

  test('no bytes at all make it throw or go on without end', () => {
    const base = encoder.encode('{"Vpcs": [{"VpcId": "vpc-1", "Tags": []}, {"a": [1, {}]}], "NextToken": null}');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: base.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 }),
        fc.nat({ max: base.length }),
        sizes,
        (edits, length, chunks) => {
          const bytes = base.slice(0, length);
          for (const [at, value] of edits) bytes[at] = value;
          split(bytes, chunks);
        },
      ),
      { numRuns: 1000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), sizes, (bytes, chunks) => void split(bytes, chunks)));
  });
});
