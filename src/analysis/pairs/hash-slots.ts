/** A larger copy: at least so long, and twice as long as it was. */
export function grown(words: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(least, words.length * 2));
  larger.set(words);
  return larger;
}

/** The slots of an open table in a table four times as large. Two words a slot: a number + 1 (0: free), and the hash of what it stands for. */
export function rehashed(old: Int32Array): Int32Array<ArrayBuffer> {
  const slots = new Int32Array(old.length * 4);
  const mask = slots.length / 2 - 1;
  for (let at = 0; at < old.length; at += 2) {
    if (old[at] === 0) continue;
    let slot = (old[at + 1] ?? 0) & mask;
    while (slots[slot * 2] !== 0) slot = (slot + 1) & mask;
    slots[slot * 2] = old[at] ?? 0;
    slots[slot * 2 + 1] = old[at + 1] ?? 0;
  }
  return slots;
}
