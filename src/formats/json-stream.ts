import { fail, ok, type Result } from '../core/net/result.ts';

/** One piece of a document: an element of a list that stands directly in it, or the mere presence of a list. */
export type Piece = {
  /** The member of the document that holds the list; undefined for a document that is a list itself. */
  readonly member: string | undefined;
  /** The element as JSON text; undefined for the beginning of the list. */
  readonly text: string | undefined;
  readonly index: number;
  /** Where the piece begins, counted from 1. */
  readonly line: number;
  readonly offset: number;
};

/** What is wrong with the text of a document, and where. */
export type JsonFault = { readonly message: string; readonly line: number; readonly offset: number };

export type SplitterOptions = {
  /** Takes each piece, and may refuse it. */
  readonly take: (piece: Piece) => Result<undefined>;
  /** Whether the elements of a member are wanted; of others only the presence is told. */
  readonly wants: (member: string) => boolean;
  /** Text from UTF-8; throws where the bytes are none. The caller brings it: decoding is the platform's. */
  readonly decode: (bytes: Uint8Array) => string;
};

/** No element of an export comes near this size; what does is refused, so that memory stays bounded. */
const MAX_ELEMENT_BYTES = 64 * 1024 * 1024;
const MAX_KEY_BYTES = 1024;

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** What a byte outside of texts means for the search of an element's end: a quote, an opening, a closing, a comma, a new line. */
const OTHER = 0;
const TEXT = 1;
const OPENING = 2;
const CLOSING = 3;
const BETWEEN = 4;
const LINE = 5;
const MEANING = new Uint8Array(256);
for (const [byte, meaning] of [
  [QUOTE, TEXT],
  [OPEN_LIST, OPENING],
  [OPEN_OBJECT, OPENING],
  [CLOSE_LIST, CLOSING],
  [CLOSE_OBJECT, CLOSING],
  [COMMA, BETWEEN],
  [NEWLINE, LINE],
] as const)
  MEANING[byte] = meaning;

/** Where the splitter is: between documents, or at some place of one. */
type Place =
  | 'document'
  | 'first-key'
  | 'key'
  | 'in-key'
  | 'colon'
  | 'value'
  | 'first-element'
  | 'element'
  | 'in-element'
  | 'after-element'
  | 'after-value';

/**
 * Cuts JSON documents into the elements of their lists while the bytes come in, so that no document has to fit in memory: one element does.
 * Several documents may follow one another, as the pages of a call do. What is inside of an element is checked when it is parsed; what is
 * inside of members that nobody wants is not, apart from its brackets. After a fault nothing more is taken.
 */
export class JsonSplitter {
  readonly #options: SplitterOptions;
  #place: Place = 'document';
  #offset = 0;
  #line = 1;
  #member: string | undefined;
  #isList = false;
  #isWanted = false;
  #index = 0;
  /** Brackets that are open inside of the element, and whether the scan stands in a text or behind a backslash. */
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Bytes of the element or key that earlier chunks brought. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #start = 0;
  #startOffset = 0;
  #startLine = 1;

  constructor(options: SplitterOptions) {
    this.#options = options;
  }

  /** Takes the next bytes. They are not kept; those of an unfinished element are copied. */
  push(chunk: Uint8Array): Result<undefined, JsonFault> {
    this.#start = 0;
    for (let at = 0; at < chunk.length;) {
      const next = this.#step(chunk, at);
      if (typeof next !== 'number') return fail(next);
      at = next;
    }
    if (this.#place === 'in-element' || this.#place === 'in-key') {
      const fault = this.#hold(chunk.slice(this.#start));
      if (fault !== undefined) return fail(fault);
    }
    this.#offset += chunk.length;
    return ok(undefined);
  }

