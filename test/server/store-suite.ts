// What every store must do, asked of each.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { expectOk, type Result } from '../../src/core/net/result.ts';
import {
  type Committed,
  MAX_VALUE_BYTES,
  type Store,
  type StoreFault,
  type Transaction,
} from '../../src/server/store/store.ts';

function put(key: string, value: string | undefined): Transaction {
  return [{ key, value }];
}

async function entriesOf(store: Store): Promise<ReadonlyMap<string, string>> {
  return new Map(expectOk(await store.snapshot()).entries);
}

async function revisionOf(store: Store): Promise<number> {
  return expectOk(await store.snapshot()).revision;
}

function faultOf(result: Result<unknown, StoreFault>): StoreFault['kind'] | undefined {
  return result.ok ? undefined : result.error.kind;
}

/** Watches until so many events came; hangs forever if they do not, which the runner tells. */
async function watched(store: Store, since: number, count: number): Promise<readonly Result<Committed, StoreFault>[]> {
  const events: Result<Committed, StoreFault>[] = [];
  await new Promise<void>((resolve) => {
    const watch = store.watch(since, (event) => {
      events.push(event);
      if (events.length < count) return;
      watch.stop();
      resolve();
    });
  });
  return events;
}

/** Runs the suite over stores that begin empty. */
export function storeSuite(name: string, make: () => Promise<Store>): void {
  describe(`${name}: what every store does`, () => {
    test('commits apply in order, each at a revision of its own', async () => {
      const store = await make();
      assert.equal(expectOk(await store.commit(0, [put('a', '1'), [...put('a', '2'), ...put('b', 'x')]])), 2);
      assert.deepEqual(
        await entriesOf(store),
        new Map([
          ['a', '2'],
          ['b', 'x'],
        ]),
      );
      assert.equal(expectOk(await store.commit(2, [put('a', undefined)])), 3);
      assert.deepEqual(await entriesOf(store), new Map([['b', 'x']]));
      assert.equal(await revisionOf(store), 3);
      await store.close();
    });

    test('a base that is not the newest revision changes nothing', async () => {
      const store = await make();
      expectOk(await store.commit(0, [put('a', '1')]));
      for (const base of [0, 2]) assert.equal(faultOf(await store.commit(base, [put('a', '2')])), 'conflict');
      assert.deepEqual(await entriesOf(store), new Map([['a', '1']]));
      await store.close();
    });

    test('what no store takes refuses the whole commit', async () => {
      const store = await make();
      const bad: readonly Transaction[] = [
        put('', 'x'),
        put('k'.repeat(2000), 'x'),
        put('k', 'é'.repeat(MAX_VALUE_BYTES / 2 + 1)),
        put('k', '\ud800'),
        put('\udc00', 'x'),
        [...put('k', '1'), ...put('k', '2')],
      ];
      for (const transaction of bad)
        assert.equal(faultOf(await store.commit(0, [put('good', '1'), transaction])), 'refused');
      assert.equal(await revisionOf(store), 0);
      assert.deepEqual(await entriesOf(store), new Map());
      expectOk(await store.commit(0, [put('k', 'é'.repeat(MAX_VALUE_BYTES / 2))]));
      await store.close();
    });

    test('a watch gives each transaction once and in order, past and to come', async () => {
      const store = await make();
      expectOk(await store.commit(0, [put('a', '1'), put('b', '2')]));
      const coming = watched(store, 1, 3);
      expectOk(await store.commit(2, [put('c', '3')]));
      expectOk(await store.commit(3, [put('a', undefined)]));
      const events = (await coming).map((event) => expectOk(event));
      assert.deepEqual(events, [
        { revision: 2, writes: put('b', '2') },
        { revision: 3, writes: put('c', '3') },
        { revision: 4, writes: put('a', undefined) },
      ]);
      await store.close();
    });

    test('a watch that is stopped gives nothing more', async () => {
      const store = await make();
      const seen: number[] = [];
      const watch = store.watch(0, (event) => {
        seen.push(expectOk(event).revision);
        watch.stop();
      });
      expectOk(await store.commit(0, [put('a', '1'), put('a', '2')]));
      await watched(store, 0, 2);
      assert.deepEqual(seen, [1]);
      await store.close();
    });

    test('what was compacted cannot be watched; the keys stay', async () => {
      const store = await make();
      expectOk(await store.commit(0, [put('a', '1'), put('b', '2'), put('c', '3')]));
      expectOk(await store.compact(2));
      const [event] = await watched(store, 1, 1);
      assert.equal(event === undefined ? undefined : faultOf(event), 'compacted');
      assert.deepEqual(
        (await watched(store, 2, 1)).map((one) => expectOk(one).revision),
        [3],
      );
      assert.equal((await entriesOf(store)).size, 3);
      await store.close();
    });

    test('a closed store does nothing, and says so to watchers', async () => {
      const store = await make();
      const event = watched(store, 0, 1);
      await store.close();
      assert.deepEqual((await event).map(faultOf), ['closed']);
      assert.equal(faultOf(await store.commit(0, [put('a', '1')])), 'closed');
      assert.equal(faultOf(await store.snapshot()), 'closed');
      assert.equal(faultOf(await store.compact(1)), 'closed');
      await store.close();
    });

    test('any sequence of commits is what a map would hold, and the watch tells it again', async () => {
      const keys = fc.constantFrom('a', 'a/b', 'é', 'k%_');
      const writes = fc.uniqueArray(
        fc.record({ key: keys, value: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }) }),
        {
          selector: ({ key }) => key,
          minLength: 1,
        },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(writes, { maxLength: 3 }), { maxLength: 6 }), async (commits) => {
          const store = await make();
          const model = new Map<string, string>();
          let revision = 0;
          for (const transactions of commits) {
            for (const { key, value } of transactions.flat()) {
              if (value === undefined) model.delete(key);
              else model.set(key, value.toWellFormed());
            }
            const wellFormed = transactions.map((one) =>
              one.map(({ key, value }) => ({ key, value: value?.toWellFormed() })),
            );
            revision = expectOk(await store.commit(revision, wellFormed));
          }
          assert.deepEqual(await entriesOf(store), model);
          const told = revision === 0 ? [] : await watched(store, 0, revision);
          const replayed = new Map<string, string>();
          for (const { key, value } of told.flatMap((event) => expectOk(event).writes)) {
            if (value === undefined) replayed.delete(key);
            else replayed.set(key, value);
          }
          assert.deepEqual(replayed, model);
          await store.close();
        }),
        { numRuns: 40 },
      );
    });
  });
}
