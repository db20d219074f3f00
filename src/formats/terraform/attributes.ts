import type { Address } from '../../core/net/address.ts';
import { parseAddress } from '../../core/net/address.ts';
import { type Cidr, parseCidr } from '../../core/net/cidr.ts';
import type { Tags } from '../../core/model/tag.ts';
import { sortTags } from '../../core/model/tag.ts';
import { elements, type Instance, isObject, type JsonObject, member, textOf } from './plan-json.ts';
import type { Target } from './references.ts';

/** Ids that an attribute names. `isExact`: these and no others; else it may hold any part of them, and others. */
export type Ids = {
  readonly ids: readonly string[];
  readonly isExact: boolean;
  /** Of inexact ones: it holds no others than these. */
  readonly isComplete?: boolean;
};

/** Which of the references of an expression are meant: not attributes that `passes` matches; resources of types that `only` matches. */
export type Wanted = { readonly passes?: RegExp; readonly only?: RegExp };

/** Of attributes in blocks that share one expression, the types of resources that each can refer to. */
const REFERRED: Readonly<Record<string, RegExp>> = {
  gateway_id: /_(?:internet_gateway|vpn_gateway|vpc_endpoint)$/,
  nat_gateway_id: /_nat_gateway$/,
  egress_only_gateway_id: /_egress_only_internet_gateway$/,
  network_interface_id: /_(?:network_interface|instance)$/,
  vpc_peering_connection_id: /_vpc_peering_connection/,
  transit_gateway_id: /_transit_gateway$/,
  vpc_endpoint_id: /_vpc_endpoint$/,
  security_groups: /_security_group$/,
  prefix_list_ids: /_prefix_list$/,
};

/** What attributes need of the document around them. */
export type Surroundings = {
  /** What an expression of an instance is made of, as ids; what cannot be followed makes it inexact. */
  readonly idsOf: (instance: Instance, expression: unknown, options?: Wanted) => Ids;
  /** The same as the targets themselves. */
  readonly targetsOf: (
    instance: Instance,
    expression: unknown,
  ) => { readonly targets: readonly Target[]; readonly others: boolean };
};

/**
 * The attributes of a resource instance, or of a block in it. A value that is not known is not one that is not there: `null` in a plan means
 * either, and only what is marked unknown tells. A value of another type than expected counts as not known.
 */
export class Attributes {
  readonly instance: Instance;
  readonly expressions: unknown;
  readonly #values: JsonObject;
  readonly #unknown: unknown;
  readonly #around: Surroundings;
  /** The way to the block, for messages. */
  readonly #path: string;
  /** The one expression of all blocks of a name, where they have none of their own. */
  readonly #shared: unknown;

  constructor(
    instance: Instance,
    around: Surroundings,
    block: {
      readonly values: JsonObject;
      readonly unknown: unknown;
      readonly expressions: unknown;
      readonly path: string;
      readonly shared?: unknown;
    },
  ) {
    this.instance = instance;
    this.expressions = block.expressions;
    this.#values = block.values;
    this.#unknown = block.unknown;
    this.#around = around;
    this.#path = block.path;
    this.#shared = block.shared;
  }

  /** Names an attribute to a person. */
  label(name: string): string {
    return `${this.instance.address}.${this.#path}${this.#word(name)}`;
  }

