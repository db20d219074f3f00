import type { Content, Value } from '../ruleset.ts';
import type { Count } from '../listing.ts';
import { TextMap } from '../text-map.ts';
import { attributesOf, hexOf, hostNumberOf, numberAt, numberOf, type Place, walk } from './byte-reader.ts';
import { type ElementForm, rangesOf, type ReadElement } from './elements.ts';
import { readData } from './expressions.ts';
import { keyText } from './keys.ts';
import { DATA_VALUE, ELEMENT, ELEMENTS, ENDS_RANGE } from './protocol.ts';
import { countOf } from './rule-reader.ts';

/** Reads what a set holds, message by message. */
export type ElementReader = {
  /** Takes the body of a message with elements. */
  readonly take: (body: Uint8Array) => void;
  /**
   * What the set holds, when all messages were taken; undefined when they do not fit together. The kernel tells of a set in parts and counts on from one to
   * the next; when it gives its table another size between two, which takes a moment after many came, what was told twice stands for others that were
   * not told at all.
   */
  readonly content: () => Content | undefined;
};

/** A reader for named sets of a form. */
export function elementReader(form: ElementForm): ElementReader {
  const [only] = form.types;
  const isPacked =
    form.types.length === 1 &&
    form.data === undefined &&
    !form.isInterval &&
    (only === 'ipv4_addr' || only === 'ipv6_addr');
  return isPacked ? new MemberReader(only === 'ipv4_addr' ? 'ipv4' : 'ipv6') : new TextReader(form);
}

/** A reader that gives all elements as text. */
export function textReader(form: ElementForm): ElementReader {
  return new TextReader(form);
}

class TextReader implements ElementReader {
  readonly #form: ElementForm;
  readonly #elements: ReadElement[] = [];

  constructor(form: ElementForm) {
    this.#form = form;
  }

  take(body: Uint8Array): void {
    eachElement(body, ({ from, to }) => this.#elements.push(readElement(body.subarray(from, to))));
  }

  content(): Content | undefined {
    const { types, isInterval } = this.#form;
    const isRange = isInterval && types.length === 1;
    const spans = isRange
      ? rangesOf(this.#elements)
      : this.#elements.map(({ key, keyEnd, data }) => ({ from: key, to: keyEnd ?? key, data }));
    const elements = new Map<Value, Value>();
    for (const { data, ...span } of spans) elements.set(keyText(types, span) ?? `foreign ${hexOf(span.from)}`, data);
    return isRange || elements.size === this.#elements.length
      ? { kind: 'texts', elements: TextMap.of(elements) }
      : undefined;
  }
}

/** Addresses by the hundred thousand, which stand packed and in order. */
class MemberReader implements ElementReader {
  readonly #family: 'ipv4' | 'ipv6';
  readonly #width: number;
  #words = new Uint32Array(1024);
  #length = 0;

  constructor(family: 'ipv4' | 'ipv6') {
    this.#family = family;
    this.#width = family === 'ipv4' ? 1 : 4;
  }

  take(body: Uint8Array): void {
    const size = this.#width * 4;
    eachElement(body, (element) =>
      walk(body, element, (type, key) => {
        if (type !== ELEMENT.key) return;
        walk(body, key, (part, { from, to }) => {
          if (part !== DATA_VALUE || to - from !== size) return;
          this.#grow();
          for (let at = from; at < to; at += 4) this.#words[this.#length++] = numberAt(body, { from: at, to: at + 4 });
        });
      }),
    );
  }

  content(): Content | undefined {
    const words = this.#words.slice(0, this.#length);
    const sorted = this.#width === 1 ? words.toSorted() : sortedWide(words);
    return isDistinct(sorted, this.#width) ? { kind: 'packed', family: this.#family, words: sorted } : undefined;
  }

  #grow(): void {
    if (this.#length + this.#width <= this.#words.length) return;
    const grown = new Uint32Array(this.#words.length * 2);
    grown.set(this.#words);
    this.#words = grown;
  }
}

const NOTHING = new Uint8Array();

/** Whether no key of so many words stands twice in a row. */
function isDistinct(sorted: Uint32Array, width: number): boolean {
  for (let at = width; at < sorted.length; at += width) {
    let same = 0;
    while (same < width && sorted[at + same] === sorted[at - width + same]) same += 1;
    if (same === width) return false;
  }
  return true;
}

function sortedWide(words: Uint32Array): Uint32Array {
  const places = Uint32Array.from({ length: words.length / 4 }, (_, index) => index * 4).toSorted((a, b) => {
    for (let word = 0; word < 4; word += 1) {
      const difference = (words[a + word] ?? 0) - (words[b + word] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  const sorted = new Uint32Array(words.length);
  for (const [index, place] of places.entries()) sorted.set(words.subarray(place, place + 4), index * 4);
  return sorted;
}

function eachElement(body: Uint8Array, visit: (element: Place) => void): void {
  walk(body, { from: 0, to: body.length }, (type, list) => {
    if (type === ELEMENTS.list) walk(body, list, (_, element) => visit(element));
  });
}

function readElement(element: Uint8Array): ReadElement {
  const parts = attributesOf(element);
  const key = keyOf(parts.get(ELEMENT.key));
  const keyEnd = parts.get(ELEMENT.keyEnd);
  return {
    key,
    ...(keyEnd === undefined ? {} : { keyEnd: keyOf(keyEnd) }),
    endsRange: (numberOf(parts.get(ELEMENT.flags)) & ENDS_RANGE) !== 0,
    data: dataText(parts.get(ELEMENT.data)),
  };
}

function keyOf(attribute: Uint8Array | undefined): Uint8Array {
  return attributesOf(attribute ?? NOTHING).get(DATA_VALUE) ?? NOTHING;
}

/** A verdict, or a mark. */
function dataText(attribute: Uint8Array | undefined): Value {
  if (attribute === undefined) return '';
  const data = readData(attribute);
  if (typeof data === 'string') return data;
  return data?.length === 4 ? String(hostNumberOf(data)) : `foreign ${hexOf(data ?? NOTHING)}`;
}

/** What elements with counters counted, by the mark that is their key. */
export function readHits(body: Uint8Array): readonly (readonly [mark: number, count: Count])[] {
  const hits: (readonly [number, Count])[] = [];
  eachElement(body, ({ from, to }) => {
    const parts = attributesOf(body.subarray(from, to));
    const key = keyOf(parts.get(ELEMENT.key));
    const counter = parts.get(ELEMENT.expression) ?? NOTHING;
    const count = countOf(counter, { from: 0, to: counter.length });
    if (key.length === 4 && count !== undefined) hits.push([hostNumberOf(key), count]);
  });
  return hits;
}
