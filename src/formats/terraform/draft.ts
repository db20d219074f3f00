import { type Address, unknownAddress } from '../../core/net/address.ts';
import type { Cidr } from '../../core/net/cidr.ts';
import type { Kind, Records } from '../../core/model/records.ts';
import type { Finding } from '../describe.ts';

/** Numbers for addresses that are not known: the same owner gets the same one on both sides of a plan. */
export class Numbers {
  readonly #byKey = new Map<string, number>();

  /** An address of a prefix for an owner. */
  address(within: Cidr, owner: string): Address {
    const key = `${within.family} ${owner}`;
    let number = this.#byKey.get(key);
    if (number === undefined) {
      number = this.#byKey.size + 1;
      this.#byKey.set(key, number);
    }
    // More than there are numbers: never in a document that was read at all.
    return unknownAddress(within, number % 0x100_0000);
  }
}

/** A record in the making. */
export type Open<T> = { -readonly [K in keyof T]: T[K] };

/** The records of one side of a plan while its resources are read. */
export class WorldDraft {
  readonly records: { readonly [K in Kind]: Map<string, Open<Records[K]>> } = {
    vpcs: new Map(),
    subnets: new Map(),
    routeTables: new Map(),
    internetGateways: new Map(),
    egressOnlyGateways: new Map(),
    natGateways: new Map(),
    elasticAddresses: new Map(),
    peerings: new Map(),
    enis: new Map(),
    instances: new Map(),
    groups: new Map(),
    groupAssociations: new Map(),
    acls: new Map(),
    prefixLists: new Map(),
  };
  readonly numbers: Numbers;
  readonly missing: Set<Kind> = new Set();
  readonly #notes = new Map<string, { readonly finding: Finding['severity']; readonly subjects: Set<string> }>();

  constructor(numbers: Numbers) {
    this.numbers = numbers;
  }

  /** Puts a record; one of the same id that stands there is replaced. */
  put<K extends Kind>(kind: K, record: Records[K]): Open<Records[K]> {
    const map = this.records[kind] as Map<string, Open<Records[K]>>;
    const kept = { ...record };
    map.set(record.id, kept);
    return kept;
  }

  get<K extends Kind>(kind: K, id: string | undefined): Open<Records[K]> | undefined {
    return id === undefined ? undefined : (this.records[kind] as Map<string, Open<Records[K]>>).get(id);
  }

  drop(kind: Kind, id: string): void {
    this.records[kind].delete(id);
  }

  /** Tells a person something about subjects, which stand for `%`; the same words for several are said once, so they are to fit one and many. */
  note(severity: Finding['severity'], words: string, subject: string): void {
    const known = this.#notes.get(words);
    if (known === undefined) this.#notes.set(words, { finding: severity, subjects: new Set([subject]) });
    else known.subjects.add(subject);
  }

  get findings(): readonly Finding[] {
    return [...this.#notes].map(([words, { finding, subjects }]) => {
      const all = [...subjects];
      const shown = all.slice(0, 3).join(', ');
      const more = all.length > 3 ? ` and ${all.length - 3} more` : '';
      return { severity: finding, message: words.replace('%', `${shown}${more}`) };
    });
  }
}
