import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Admission, type Place } from './admission.ts';

test('never more run or wait than may, whoever leaves when; all places come back', async () => {
  const steps = fc.array(fc.oneof(fc.constant('enter' as const), fc.nat(20)), { maxLength: 60 });
  const sizes = fc.integer({ min: 1, max: 4 });
  await fc.assert(
    fc.asyncProperty(sizes, sizes, steps, async (running, waiting, acts) => {
      const admission = new Admission({ running, waiting, heldBytes: 1 });
      const inside: { readonly place: Place; isRunning: boolean }[] = [];
      for (const act of acts) {
        if (act === 'enter') {
          const wasFull = admission.running === running && admission.waiting === waiting;
          const place = admission.enter();
          assert.equal(place === undefined, wasFull);
          if (place === undefined) continue;
          const one = { place, isRunning: place.turn === undefined };
          void place.turn?.then(() => (one.isRunning = true));
          inside.push(one);
        } else
          for (const { place } of inside.splice(act % (inside.length + 1), 1)) {
            place.leave();
            place.leave();
          }
        await Promise.resolve();
        assert.equal(admission.running, inside.filter((one) => one.isRunning).length);
        assert.equal(admission.waiting, inside.filter((one) => !one.isRunning).length);
        assert.ok(admission.running <= running && admission.waiting <= waiting);
        assert.ok(admission.waiting === 0 || admission.running === running, 'nobody waits beside a free place');
      }
    }),
  );
});

test('turns come in the order of arrival', async () => {
  const admission = new Admission({ running: 1, waiting: 3, heldBytes: 1 });
  const places = [1, 2, 3].map(() => admission.enter());
  const order: number[] = [];
  const all = places.map(async (place, index) => {
    await place?.turn;
    order.push(index);
    place?.leave();
  });
  await Promise.all(all);
  assert.deepEqual(order, [0, 1, 2]);
});

test('bytes are counted in and out', () => {
  const admission = new Admission({ running: 1, waiting: 1, heldBytes: 10 });
  admission.hold(7);
  assert.deepEqual([admission.fits(3), admission.fits(4)], [true, false]);
  admission.hold(-7);
  assert.equal(admission.heldBytes, 0);
});
