/** Groups within groups. */
const MAX_DEPTH = 50;

/** What a pattern is made of. `has` is asked about one character. */
export type Node =
  | { readonly kind: 'one'; readonly has: Has }
  | { readonly kind: 'all'; readonly parts: readonly Node[] }
  | { readonly kind: 'any'; readonly options: readonly Node[] }
  | { readonly kind: 'times'; readonly node: Node; readonly least: number; readonly most: number }
  | { readonly kind: 'edge'; readonly isEnd: boolean }
  | { readonly kind: 'ahead'; readonly node: Node; readonly isNot: boolean };
type Has = (code: number) => boolean;

/** Why a pattern is not followed. */
export class Unfollowed extends Error {}

const isDigit: Has = (code) => code >= 48 && code <= 57;
const isWord: Has = (code) => isDigit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const isSpace: Has = (code) => code === 32 || (code >= 9 && code <= 13);
/** What Java's dot matches: anything but what ends a line. */
export const isInLine: Has = (code) =>
  code !== 10 && code !== 13 && code !== 0x85 && code !== 0x20_28 && code !== 0x20_29;
const not =
  (has: Has): Has =>
  (code) =>
    !has(code);

const CLASSES: Readonly<Record<string, Has>> = {
  d: isDigit,
  D: not(isDigit),
  s: isSpace,
  S: not(isSpace),
  w: isWord,
  W: not(isWord),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };

/** Reads a pattern by the syntax of Java's regular expressions. Throws `Unfollowed`. */
export function readPattern(pattern: string): Node {
  return new Reader(pattern).whole();
}

class Reader {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#characters = Array.from(pattern);
  }

  whole(): Node {
    const node = this.#options();
    if (this.#at < this.#characters.length) throw new Unfollowed();
    return node;
  }

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string {
    const taken = this.#next;
    if (taken === undefined) throw new Unfollowed();
    this.#at += 1;
    return taken;
  }

  #takes(text: string): boolean {
    if (this.#characters.slice(this.#at, this.#at + text.length).join('') !== text) return false;
    this.#at += text.length;
    return true;
  }

  #options(): Node {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Unfollowed();
    const options = [this.#sequence()];
    while (this.#takes('|')) options.push(this.#sequence());
    this.#depth -= 1;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: 'any', options };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') parts.push(this.#repeated());
    return { kind: 'all', parts };
  }

  #repeated(): Node {
    const node = this.#single();
    const times = this.#times();
    if (times === undefined) return node;
    // How eager it is does not matter to a whole match; a possessive one does not give back, which is not followed.
    this.#takes('?');
    if (this.#next === '+' || this.#next === '*' || this.#next === '?' || this.#next === '{') throw new Unfollowed();
    return { kind: 'times', node, ...times };
  }

  #times(): { readonly least: number; readonly most: number } | undefined {
    if (this.#takes('*')) return { least: 0, most: Infinity };
    if (this.#takes('+')) return { least: 1, most: Infinity };
    if (this.#takes('?')) return { least: 0, most: 1 };
    if (!this.#takes('{')) return undefined;
    const least = this.#number();
    if (least === undefined) throw new Unfollowed();
    const most = this.#takes(',') ? (this.#number() ?? Infinity) : least;
    if (!this.#takes('}') || most < least) throw new Unfollowed();
    return { least, most };
  }

  #number(): number | undefined {
    let digits = '';
    while (/^\d$/.test(this.#next ?? '')) digits += this.#take();
    return digits === '' ? undefined : Number(digits);
  }

  #single(): Node {
    const character = this.#take();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'one', has: this.#class() };
      case '.':
        return { kind: 'one', has: isInLine };
      case '^':
      case '$':
        return { kind: 'edge', isEnd: character === '$' };
      case '\\': {
        const escaped = this.#escaped();
        return { kind: 'one', has: typeof escaped === 'number' ? (code) => code === escaped : escaped };
      }
      case '*':
      case '+':
      case '?':
      case '{':
        throw new Unfollowed();
      default: {
        const own = character.codePointAt(0);
        return { kind: 'one', has: (code) => code === own };
      }
    }
  }

  #group(): Node {
    const isNot = this.#takes('?!');
    const isAhead = isNot || this.#takes('?=');
    if (!isAhead && !this.#takes('?:') && this.#next === '?') throw new Unfollowed();
    const node = this.#options();
    if (!this.#takes(')')) throw new Unfollowed();
    return isAhead ? { kind: 'ahead', node, isNot } : node;
  }

  /** What stands after a backslash: one character, or a class of them. */
  #escaped(): number | Has {
    const character = this.#take();
    const known = Object.hasOwn(CLASSES, character) ? CLASSES[character] : CONTROLS[character];
    if (known !== undefined) return known;
    if (character === 'x' || character === 'u') {
      const digits = Array.from({ length: character === 'x' ? 2 : 4 }, () => this.#take()).join('');
      if (/^[0-9a-fA-F]+$/.test(digits)) return Number.parseInt(digits, 16);
    }
    if (/^[a-zA-Z0-9]$/.test(character)) throw new Unfollowed();
    return character.codePointAt(0) ?? 0;
  }

  #class(): Has {
    const isNot = this.#takes('^');
    const members: Has[] = [];
    // A bracket that comes first, classes within classes and what they share are Java's own.
    while (members.length === 0 || this.#next !== ']') members.push(this.#member());
    this.#at += 1;
    const has: Has = (code) => members.some((member) => member(code));
    return isNot ? not(has) : has;
  }

  #member(): Has {
    const first = this.#memberCode();
    if (typeof first !== 'number') return first;
    const after = this.#characters[this.#at + 1];
    if (this.#next !== '-' || after === ']' || after === '[') return (code) => code === first;
    this.#at += 1;
    const last = this.#memberCode();
    if (typeof last !== 'number' || last < first) throw new Unfollowed();
    return (code) => code >= first && code <= last;
  }

  #memberCode(): number | Has {
    if (this.#next === ']' || this.#next === '[' || this.#takes('&&')) throw new Unfollowed();
    const character = this.#take();
    return character === '\\' ? this.#escaped() : (character.codePointAt(0) ?? 0);
  }
}
