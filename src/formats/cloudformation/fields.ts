import type { Instance, JsonObject } from '../terraform/plan-json.ts';
import { truthOf } from './functions.ts';
import { propertyName } from './property-names.ts';
import { isList, isProperties, Marker, Opaque, property, textOf, UNKNOWN, type Value } from './value.ts';

/** Attributes of a resource as the readers of Terraform's resources take them. */
export type Fields = { readonly [name: string]: Value | undefined };

/** What a property of CloudFormation becomes: its path, `?` before it for a truth value, `#` for what must be known to mean something, `[]` behind it for a list. */
export type Naming = { readonly [field: string]: string };

/** A property by its path; what lies inside of something unknown is unknown. */
export function at(properties: Value, path: string): Value | undefined {
  let value: Value | undefined = properties;
  for (const name of path.split('.')) {
    if (value === UNKNOWN || value instanceof Opaque) return UNKNOWN;
    value = property(value, name);
    if (value === undefined || value === null) return undefined;
  }
  return value;
}

/** A truth value, which templates also write as text; undefined where it is not there. */
export function flagAt(properties: Value, path: string): Value | undefined {
  const value = at(properties, path);
  return value === undefined ? undefined : (truthOf(value) ?? UNKNOWN);
}

/** A list; one value alone stands for a list of it. What is not known to be a list is unknown as a whole. */
export function listAt(properties: Value, path: string): readonly Value[] | Marker | undefined {
  const value = at(properties, path);
  if (value === undefined || isList(value)) return value;
  return value === UNKNOWN || value instanceof Opaque ? UNKNOWN : [value];
}

/** Fields by a table of names. */
export function fieldsBy(properties: Value, naming: Naming): Fields {
  return Object.fromEntries(
    Object.entries(naming).map(([field, path]) => {
      if (path.startsWith('?')) return [field, flagAt(properties, path.slice(1))];
      if (path.startsWith('#')) return [field, known(at(properties, path.slice(1)))];
      return [field, path.endsWith('[]') ? listAt(properties, path.slice(0, -2)) : at(properties, path)];
    }),
  );
}

/** A block, as a list of one; unknown where it is not known whether it is there. */
export function blockAt(properties: Value, path: string, naming: Naming): Value | undefined {
  const value = at(properties, path);
  if (value === undefined) return undefined;
  return isProperties(value) ? [definedOf(fieldsBy(value, naming))] : UNKNOWN;
}

/** A value as it is; what only stands for one is not known. */
export function known(value: Value | undefined): Value | undefined {
  return value instanceof Opaque ? UNKNOWN : value;
}

/** Members that are there. */
export function definedOf(fields: Fields): { readonly [name: string]: Value } {
  const defined: { [name: string]: Value } = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) defined[name] = value;
  return defined;
}

/** Tags of a list of keys and values. */
export function tagsOf(properties: Value): Value | undefined {
  const list = listAt(properties, 'Tags');
  if (!isList(list)) return undefined;
  return Object.fromEntries(
    list.flatMap((tag) => {
      const [key, value] = [textOf(property(tag, 'Key')), textOf(property(tag, 'Value'))];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** An instance of a resource with an id, as a plan that makes it would have it. */
export function instanceOf(id: string, type: string, fields: Fields): Instance {
  const { value, unknown } = parted(definedOf({ ...fields, id }));
  return {
    address: id,
    moduleAddress: '',
    type,
    name: id,
    key: undefined,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object parts into two of the same members
    values: value as JsonObject,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same
    unknown: unknown as JsonObject,
    isNew: true,
    wordOf: (attribute) => propertyName(type, attribute),
  };
}

/** A value in two: what is known, and marks of the same shape for what is not. */
function parted(value: Value): { readonly value: unknown; readonly unknown: unknown } {
  if (value instanceof Marker) return { value: null, unknown: value === UNKNOWN };
  if (value instanceof Opaque) return { value: value.text, unknown: false };
  if (isList(value)) {
    const parts = value.map(parted);
    return { value: parts.map((one) => one.value), unknown: parts.map((one) => one.unknown) };
  }
  if (!isProperties(value)) return { value, unknown: false };
  const parts = Object.entries(value).map(([name, one]) => [name, parted(one)] as const);
  return {
    value: Object.fromEntries(parts.map(([name, one]) => [name, one.value])),
    unknown: Object.fromEntries(parts.map(([name, one]) => [name, one.unknown])),
  };
}
