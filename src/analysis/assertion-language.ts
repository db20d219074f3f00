import { fail, ok, type Result } from '../core/net/result.ts';
import { ALL_TRAFFIC, parseTraffic, type Traffic } from '../core/net/traffic.ts';
import { suggestNames } from './suggest.ts';

/** One fact that must hold, as docs/guide/assertions.md writes the language down. Ends are endpoints as `resolveEndpoint` reads them, or `anyone`. */
export type Fact =
  | { readonly kind: 'must-reach' | 'must-not-reach' | 'only'; readonly from: Ends; readonly to: Ends; readonly on: On }
  /** No `to`: every interface of the world. */
  | { readonly kind: 'no-one-but'; readonly except: Ends; readonly to?: Ends; readonly on: On };

export type Ends = readonly string[];
type On = readonly Traffic[];

/** What is wrong with the text of a fact, and where in it, counted from 0. */
export type FactError = { readonly message: string; readonly at: number };

/** Stands for every interface and everything outside. */
export const ANYONE = 'anyone';

/** Longer facts are refused. */
export const MAX_FACT_LENGTH = 2000;

type Token = { readonly text: string; readonly at: number; readonly isQuoted: boolean };

const KEYWORDS: ReadonlySet<string> = new Set(['must', 'not', 'reach', 'can', 'on', 'only', 'and', 'no', 'one', 'but']);

/** Reads one fact, such as `web can reach app on tcp/8443 only`. Errors say which word is wrong and which ones may stand there. */
export function parseFact(text: string): Result<Fact, FactError> {
  if (text.length > MAX_FACT_LENGTH)
    return fail({ message: `a fact has at most ${MAX_FACT_LENGTH} characters`, at: 0 });
  const tokens = tokensOf(text);
  return tokens.ok ? new FactReader(tokens.value, text.length).read() : tokens;
}

function tokensOf(text: string): Result<readonly Token[], FactError> {
  const pattern = /\s*(?:"([^"]*)"|(,)|([^\s,"]+))/uy;
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null) return fail({ message: 'a quotation mark has no second one', at: from });
    const [whole, quoted, comma, word] = found;
    const at = from + (whole.length - whole.trimStart().length);
    tokens.push({ text: quoted ?? comma ?? word ?? '', at, isQuoted: quoted !== undefined });
  }
  return ok(tokens);
}

/** Reads tokens from left to right; the first that does not fit ends it. */
class FactReader {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #next = 0;

  constructor(tokens: readonly Token[], length: number) {
    this.#tokens = tokens;
    this.#length = length;
  }

  read(): Result<Fact, FactError> {
    const fact = this.#takes('no', 'one') ? this.#noOneBut() : this.#aboutPair();
    if (!fact.ok || this.#next === this.#tokens.length) return fact;
    return this.#refuse(fact.value.kind === 'only' ? ['the end of the fact'] : ['and', 'the end of the fact']);
  }

  #noOneBut(): Result<Fact, FactError> {
    const except = this.#takes('but') ? this.#ends() : ok<Ends>([]);
    if (!except.ok) return except;
    const to = this.#takes('can', 'reach') ? this.#ends() : undefined;
    if (to !== undefined && !to.ok) return to;
    if (except.value.length === 0 && to === undefined) return this.#refuse(['but', 'can reach']);
    const on = this.#takes('on') ? this.#traffics() : ok<On>([ALL_TRAFFIC]);
    if (!on.ok) return on;
    return ok({
      kind: 'no-one-but',
      except: except.value,
      ...(to === undefined ? {} : { to: to.value }),
      on: on.value,
    });
  }

  #aboutPair(): Result<Fact, FactError> {
    const from = this.#ends();
    if (!from.ok) return from;
    const kind = this.#verb();
    if (kind === undefined) return this.#refuse(['must reach', 'must not reach', 'can reach']);
    const to = this.#ends();
    if (!to.ok) return to;
    const isOn = this.#takes('on');
    // What must get through has to be said: all traffic is never meant by saying nothing.
    if (!isOn && kind !== 'must-not-reach') return this.#refuse(['and', 'on']);
    const on = isOn ? this.#traffics() : ok<On>([ALL_TRAFFIC]);
    if (!on.ok) return on;
    if (kind === 'only' && !this.#takes('only')) return this.#refuse(['and', 'only']);
    return ok({ kind, from: from.value, to: to.value, on: on.value });
  }

  #verb(): 'must-reach' | 'must-not-reach' | 'only' | undefined {
    if (this.#takes('must', 'not', 'reach')) return 'must-not-reach';
    if (this.#takes('must', 'reach')) return 'must-reach';
    return this.#takes('can', 'reach') ? 'only' : undefined;
  }

  #ends(): Result<Ends, FactError> {
    return this.#list((token) =>
      token.text === ',' || (!token.isQuoted && KEYWORDS.has(token.text))
        ? fail(
            'an instance, group, subnet, address, internet or anyone (a name that is a word of the language goes in quotation marks)',
          )
        : ok(token.text),
    );
  }

  #traffics(): Result<On, FactError> {
    return this.#list((token) => {
      const traffic = parseTraffic(token.text);
      return traffic.ok ? traffic : fail(`traffic such as tcp/443: ${traffic.error}`);
    });
  }

  #list<T>(read: (token: Token) => Result<T>): Result<readonly T[], FactError> {
    const list: T[] = [];
    do {
      const token = this.#tokens[this.#next];
      const item = read(token ?? { text: ',', at: 0, isQuoted: false });
      if (!item.ok) return this.#refuse([item.error]);
      list.push(item.value);
      this.#next += 1;
    } while (this.#takes(',') || this.#takes('and'));
    return ok(list);
  }

  #takes(...words: readonly string[]): boolean {
    const fits = words.every((word, at) => {
      const token = this.#tokens[this.#next + at];
      return token !== undefined && !token.isQuoted && token.text === word;
    });
    if (fits) this.#next += words.length;
    return fits;
  }

  #refuse(expected: readonly string[]): Result<never, FactError> {
    const token = this.#tokens[this.#next];
    const rest = this.#tokens.slice(this.#next, this.#next + 3).map((one) => one.text);
    const words = rest.map((_, at) => rest.slice(0, at + 1).join(' '));
    const [near] = words.flatMap((word) => suggestNames(word, expected));
    const found = token === undefined ? 'the fact ends' : `${JSON.stringify(token.text.slice(0, 64))} stands`;
    const meant = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
    return fail({
      message: `${found} where ${expected.join(' or ')} is expected${meant}`,
      at: token?.at ?? this.#length,
    });
  }
}
