import type { Kind, Records } from '../../core/model/records.ts';

type AnyRecord = Records[Kind];

/**
 * Makes records share what is equal in them. Each line of a stream is read by itself, so that the same traffic, prefix or id would be held as often as it
 * is told: in ten thousand interfaces and their groups that is as much as all the rest of them. It knows every part that it saw, so it is held for one
 * snapshot or change alone.
 */
export class Sharing {
  readonly #texts = new Map<string, string>();
  readonly #parts = new Map<string, unknown>();

  /** The same record. */
  of(record: AnyRecord): AnyRecord {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each member is as it was
    return this.#named(record) as AnyRecord;
  }

  /** A record or rule: parts of it may be those of others too. */
  #named(whole: object): object {
    return Object.fromEntries(
      Object.entries(whole).map(([key, value]: [string, unknown]) => [key, this.#member(value)]),
    );
  }

  #member(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (!Array.isArray(value)) return this.#part(value);
    const items = (value as readonly unknown[]).map((item) =>
      typeof item === 'object' && item !== null && 'id' in item ? this.#named(item) : this.#member(item),
    );
    return items.every((item) => typeof item === 'string') ? this.#part(items) : items;
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  #part(part: object): unknown {
    const key = JSON.stringify(part);
    if (!this.#parts.has(key)) this.#parts.set(key, part);
    return this.#parts.get(key);
  }
}