  #word(name: string): string {
    return this.instance.wordOf?.(name) ?? name;
  }

  /** Whether the whole of an attribute is not known. */
  isUnknown(name: string): boolean {
    return member(this.#unknown, name) === true;
  }

  /** Whether any part of an attribute is not known. */
  hasUnknown(name: string): boolean {
    return hasTrue(member(this.#unknown, name));
  }

  /** Whether the configuration sets the attribute; undefined where there is no configuration. */
  isDeclared(name: string): boolean | undefined {
    return this.expressions === undefined ? undefined : member(this.expressions, name) !== undefined;
  }

  /** The value as it stands; undefined where it is null, absent or unknown. */
  raw(name: string): unknown {
    return member(this.#values, name);
  }

  /** A text; the empty one counts as none, as the provider writes it in blocks. */
  text(name: string): string | undefined {
    const text = textOf(this.raw(name));
    return text === '' ? undefined : text;
  }

  /** A number, also one that is written as a text. */
  number(name: string): number | undefined {
    const raw = this.raw(name);
    const number = typeof raw === 'string' && /^-?\d{1,10}$/.test(raw) ? Number(raw) : raw;
    return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
  }

  /** Three values: set, not set, not known. */
  flag(name: string): boolean | undefined {
    const raw = this.raw(name);
    if (typeof raw === 'boolean') return raw;
    return raw === undefined && !this.isUnknown(name) ? false : undefined;
  }

  cidr(name: string): Cidr | undefined {
    return cidrOfText(this.raw(name));
  }

  address(name: string): Address | undefined {
    const text = this.text(name);
    const parsed = text === undefined ? undefined : parseAddress(text);
    return parsed?.ok === true ? parsed.value : undefined;
  }

  /** Texts of a list or set, and whether that is all of it. */
  texts(name: string): { readonly texts: readonly string[]; readonly isAll: boolean } {
    const raw = this.raw(name);
    const texts = elements(raw).flatMap((one) => textOf(one) ?? []);
    return {
      texts,
      isAll: !this.hasUnknown(name) && (raw === undefined || (Array.isArray(raw) && texts.length === raw.length)),
    };
  }

  /** CIDRs of a list or set, and whether these are all. */
  cidrs(name: string): { readonly cidrs: readonly Cidr[]; readonly isAll: boolean } {
    const { texts, isAll } = this.texts(name);
    const cidrs = texts.flatMap((text) => cidrOfText(text) ?? []);
    return { cidrs, isAll: isAll && cidrs.length === texts.length };
  }

  /** The ids of an attribute that holds one, or a list of them. */
  ids(name: string): Ids {
    const raw = this.raw(name);
    const texts =
      typeof raw === 'string' ? (raw === '' ? [] : [raw]) : elements(raw).flatMap((one) => textOf(one) ?? []);
    if (!this.hasUnknown(name)) return { ids: texts, isExact: true };
    const found = this.#found(name);
    const ids = [...new Set([...texts, ...found.ids])];
    return { ids, isExact: found.isExact && found.ids.length > 0 };
  }

  #found(name: string): Ids {
    const only = REFERRED[name];
    if (this.#shared === undefined || only === undefined)
      return this.#around.idsOf(this.instance, member(this.expressions, name));
    const found = this.#around.idsOf(this.instance, this.#shared, { only });
    return { ids: found.ids, isExact: found.isExact && found.ids.length === 1, isComplete: found.isExact };
  }

  /** The one id of an attribute; a name for what is not known where it cannot be told; undefined where it has none. */
  id(name: string): string | undefined {
    const { ids, isExact } = this.ids(name);
    if (isExact && ids.length <= 1) return ids[0];
    return this.label(name);
  }

  /** What the expression of an attribute names, attribute and all. */
  targets(name: string): { readonly targets: readonly Target[]; readonly others: boolean } {
    return this.#around.targetsOf(this.instance, this.#shared ?? member(this.expressions, name));
  }

  /** The blocks of a name; undefined where it is not known which there are. */
  blocks(name: string): readonly Attributes[] | undefined {
    if (this.isUnknown(name)) return undefined;
    const raw = this.raw(name);
    const rows = isObject(raw) ? [raw] : elements(raw);
    if (raw !== undefined && !Array.isArray(raw) && !isObject(raw)) return undefined;
    const unknown = member(this.#unknown, name);
    const written = member(this.expressions, name);
    return rows.flatMap((values, at): readonly Attributes[] => {
      if (!isObject(values)) return [];
      const marks = elementOf(unknown, at);
      // Blocks stand one by one; blocks that are an attribute, as rules of a group are, stand in one expression.
      const expressions = elements(written).length === rows.length ? elements(written)[at] : undefined;
      const path = `${this.#path}${this.#word(name)}${rows.length > 1 ? `[${at}]` : ''}.`;
      const shared = isObject(written) ? { shared: written } : {};
      return [
        new Attributes(this.instance, this.#around, { values, unknown: marks ?? {}, expressions, path, ...shared }),
      ];
    });
  }

  /** The only block of a name, where there is one. */
  block(name: string): Attributes | undefined {
    return this.blocks(name)?.[0];
  }

  /** The ids that the blocks of a name refer to, taken together, but for attributes that `passes` matches: they are not told apart. */
  idsOfBlocks(name: string, passes: RegExp): Ids {
    return this.#around.idsOf(this.instance, member(this.expressions, name), { passes });
  }

  tags(): Tags {
    const raw = this.raw('tags_all') ?? this.raw('tags');
    if (!isObject(raw)) return [];
    return sortTags(Object.entries(raw).flatMap(([key, value]) => (typeof value === 'string' ? [{ key, value }] : [])));
  }
}

/** The mark of one element: marks of blocks stand in a list beside them. */
function elementOf(marks: unknown, at: number): unknown {
  return Array.isArray(marks) ? elements(marks)[at] : marks;
}

/** All attributes of an instance. */
export function attributesOf(instance: Instance, around: Surroundings, expressions: unknown): Attributes {
  return new Attributes(instance, around, {
    values: instance.values,
    unknown: instance.unknown,
    expressions,
    path: '',
  });
}

function cidrOfText(raw: unknown): Cidr | undefined {
  const parsed = typeof raw === 'string' ? parseCidr(raw) : undefined;
  return parsed?.ok === true ? parsed.value : undefined;
}

function hasTrue(mark: unknown, depth = 0): boolean {
  if (mark === true) return true;
  if (depth > 64) return true;
  if (Array.isArray(mark)) return mark.some((one) => hasTrue(one, depth + 1));
  return isObject(mark) && Object.values(mark).some((one) => hasTrue(one, depth + 1));
}
