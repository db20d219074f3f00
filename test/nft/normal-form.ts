// What a table means to packets, whatever its numbers and names are: equal forms judge every packet alike.
import { createHash } from 'node:crypto';
import type { Listing } from '../../src/nft/listing.ts';
import { type Content, TRACKED_ANYWHERE, type Value } from '../../src/nft/ruleset.ts';
import { markOf } from '../../src/nft/past.ts';
import { elementTexts } from '../../src/nft/render.ts';
import { nameIn, placeOf, type TableFamily } from '../../src/nft/tables.ts';

/**
 * The base chains with all that they lead to written out: chains by what they hold, sets by their elements, numbers by what is looked up by
 * them. What nothing leads to, as a change that was killed leaves it, is not in it.
 */
export function normalForm(listing: Listing): string {
  const form = new Form(listing);
  const bases = [...listing.chains]
    .filter(([, { head }]) => head !== '')
    .map(([name, { head }]) => `${head} ${form.chain(name)}`);
  return digest(bases.toSorted().join('\n'));
}

/** Maps that give numbers; what the number means stands for it. */
const GIVING: ReadonlySet<string> = new Set(['e4', 'e6', 'i4', 'i6']);
/** Asked by number alone: written out where the number is given. */
const ASKED: ReadonlySet<string> = new Set(['ports', 'irregular', 'classes', 'subnet-devices', 'eras']);

class Form {
  readonly #listing: Listing;
  readonly #chains: Map<string, string> = new Map();
  readonly #ports: ReadonlyMap<Value, readonly (readonly [Value, Value])[]>;
  readonly #era: number;
  readonly #subnets: ReadonlyMap<Value, readonly (readonly [Value, Value])[]>;

  constructor(listing: Listing) {
    this.#listing = listing;
    this.#era = markOf(Math.max(0, ...[...this.#elements('eras').keys()].map(Number)));
    this.#ports = byNumber(this.#elements('ports'));
    this.#subnets = byNumber(this.#elements('subnet-devices'));
  }

  chain(name: string): string {
    const known = this.#chains.get(name);
    if (known !== undefined) return known;
    const chain = this.#listing.chains.get(name);
    if (chain === undefined) return `nothing ${name}`;
    const { family } = placeOf(name);
    const form = digest(chain.rules.map((rule) => this.#rule(rule, family)).join('\n'));
    this.#chains.set(name, form);
    return form;
  }

  #rule(rule: string, family: TableFamily = 'inet'): string {
    return this.#withoutEra(rule)
      .replaceAll(/\b(goto|jump) ([^ ,}]+)/gu, (_, kind: string, name: string) => `${kind} ${this.chain(name)}`)
      .replaceAll(/@(?!th,)([^ ]+)/gu, (_, name: string) => `@${this.#set(nameIn(family, name))}`)
      .replaceAll(/meta mark set (\d+)/gu, (_, number: string) => `meta mark set ${this.#class(number)}`)
      .replaceAll(/(meta mark set [^{]* map \{)([^}]*)\}/gu, (_, start: string, elements: string) => {
        const ends = elements.split(', ').map((one) => one.trim().split(' : '));
        return `${start} ${ends.map(([key = '', number = '']) => `${key} : ${this.#class(number)}`).join(', ')} }`;
      });
  }

  /** Eras are numbers by the clock: a rule says which bits of a mark of this era it is about. */
  #withoutEra(rule: string): string {
    if (!rule.includes('ct mark')) return rule;
    return rule.replaceAll(/ct mark != \d+-\d+/gu, 'ct mark != known').replaceAll(/\b\d{3,}\b/gu, (text) => {
      const bits = Number(text) - this.#era;
      return bits >= 0 && bits <= TRACKED_ANYWHERE ? `era+${bits}` : text;
    });
  }

  #set(name: string): string {
    if (ASKED.has(name)) return name;
    const elements = [...this.#elements(name)].map(([key, data]) => {
      if (GIVING.has(name)) return `${key} ${this.#profile(data)}`;
      return `${key} ${this.#rule(data)}`;
    });
    return `${this.#listing.sets.get(name)?.head} ${digest(elements.toSorted().join('\n'))}`;
  }

  /** Ports with what their classes admit and where they go on, and where all other traffic goes. */
  #profile(number: Value): string {
    const onward = (of: Value): string => this.#rule(this.#elements('irregular').get(of) ?? 'nowhere');
    const ports = (this.#ports.get(number) ?? []).map(([port, own]) => `${port} ${this.#class(own)} ${onward(own)}`);
    return digest([...ports.toSorted(), onward(number)].join('\n'));
  }

  /** What a number that a rule or a port gives leads to: the peers of a class, or the devices of a subnet. */
  #class(number: Value): string {
    const devices = (this.#subnets.get(number) ?? []).map(([device]) => device).toSorted();
    return `${this.#rule(this.#elements('classes').get(number) ?? 'nothing')} ${devices.join(' ')}`;
  }

  #elements(name: string): ReadonlyMap<Value, Value> {
    return textsIn(this.#listing.sets.get(name)?.content);
  }
}

/** Memory of a pure function: contents never change. */
const TEXTS = new WeakMap<Content, ReadonlyMap<Value, Value>>();

function textsIn(content: Content | undefined): ReadonlyMap<Value, Value> {
  if (content === undefined || content.kind === 'dynamic') return new Map();
  if (content.kind === 'texts') return content.elements;
  const known = TEXTS.get(content) ?? new Map([...elementTexts(content)].flat().map((text) => [text, '']));
  TEXTS.set(content, known);
  return known;
}

/** Elements by the number that their key begins with, which is left out. */
function byNumber(elements: ReadonlyMap<Value, Value>): ReadonlyMap<Value, readonly (readonly [Value, Value])[]> {
  const grouped = new Map<Value, [Value, Value][]>();
  for (const [key, data] of elements) {
    const [number = '', ...rest] = key.split(' . ');
    const own = grouped.get(number) ?? [];
    own.push([rest.join(' . '), data]);
    grouped.set(number, own);
  }
  return grouped;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