  /** Says that no bytes follow. An unfinished document is truncated. */
  end(): Result<undefined, JsonFault> {
    if (this.#place === 'document') return ok(undefined);
    return fail(this.#fault('the document ends too early: it is truncated', 0));
  }

  /** Handles the byte at a place and what plainly belongs to it; the index of the next one, or what is wrong. */
  #step(chunk: Uint8Array, at: number): number | JsonFault {
    if (this.#place === 'in-element') return this.#scanElement(chunk, at);
    if (this.#place === 'in-key') return this.#scanKey(chunk, at);
    const byte = chunk[at] ?? 0;
    if (byte === NEWLINE) this.#line += 1;
    if (byte === BLANK || byte === NEWLINE || byte === RETURN || byte === TAB) return at + 1;
    return this.#structure(byte, at);
  }

  /** One byte of the frame around the elements. */
  #structure(byte: number, at: number): number | JsonFault {
    switch (this.#place) {
      case 'document':
        return this.#openDocument(byte, at);
      case 'first-key':
      case 'key':
        if (byte === CLOSE_OBJECT && this.#place === 'first-key') return this.#to('document', at + 1);
        if (byte !== QUOTE) return this.#fault('expected a member name', at);
        this.#begin(at);
        return this.#to('in-key', at + 1);
      case 'colon':
        return byte === COLON ? this.#to('value', at + 1) : this.#fault('expected a colon', at);
      case 'value':
        return this.#openValue(byte, at);
      case 'first-element':
      case 'element':
        if (byte === CLOSE_LIST && this.#place === 'first-element') return this.#closeList(at);
        if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT)
          return this.#fault('expected an element', at);
        this.#begin(at);
        return this.#to('in-element', at);
      case 'after-element':
        if (byte === COMMA) return this.#to('element', at + 1);
        if (byte === CLOSE_LIST) return this.#closeList(at);
        return this.#fault('expected a comma or the end of the list', at);
      case 'after-value':
        if (byte === COMMA) return this.#to('key', at + 1);
        if (byte === CLOSE_OBJECT) return this.#to('document', at + 1);
        return this.#fault('expected a comma or the end of the object', at);
      case 'in-element':
      case 'in-key':
        return at;
    }
  }

  #openDocument(byte: number, at: number): number | JsonFault {
    if (byte === OPEN_OBJECT) return this.#to('first-key', at + 1);
    if (byte !== OPEN_LIST) return this.#fault('expected an object, as `aws ec2 describe-*` prints it', at);
    this.#member = undefined;
    return this.#openList(at);
  }

  #openValue(byte: number, at: number): number | JsonFault {
    if (byte === OPEN_LIST) return this.#openList(at);
    if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT) return this.#fault('expected a value', at);
    // A value that is no list holds no records: its end is found like that of an element that nobody wants.
    this.#isList = false;
    this.#isWanted = false;
    this.#begin(at);
    return this.#to('in-element', at);
  }

  #openList(at: number): number | JsonFault {
    this.#isList = true;
    this.#index = 0;
    this.#isWanted = this.#member === undefined || this.#options.wants(this.#member);
    const { offset, line } = { offset: this.#offset + at, line: this.#line };
    const taken = this.#options.take({ member: this.#member, text: undefined, index: 0, line, offset });
    return taken.ok ? this.#to('first-element', at + 1) : this.#fault(taken.error, at);
  }

