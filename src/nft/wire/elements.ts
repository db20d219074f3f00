import type { Content, Value } from '../ruleset.ts';
import { ByteWriter } from './byte-writer.ts';
import { writeValue, writeVerdict } from './expressions.ts';
import { hostWord, type KeySpan, keyBytes, type PartType } from './keys.ts';
import { ELEMENT, ENDS_RANGE } from './protocol.ts';

/** What a set's elements are: enough to write and to read them. */
export type ElementForm = {
  readonly types: readonly PartType[];
  readonly data: 'mark' | 'verdict' | undefined;
  readonly isInterval: boolean;
};

/** The type of an attribute that stands in a list. */
const LISTED = 1;
/** A list is an attribute, and none is longer than 65,535 bytes. */
const FULL = 65_000;
/** An element with a verdict may have the name of a chain, of up to 255 characters, and two keys of 36 bytes. */
const AT_ONCE = 128;

/** Writes elements, in as many messages as they take: `message` is given what writes the list of one. */
export function writeElements(
  writer: ByteWriter,
  { form, content }: { readonly form: ElementForm; readonly content: Content },
  message: (writeList: () => void) => void,
): void {
  if (content.kind === 'packed') writePacked(writer, content, message);
  else if (content.kind === 'texts') writeTexts(writer, { form, elements: content.elements }, message);
}

function writeTexts(
  writer: ByteWriter,
  { form, elements }: { readonly form: ElementForm; readonly elements: ReadonlyMap<Value, Value> },
  message: (writeList: () => void) => void,
): void {
  for (const some of inPieces(elements, AT_ONCE))
    message(() => {
      for (const [key, data] of some) writeElement(writer, { form, key, data });
    });
}

function* inPieces<T>(all: Iterable<T>, most: number): Generator<readonly T[], void, undefined> {
  let piece: T[] = [];
  for (const one of all) {
    piece.push(one);
    if (piece.length < most) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** Addresses by the hundred thousand: one element is made, and then copied with another address in it. */
function writePacked(
  writer: ByteWriter,
  { family, words }: Extract<Content, { kind: 'packed' }>,
  message: (writeList: () => void) => void,
): void {
  const width = family === 'ipv4' ? 1 : 4;
  const made = new ByteWriter();
  writeKeyElement(made, new Uint8Array(width * 4));
  const template = made.take();
  const keyAt = template.length - width * 4;
  const most = Math.floor(FULL / template.length) * width;
  for (let start = 0; start < words.length; start += most)
    message(() => {
      const count = Math.min(most, words.length - start) / width;
      writer.copies(template, count, (view, at, index) => {
        for (let word = 0; word < width; word += 1)
          view.setUint32(at + keyAt + word * 4, words[start + index * width + word] ?? 0);
      });
    });
}

function writeKeyElement(writer: ByteWriter, key: Uint8Array): void {
  writer.nest(LISTED, () => writer.nest(ELEMENT.key, () => writeValue(writer, key)));
}

/** A range of keys of several parts is one element with two ends; of one part, an element that begins it and one that ends it. */
function writeElement(
  writer: ByteWriter,
  { form, key, data }: { readonly form: ElementForm; readonly key: Value; readonly data: Value },
): void {
  const { from, to } = keyBytes(form.types, key);
  const isRange = form.isInterval && form.types.length === 1;
  writer.nest(LISTED, () => {
    writer.nest(ELEMENT.key, () => writeValue(writer, from));
    if (form.isInterval && !isRange) writer.nest(ELEMENT.keyEnd, () => writeValue(writer, to));
    if (form.data !== undefined && data !== '')
      writer.nest(ELEMENT.data, () => {
        if (form.data === 'verdict') writeVerdict(writer, data);
        else writeValue(writer, hostWord(Number(data)));
      });
  });
  const end = isRange ? following(to) : undefined;
  if (end === undefined) return;
  writer.nest(LISTED, () => {
    writer.word32(ELEMENT.flags, ENDS_RANGE);
    writer.nest(ELEMENT.key, () => writeValue(writer, end));
  });
}

/** The key after a key; undefined after the last there is. */
function following(key: Uint8Array): Uint8Array | undefined {
  const next = Uint8Array.from(key);
  for (let at = next.length - 1; at >= 0; at -= 1) {
    next[at] = ((next[at] ?? 0) + 1) & 0xff;
    if (next[at] !== 0) return next;
  }
  return undefined;
}

/** An element as the kernel tells of it. */
export type ReadElement = {
  readonly key: Uint8Array;
  readonly keyEnd?: Uint8Array;
  readonly endsRange: boolean;
  readonly data: Value;
};

/** Ranges of single keys from the elements that begin and end them, in any order. A range may end where the next one begins. */
export function rangesOf(elements: readonly ReadElement[]): readonly (KeySpan & { readonly data: Value })[] {
  const ordered = elements.toSorted((a, b) => compareKeys(a.key, b.key) || Number(b.endsRange) - Number(a.endsRange));
  const ranges: (KeySpan & { readonly data: Value })[] = [];
  let open: ReadElement | undefined;
  for (const element of ordered) {
    if (open !== undefined) ranges.push({ from: open.key, to: preceding(element.key), data: open.data });
    open = element.endsRange ? undefined : element;
  }
  if (open !== undefined) ranges.push({ from: open.key, to: open.key.map(() => 0xff), data: open.data });
  return ranges;
}

function preceding(key: Uint8Array): Uint8Array {
  const before = Uint8Array.from(key);
  for (let at = before.length - 1; at >= 0; at -= 1) {
    before[at] = ((before[at] ?? 0) - 1) & 0xff;
    if (before[at] !== 0xff) break;
  }
  return before;
}

function compareKeys(a: Uint8Array, b: Uint8Array): number {
  for (const [at, byte] of a.entries()) {
    const difference = byte - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
