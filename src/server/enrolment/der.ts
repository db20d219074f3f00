/** Bytes of DER (X.690), ready to be put into others. */
export type Der = Uint8Array;

/** Tags of the universal class that certificates use (X.680 8.4). */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The whole of some pieces. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Text as bytes, one for each character: for ASCII alone. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A SEQUENCE of these. */
export function sequence(...items: readonly Der[]): Der {
  return tagged(TAG.sequence, ...items);
}

/** A SET of one: DER orders more than one, which nothing here needs. */
export function setOf(item: Der): Der {
  return tagged(TAG.set, item);
}

/** TRUE. FALSE is the default wherever certificates have it, and DER leaves defaults out. */
export const TRUE: Der = tagged(TAG.boolean, Uint8Array.of(0xff));

/** A whole number that is not negative, from its bytes, most significant first. */
export function integer(bytes: Uint8Array): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  // A leading bit would make it negative.
  return (digits[0] ?? 0) < 0x80 ? tagged(TAG.integer, digits) : tagged(TAG.integer, Uint8Array.of(0), digits);
}

/** An OBJECT IDENTIFIER from its numbers, as `1.2.840.10045.4.3.2`. */
export function objectIdentifier(text: string): Der {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return tagged(TAG.objectIdentifier, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** Bits that fill their bytes. */
export function bitString(bytes: Uint8Array): Der {
  return tagged(TAG.bitString, Uint8Array.of(0), bytes);
}

/** Bits by number, the first is 0, of at most eight; DER leaves out zeros at the end (X.690 11.2.2). */
export function namedBits(bits: readonly number[]): Der {
  const last = Math.max(...bits);
  const byte = bits.reduce((sum, bit) => sum + 2 ** (7 - bit), 0);
  return tagged(TAG.bitString, Uint8Array.of(7 - last, byte));
}

/** An OCTET STRING. */
export function octetString(bytes: Uint8Array): Der {
  return tagged(TAG.octetString, bytes);
}

/** A UTF8String of ASCII. */
export function utf8String(text: string): Der {
  return tagged(TAG.utf8String, ascii(text));
}

/** A time, in milliseconds since 1970, to the second: in two digits of a year until 2049, in four after (RFC 5280 4.1.2.5). */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d{3}/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? tagged(TAG.utcTime, ascii(digits.slice(2)))
    : tagged(TAG.generalizedTime, ascii(digits));
}

/** What has a context's own number and holds other values: `[0]`, explicit. */
export function explicit(number: number, ...items: readonly Der[]): Der {
  return tagged(0xa0 + number, ...items);
}

/** What has a context's own number instead of its tag: `[0]`, implicit, of a value that is not made of others. */
export function implicit(number: number, bytes: Uint8Array): Der {
  return tagged(0x80 + number, bytes);
}

function tagged(tag: number, ...contents: readonly Uint8Array[]): Der {
  const length = contents.reduce((sum, one) => sum + one.length, 0);
  return joined([Uint8Array.of(tag, ...lengthBytes(length)), ...contents]);
}

/** Short up to 127, else as few bytes as it takes (X.690 10.1). */
function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}

function base128(number: number): readonly number[] {
  const digits = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(128 + (rest % 128));
  return digits;
}
