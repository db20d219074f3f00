import { fail, ok, type Result } from '../../core/net/result.ts';
import { MAX_VALUE_BYTES, type Transaction, utf8Length, type Write } from '../store/store.ts';
import type { Realm } from './env.ts';
import { type Estate, type EstateKind, estateOf, type EstateRecord, isEstateKind, stepsBetween } from './estate.ts';

/** How records stand in a store: `<account>/<region>/<kind>/<id>` → the record as JSON. */
export function writesBetween(realm: Realm, before: Estate, after: Estate): Transaction {
  return stepsBetween(before, after).map(({ kind, id, to }): Write => ({
    key: `${realmKey(realm)}/${kind}/${id}`,
    value: to === undefined ? undefined : JSON.stringify(to),
  }));
}

/** The id of the first record that no store takes for its size, or undefined. */
export function oversized(writes: Transaction): string | undefined {
  const found = writes.find(
    ({ value = '' }) => value.length * 3 > MAX_VALUE_BYTES && utf8Length(value) > MAX_VALUE_BYTES,
  );
  return found?.key.split('/').slice(3).join('/');
}

/** The name of a realm in keys. */
export function realmKey({ accountId, region }: Realm): string {
  return `${accountId}/${region}`;
}

/** The realm of such a name. */
export function realmOf(key: string): Realm {
  const [accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}

/** Estates by realm key, from what a store holds. Fails on what no Crenel of this format wrote, and says where. */
export function estatesOf(
  entries: Iterable<readonly [key: string, value: string]>,
  revision: number,
): Result<ReadonlyMap<string, Estate>> {
  const lists = new Map<string, { [K in EstateKind]?: EstateRecord[] }>();
  for (const [key, value] of entries) {
    const [accountId = '', region = '', kind = '', ...id] = key.split('/');
    const record = isEstateKind(kind) ? parseRecord(value) : undefined;
    if (record?.id !== id.join('/') || !isEstateKind(kind))
      return fail(`the store holds no record of Crenel under the key '${key}'`);
    const realm = realmKey({ accountId, region });
    const ofRealm = lists.get(realm) ?? {};
    lists.set(realm, ofRealm);
    (ofRealm[kind] ??= []).push(record);
  }
  const estates = [...lists].map(([realm, own]): [string, Estate] => [realm, estateOf(own, revision)]);
  return ok(new Map(estates));
}

function parseRecord(text: string): EstateRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- records of this format are what `writesBetween` wrote
    return typeof value === 'object' && value !== null && 'id' in value ? (value as EstateRecord) : undefined;
  } catch {
    return undefined;
  }
}
