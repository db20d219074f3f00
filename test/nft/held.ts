// What can be reached from a thing, counted.

/** Objects, lists and maps; places in them; and letters of different texts. */
export type Held = { readonly objects: number; readonly places: number; readonly letters: number };

/** What can be reached from a thing, without what can be reached from others. */
export function heldBy(thing: unknown, ...others: readonly unknown[]): Held {
  const seen = new Set<unknown>();
  walk(others, seen);
  return walk([thing], seen);
}

function walk(from: readonly unknown[], seen: Set<unknown>): Held {
  let [objects, places, letters] = [0, 0, 0];
  const left: unknown[] = [...from];
  for (let one = left.pop(); left.length > 0 || one !== undefined; one = left.pop()) {
    if (typeof one === 'function' || (typeof one !== 'string' && (typeof one !== 'object' || one === null))) continue;
    if (seen.has(one)) continue;
    seen.add(one);
    if (typeof one === 'string') {
      letters += one.length;
      continue;
    }
    objects += 1;
    if (ArrayBuffer.isView(one)) continue;
    const inside = isCollection(one) ? [...one.keys(), ...one.values()] : membersOf(one);
    places += inside.length;
    for (const value of inside) left.push(value);
  }
  return { objects, places, letters };
}

/** What stands in an object; what it would make when asked is not held. */
function membersOf(one: object): readonly unknown[] {
  return Reflect.ownKeys(one).flatMap((key) => {
    const found: TypedPropertyDescriptor<unknown> = Object.getOwnPropertyDescriptor(one, key) ?? {};
    return 'value' in found ? [found.value] : [];
  });
}

function isCollection(one: unknown): one is ReadonlyMap<unknown, unknown> {
  return one instanceof Map || one instanceof Set;
}
