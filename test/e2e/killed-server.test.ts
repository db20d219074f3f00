// Nothing acknowledged is ever lost: the server is killed with SIGKILL in the middle of concurrent writes, again and again.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { type Server, startServer } from './server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'crenel-killed-'));
after(() => rmSync(folder, { recursive: true }));

const KILLS = 50;
const CLIENTS = 8;

async function call({ url }: Server, form: string): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `Version=2016-11-15&${form}`,
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text;
}

/** Makes and tags prefix lists until the server is gone; gives what was acknowledged: ids with the tag that they must have. */
async function write(server: Server, name: string): Promise<ReadonlyMap<string, string>> {
  const acknowledged = new Map<string, string>();
  for (let number = 0; number < 10_000; number += 1) {
    try {
      const list = `PrefixListName=${name}-${number}&MaxEntries=1&AddressFamily=IPv4`;
      const id = /<prefixListId>(.*?)</.exec(await call(server, `Action=CreateManagedPrefixList&${list}`))?.[1] ?? '';
      acknowledged.set(id, '');
      await call(server, `Action=CreateTags&ResourceId.1=${id}&Tag.1.Key=k&Tag.1.Value=${name}-${number}`);
      acknowledged.set(id, `${name}-${number}`);
      // The realm has a quota: what was made before the last two goes again, acknowledged too.
      if (acknowledged.size > 2) {
        const [oldest = ''] = acknowledged.keys();
        acknowledged.delete(oldest);
        await call(server, `Action=DeleteManagedPrefixList&PrefixListId=${oldest}`);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return acknowledged;
    }
  }
  return acknowledged;
}

test(
  `${KILLS} times SIGKILL in the middle of concurrent writes loses nothing that was acknowledged`,
  { timeout: 300_000 },
  async () => {
    const random = new Random(7);
    let written = 0;
    let server = await startServer('--anonymous', '--data', folder);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const running = server;
      const clients = Array.from({ length: CLIENTS }, async (_, at) => await write(running, `run${kill}-${at}`));
      setTimeout(() => running.child.kill('SIGKILL'), random.between(15, 120));
      const acknowledged = new Map((await Promise.all(clients)).flatMap((one) => [...one]));
      server = await startServer('--anonymous', '--data', folder);
      const found = await call(
        server,
        'Action=DescribeManagedPrefixLists&Filter.1.Name=owner-id&Filter.1.Value.1=111122223333',
      );
      const items = found.split('<item><prefixListId>').slice(1);
      const tags = new Map(
        items.map((item) => [item.slice(0, item.indexOf('<')), /<value>(.*?)</.exec(item)?.[1] ?? '']),
      );
      for (const [id, tag] of acknowledged) {
        assert.ok(tags.has(id), `kill ${kill}: ${id} was acknowledged and is gone`);
        // A tag whose answer never came may be there all the same.
        if (tag !== '') assert.equal(tags.get(id), tag, `kill ${kill}: the tag of ${id}`);
      }
      written += acknowledged.size;
      for (const id of tags.keys()) await call(server, `Action=DeleteManagedPrefixList&PrefixListId=${id}`);
    }
    await server.stop();
    assert.ok(written > KILLS, `only ${written} acknowledged`);
  },
);
