import { fail, ok, type Result } from '../core/net/result.ts';

/** The longest object, in characters: whoever prints a longer one is not what it is taken for. */
const MOST = 1_048_576;

const [QUOTE, ESCAPE, COMMA, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x22, 0x5c, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d];
/** What JSON may have anywhere between others. */
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Takes a list of objects in JSON apart while it comes in, piece by piece: ten thousand devices are five million characters, of which an agent that looks
 * at them twice a minute needs one device at a time.
 */
export class ListItems {
  /** What came of an object that is not whole yet. */
  #begun = '';
  /** How many objects and lists are open: none before the list and after it, one between its objects. */
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** What came last outside of objects; `odd`: no list has it there. */
  #last: 'nothing' | 'begin' | 'object' | 'comma' | 'end' | 'odd' = 'nothing';

  /** The objects that the next piece of the text makes whole. */
  take(piece: string): readonly unknown[] {
    const whole: unknown[] = [];
    let from = 0;
    for (let at = 0; at < piece.length && this.#last !== 'odd'; at += 1) {
      const code = piece.charCodeAt(at);
      if (this.#depth < 2) {
        this.#between(code);
        if (this.#depth === 2) from = at;
      } else if (this.#isEnd(code)) {
        whole.push(...this.#parsed(piece.slice(from, at + 1)));
      }
    }
    if (this.#depth >= 2) this.#begun += piece.slice(from);
    if (this.#begun.length > MOST) this.#last = 'odd';
    return whole;
  }

  /** Whether what came was a list of objects, and all of it. */
  end(): Result<void> {
    return this.#last === 'end' ? ok(undefined) : fail('it is no list of objects');
  }

  /** A character outside of objects. */
  #between(code: number): void {
    if (SPACES.has(code)) return;
    const last = this.#last;
    this.#last = 'odd';
    if (code === OPEN_LIST && last === 'nothing') [this.#last, this.#depth] = ['begin', 1];
    else if (code === CLOSE_LIST && (last === 'begin' || last === 'object')) [this.#last, this.#depth] = ['end', 0];
    else if (code === OPEN && (last === 'begin' || last === 'comma')) [this.#last, this.#depth] = ['object', 2];
    else if (code === COMMA && last === 'object') this.#last = 'comma';
  }

  /** Whether a character in an object is its last one. */
  #isEnd(code: number): boolean {
    if (this.#isInText) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (code === ESCAPE) this.#isEscaped = true;
      else if (code === QUOTE) this.#isInText = false;
      return false;
    }
    if (code === QUOTE) this.#isInText = true;
    else if (code === OPEN || code === OPEN_LIST) this.#depth += 1;
    else if (code === CLOSE || code === CLOSE_LIST) this.#depth -= 1;
    return this.#depth === 1;
  }

  /** The object that ends with a text. Each closing mark counts like any other until here: what is not well-formed is found now. */
  #parsed(text: string): readonly unknown[] {
    const object = this.#begun + text;
    this.#begun = '';
    try {
      return [JSON.parse(object)];
    } catch {
      this.#last = 'odd';
      return [];
    }
  }
}
