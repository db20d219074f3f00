import type { Transaction, Write } from './store.ts';

/** A transaction as text for a log: pairs of key and value, null where the key went. */
export function encodeWrites(writes: Transaction): string {
  return JSON.stringify(writes.map(({ key, value = null }) => [key, value]));
}

/** The inverse of `encodeWrites`. */
export function decodeWrites(text: string): Transaction {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the log holds what `encodeWrites` wrote
  const pairs = JSON.parse(text) as readonly (readonly [string, string | null])[];
  return pairs.map(([key, value]): Write => ({ key, value: value ?? undefined }));
}
