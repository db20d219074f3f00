import { MAX_KEY_BYTES, MAX_VALUE_BYTES, type StoreFault, type Transaction, utf8Length } from './store.ts';

/** Why no store takes a transaction, or undefined when all do. */
export function transactionFault(transaction: Transaction): StoreFault | undefined {
  const keys = new Set<string>();
  for (const { key, value = '' } of transaction) {
    if (key === '' || !key.isWellFormed() || utf8Length(key) > MAX_KEY_BYTES)
      return refused(`a key must be well-formed text of 1 to ${MAX_KEY_BYTES} bytes`);
    if (keys.has(key)) return refused(`the key '${key}' stands twice in one transaction`);
    keys.add(key);
    if (!value.isWellFormed() || utf8Length(value) > MAX_VALUE_BYTES)
      return refused(`the value of '${key}' must be well-formed text of at most ${MAX_VALUE_BYTES} bytes`);
  }
  return undefined;
}

function refused(message: string): StoreFault {
  return { kind: 'refused', message };
}
