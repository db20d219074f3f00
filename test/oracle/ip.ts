// Addresses of the oracle: text and big integers, nothing of the engine's.

/** An address: its family and its value. */
export type Ip = { readonly bits: 32 | 128; readonly value: bigint };

/** A prefix. */
export type Block = { readonly ip: Ip; readonly length: number };

/** Reads an address; the texts of cases are well formed. */
export function ip(text: string): Ip {
  if (!text.includes(':')) {
    const value = text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    return { bits: 32, value };
  }
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0');
  const value = [...left, ...zeros, ...right].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
  return { bits: 128, value };
}

/** Reads `address/length`. */
export function block(text: string): Block {
  const [address = '', length = ''] = text.split('/');
  return { ip: ip(address), length: Number(length) };
}

/** Whether two addresses are one. */
export function same(a: Ip, b: Ip): boolean {
  return a.bits === b.bits && a.value === b.value;
}

/** Whether the prefix holds the address. */
export function within(outer: Block, address: Ip): boolean {
  if (outer.ip.bits !== address.bits) return false;
  const shift = BigInt(address.bits - outer.length);
  return outer.ip.value >> shift === address.value >> shift;
}

/** The address so many further on. */
export function plus(address: Ip, offset: number): Ip {
  return { bits: address.bits, value: address.value + BigInt(offset) };
}
