import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Result } from '../../src/core/net/result.ts';
import type { FileFault } from '../../src/formats/written-yaml.ts';
import { checks } from '../property/checks.ts';

/** Damages a file in up to `most` places, many times: each is read, and what was read looked at, or refused with its place. Both must happen. */
export function readsDamaged<T>(
  good: string,
  {
    most,
    read,
    look,
  }: {
    readonly most: number;
    readonly read: (text: string) => Result<T, FileFault>;
    readonly look: (value: T) => void;
  },
): void {
  const seen = { read: 0, refused: 0 };
  const cut = fc.tuple(
    fc.nat(good.length),
    fc.nat(6),
    fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('*a', '&a', '{', '- ', '\n', '"', '!!map', '? ', '<<: ')),
  );
  fc.assert(
    fc.property(fc.array(cut, { maxLength: most }), (cuts) => {
      const text = cuts.reduce((was, [at, length, put]) => was.slice(0, at) + put + was.slice(at + length), good);
      const done = read(text);
      seen[done.ok ? 'read' : 'refused'] += 1;
      if (done.ok) look(done.value);
      else assert.ok(done.error.line >= 1 && done.error.column >= 1 && done.error.message !== '');
    }),
    { numRuns: checks(2000) },
  );
  assert.ok(seen.read > 10 && seen.refused > 10, JSON.stringify(seen));
}
