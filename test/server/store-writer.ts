// A process that commits as fast as it can and says what was acknowledged, until it is killed. Arguments: the file, the name of the run.
import { writeSync } from 'node:fs';
import { SqliteStore } from '../../src/server/store/sqlite.ts';
import type { Transaction } from '../../src/server/store/store.ts';

const [path = '', run = ''] = process.argv.slice(2);
const opened = SqliteStore.open(path);
if (!opened.ok) throw new Error(opened.error.message);
const store = opened.value;
const snapshot = await store.snapshot();
if (!snapshot.ok) throw new Error(snapshot.error.message);
let { revision } = snapshot.value;
// Two keys a transaction, so that half of one can be told; several transactions a commit, as the server groups them.
for (let number = 0; ; number += 1) {
  const batch = Array.from({ length: (number % 4) + 1 }, (_, at): Transaction => {
    const value = `${run}.${number}.${at}`;
    return [
      { key: `left/${value}`, value },
      { key: `right/${value}`, value: value.repeat(50) },
    ];
  });
  const done = await store.commit(revision, batch);
  if (!done.ok) throw new Error(done.error.message);
  revision = done.value;
  // By system call: what is said is said before the next commit begins.
  writeSync(1, batch.map(([first]) => `${first?.value ?? ''}\n`).join(''));
}