  #closeList(at: number): number {
    return this.#to(this.#member === undefined ? 'document' : 'after-value', at + 1);
  }

  #scanKey(chunk: Uint8Array, from: number): number | JsonFault {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === NEWLINE) return this.#fault('a member name does not end on its line', at);
      const isFirst = this.#heldBytes === 0 && at === this.#start;
      if (byte === QUOTE && !isFirst && !this.#escaped) {
        const parsed = this.#parsedKey(this.#cut(chunk, at + 1), at);
        if (typeof parsed !== 'string') return parsed;
        this.#member = parsed;
        return this.#to('colon', at + 1);
      }
      this.#escaped = byte === BACKSLASH && !this.#escaped;
    }
    return chunk.length;
  }

  #parsedKey(bytes: Uint8Array, at: number): string | JsonFault {
    if (bytes.length > MAX_KEY_BYTES) return this.#fault('a member name is too long', at);
    try {
      const key: unknown = JSON.parse(this.#options.decode(bytes));
      return typeof key === 'string' ? key : this.#fault('expected a member name', at);
    } catch {
      return this.#fault('a member name is not valid text', at);
    }
  }

  /** Looks for the end of an element. The hot loop of reading: local variables, one table lookup for each byte outside of texts. */
  #scanElement(chunk: Uint8Array, from: number): number | JsonFault {
    const end = chunk.length;
    let at = from;
    let depth = this.#depth;
    let lines = 0;
    if (this.#inText) at = this.#endOfText(chunk, at);
    while (at < end) {
      const meaning = MEANING[chunk[at] ?? 0];
      if (meaning === TEXT) {
        at = this.#endOfText(chunk, at + 1);
        continue;
      }
      if (meaning !== OTHER) {
        if (meaning === LINE) lines += 1;
        else if (meaning === OPENING) depth += 1;
        else if (depth === 0) break;
        else if (meaning === CLOSING) depth -= 1;
      }
      at += 1;
    }
    this.#line += lines;
    if (at < end) return this.#finish(chunk, at);
    this.#depth = depth;
    return end;
  }

  /** The index behind the quote that ends a text, or the end of the chunk: then the next chunk goes on inside of the text. */
  #endOfText(chunk: Uint8Array, from: number): number {
    const end = chunk.length;
    let at = this.#escaped ? from + 1 : from;
    this.#escaped = false;
    while (at < end) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#inText = false;
        return at + 1;
      }
      at += byte === BACKSLASH ? 2 : 1;
    }
    this.#inText = true;
    this.#escaped = at > end;
    return end;
  }

  /** The element ends before the byte at the place, which then is looked at as part of the frame. */
  #finish(chunk: Uint8Array, at: number): number | JsonFault {
    this.#place = this.#isList ? 'after-element' : 'after-value';
    if (!this.#isWanted) {
      this.#index += 1;
      return at;
    }
    const bytes = this.#cut(chunk, at);
    const where = { line: this.#startLine, offset: this.#startOffset };
    let text: string;
    try {
      text = this.#options.decode(bytes);
    } catch {
      return { message: 'these bytes are not UTF-8 text', ...where };
    }
    const taken = this.#options.take({ member: this.#member, text, index: this.#index, ...where });
    this.#index += 1;
    return taken.ok ? at : { message: taken.error, ...where };
  }

  #begin(at: number): void {
    this.#start = at;
    this.#startOffset = this.#offset + at;
    this.#startLine = this.#line;
    this.#held = [];
    this.#heldBytes = 0;
    this.#escaped = false;
    this.#inText = false;
    this.#depth = 0;
  }

  #hold(bytes: Uint8Array): JsonFault | undefined {
    if (this.#place === 'in-element' && !this.#isWanted) return undefined;
    this.#heldBytes += bytes.length;
    const most = this.#place === 'in-key' ? MAX_KEY_BYTES : MAX_ELEMENT_BYTES;
    if (this.#heldBytes > most)
      return { message: `one element has more than ${most} bytes`, line: this.#startLine, offset: this.#startOffset };
    this.#held.push(bytes);
    return undefined;
  }

  /** The bytes from the beginning of the element or key up to a place of this chunk. */
  #cut(chunk: Uint8Array, end: number): Uint8Array {
    const last = chunk.subarray(this.#start, end);
    if (this.#held.length === 0) return last;
    const whole = new Uint8Array(this.#heldBytes + last.length);
    let at = 0;
    for (const part of [...this.#held, last]) {
      whole.set(part, at);
      at += part.length;
    }
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }

  /** Goes on at a byte as one of the place. */
  #to(place: Place, next: number): number {
    this.#place = place;
    return next;
  }

  #fault(message: string, at: number): JsonFault {
    return { message, line: this.#line, offset: this.#offset + at };
  }
}
