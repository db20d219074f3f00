/** Stands for something that is no value. */
export class Marker {
  readonly meaning: string;

  constructor(meaning: string) {
    this.meaning = meaning;
  }
}

/** Stands for a value that the template does not tell. */
export const UNKNOWN: Marker = new Marker('unknown');
/** Stands for a property that is not there: `AWS::NoValue`. */
export const NO_VALUE: Marker = new Marker('not there');

/** A value that is the same wherever it stands but not in the template: a parameter without a default, an import, an output of another stack. */
export class Opaque {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** What stands for it where an id does. */
  get text(): string {
    return `{${this.name}}`;
  }
}

/** What an expression of a template comes to. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Opaque
  | Marker
  | readonly Value[]
  | { readonly [name: string]: Value };

/** Properties by name; those that are not there are missing. */
export type Properties = { readonly [name: string]: Value };

/** Whether a value is an object with members. */
export function isProperties(value: Value | undefined): value is Properties {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Opaque || value instanceof Marker);
}

/** Whether a value is a list. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** A text, also one that is written as a number or a truth value; undefined for anything else. */
export function textOf(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A member of an object that is its own. */
export function property(value: Value | undefined, name: string): Value | undefined {
  return isProperties(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Whether two values are the same; undefined where that depends on what is not known. */
export function sameValue(a: Value, b: Value): boolean | undefined {
  if (a instanceof Opaque && b instanceof Opaque && a.name === b.name) return true;
  if (a === UNKNOWN || b === UNKNOWN || a instanceof Opaque || b instanceof Opaque) return undefined;
  const [one, other] = [textOf(a), textOf(b)];
  if (one !== undefined && other !== undefined) return one === other;
  return JSON.stringify(a) === JSON.stringify(b);
}
