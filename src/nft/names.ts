/**
 * The name of a kernel object that stands for a record. Ids of the usual form stand in it as they are, so that people can read a listing;
 * whatever else a document calls a record is hashed: no text of a user reaches nft.
 */
export function nameOf(id: string, part: string): string {
  return `${/^[a-z]{2,8}-[0-9a-f]{4,40}$/u.test(id) ? id : `x-${hashText(id)}`}.${part}`;
}

/** 64 bits of a text as 16 hexadecimal digits, by FNV-1a over two lanes. Equal texts have equal hashes; callers refuse a collision. */
export function hashText(text: string): string {
  let [low, high] = [0x811c_9dc5, 0x4f1b_bcdd];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x0100_0193);
    high = Math.imul(high ^ (code + at), 0x0100_0193) ^ (low >>> 15);
  }
  return [low, high].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
