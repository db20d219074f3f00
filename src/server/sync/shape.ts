import { fail, ok, type Result } from '../../core/net/result.ts';

/** What a value from outside must look like to be taken for a `T`: says what is wrong and where, or nothing. */
export type Shape<T> = {
  readonly faultOf: (value: unknown, place: string) => string | undefined;
  /** Never there: it ties the shape to its type. */
  readonly of?: T;
};

/** A member that may be absent. */
type Optional<T> = { readonly optional: Shape<T> };

/** The shapes of all members of an object; those that its type lets be absent are marked `optional`. */
export type Members<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Shape<T[K]>;
};

type JsonObject = { readonly [name: string]: unknown };

/** The value as a `T`, when it has that shape exactly. The fault names the place, never the value. */
export function conform<T>(shape: Shape<T>, value: unknown, place: string): Result<T> {
  const fault = shape.faultOf(value, place);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape has just been found to fit
  return fault === undefined ? ok(value as T) : fail(fault);
}

/** Whether a value is an object with named members. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Marks a member that may be absent. */
export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape };
}

/** An object with these members and no others: both ends speak one version, so a stranger is a mistake. */
export function object<T>(members: Members<T>): Shape<T> {
  const entries = Object.entries<Shape<unknown> | Optional<unknown>>(members);
  const known = new Set(entries.map(([key]) => key));
  return {
    faultOf: (value, place) => {
      if (!isObject(value)) return `${place} must be an object`;
      for (const [key, member] of entries) {
        const isOptional = 'optional' in member;
        if (isOptional && !Object.hasOwn(value, key)) continue;
        const shape = isOptional ? member.optional : member;
        const fault = shape.faultOf(Object.hasOwn(value, key) ? value[key] : undefined, `${place}.${key}`);
        if (fault !== undefined) return fault;
      }
      return Object.keys(value).every((key) => known.has(key)) ? undefined : `${place} has a member that is not known`;
    },
  };
}

/** A list of at most so many. */
export function list<T>(shape: Shape<T>, most: number): Shape<readonly T[]> {
  return {
    faultOf: (value, place) => {
      if (!Array.isArray(value) || value.length > most) return `${place} must be a list of at most ${most}`;
      for (const [index, one] of (value as readonly unknown[]).entries()) {
        const fault = shape.faultOf(one, `${place}[${index}]`);
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
  };
}

/** An object that maps names to values, at most so many. */
export function mapOf<T>(shape: Shape<T>, most: number): Shape<Readonly<Record<string, T>>> {
  return {
    faultOf: (value, place) => {
      if (!isObject(value)) return `${place} must be an object`;
      const entries = Object.entries(value);
      if (entries.length > most) return `${place} has more than ${most} members`;
      for (const [key, one] of entries) {
        if (!/^[\x21-\x7e]{1,128}$/.test(key) || key === '__proto__') return `${place} has a name that is none`;
        const fault = shape.faultOf(one, `${place}.…`);
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
  };
}

/** Text of at most so many characters. */
export function text(most: number): Shape<string> {
  return {
    faultOf: (value, place) =>
      typeof value === 'string' && value.length <= most ? undefined : `${place} must be text of at most ${most}`,
  };
}

/** Text that names something: 1 to 128 visible characters of ASCII. */
export function named<T extends string = string>(): Shape<T> {
  return {
    faultOf: (value, place) =>
      typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value) ? undefined : `${place} must be a name`,
  };
}

/** One of these words. */
export function word<T extends string>(words: readonly T[]): Shape<T> {
  return {
    faultOf: (value, place) =>
      words.some((one) => one === value) ? undefined : `${place} must be ${words.join(' or ')}`,
  };
}

/** A whole number, both ends included. */
export function integer(from: number, to: number): Shape<number> {
  return {
    faultOf: (value, place) =>
      typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to && !Object.is(value, -0)
        ? undefined
        : `${place} must be a whole number from ${from} to ${to}`,
  };
}

/** True or false. */
export const FLAG: Shape<boolean> = {
  faultOf: (value, place) => (typeof value === 'boolean' ? undefined : `${place} must be true or false`),
};

/** Whichever of the shapes the word under `key` says. */
export function variant<T>(key: string, shapes: { readonly [word: string]: Shape<T> }): Shape<T> {
  return {
    faultOf: (value, place) => {
      const said = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
      const shape = typeof said === 'string' && Object.hasOwn(shapes, said) ? shapes[said] : undefined;
      return shape === undefined
        ? `${place}.${key} must be ${Object.keys(shapes).join(' or ')}`
        : shape.faultOf(value, place);
    },
  };
}

/** Any of the shapes: the first one's fault is told. */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return {
    faultOf: (value, place) => (second.faultOf(value, place) === undefined ? undefined : first.faultOf(value, place)),
  };
}

/** A shape and what must hold beyond it. */
export function holding<T>(shape: Shape<T>, holds: (value: T) => boolean, what: string): Shape<T> {
  return {
    faultOf: (value, place) => {
      const read = conform(shape, value, place);
      if (!read.ok) return read.error;
      return holds(read.value) ? undefined : `${place} ${what}`;
    },
  };
}
