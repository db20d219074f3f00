// Server and agent over real sockets: what is committed arrives, what breaks mends, and nobody sees or says what is not theirs.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Random } from '../../bench/random.ts';
import { endpointOf, post } from '../../src/agent/server-link.ts';
import { Receiver, type ReceiverSetup } from '../../src/agent/receive.ts';
import { Reporter } from '../../src/agent/report.ts';
import { expectOk, ok } from '../../src/core/net/result.ts';
import { asId } from '../../src/core/model/ids.ts';
import { listRecords } from '../../src/core/model/world.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Credentials } from '../../src/server/access/sign.ts';
import { Draft } from '../../src/server/control/draft.ts';
import { encodeLine } from '../../src/server/sync/codec.ts';
import type { ListedHost } from '../../src/server/native/host-list.ts';
import { heldEnis } from '../../src/server/sync/scope.ts';
import { until } from './listener.ts';
import { ADMIN, AGENT, hello, holding, REALM, testControl, testServer, type TestServer } from './sync-server.ts';
import { changeAtRandom, eni } from './sync-worlds.ts';

const PATIENCE = { first: 5, most: 20, silent: 30_000 };

type Seen = { view: HostView | undefined; epoch: string; marks: number; readonly troubles: string[] };

function receive(
  t: TestContext,
  url: string,
  more: Partial<ReceiverSetup> = {},
  credentials: Credentials = ADMIN,
): { readonly receiver: Receiver; readonly seen: Seen } {
  const seen: Seen = { view: undefined, epoch: '', marks: 0, troubles: [] };
  const receiver = new Receiver({
    link: { endpoint: expectOk(endpointOf(url)), region: REALM.region, credentials },
    host: 'host-1',
    mode: 'tap',
    holds: holding(['eni-1', 'eni-2'], ['i-1']),
    onView: (view, _change, epoch) => {
      Object.assign(seen, { view, epoch, marks: seen.marks + 1 });
    },
    onState: (trouble) => {
      if (trouble !== undefined) seen.troubles.push(trouble);
    },
    patience: PATIENCE,
    ...more,
  });
  receiver.start();
  t.after(async () => await receiver.stop());
  return { receiver, seen };
}

const plain = (view: HostView | undefined): unknown =>
  view === undefined
    ? undefined
    : {
        revision: view.revision,
        enis: [...listRecords(view.world, 'enis')].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        groups: [...listRecords(view.world, 'groups')].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        members: [...view.members].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      };

const isCurrent = (server: TestServer, seen: Seen, held = holding(['eni-1', 'eni-2'], ['i-1'])): boolean => {
  if (seen.view?.revision !== server.control.revision) return false;
  assert.deepEqual(plain(seen.view), plain(hostViewOf(server.world(), heldEnis(server.world(), held))));
  return true;
};

async function changeOften(server: TestServer, random: Random, count: number): Promise<void> {
  for (let step = 0; step < count; step += 1)
    await server.control.submit(REALM, (estate) => {
      const world = changeAtRandom(random, estate.world);
      return ok({ estate: { ...estate, world }, value: undefined });
    });
}

test('what is committed arrives, at its revision', async (t) => {
  const server = await testServer(t);
  const { seen } = receive(t, server.url);
  await until(() => isCurrent(server, seen));
  await changeOften(server, new Random(1), 150);
  await until(() => isCurrent(server, seen));
  assert.deepEqual(seen.troubles, []);
});

test('an interface that does not exist yet appears when it is created', async (t) => {
  const server = await testServer(t);
  const { seen } = receive(t, server.url, { holds: holding(['eni-1']) });
  await until(() => seen.marks === 1);
  assert.deepEqual([...listRecords(seen.view?.world ?? server.world(), 'enis')], []);
  const record = eni(new Random(1), 'eni-1', [asId('sg-1')]);
  const revision = await server.put('enis', record);
  await until(() => seen.view?.revision === revision);
  assert.deepEqual([...listRecords(seen.view?.world ?? server.world(), 'enis')], [record]);
});

test('a change of another realm moves the revision on and says nothing else', async (t) => {
  const server = await testServer(t);
  const { seen } = receive(t, server.url);
  await until(() => seen.marks === 1);
  const before = seen.view;
  await server.control.submit({ ...REALM, region: 'us-east-1' }, (estate) => {
    const draft = new Draft(estate);
    draft.put('enis', eni(new Random(1), 'eni-1', [asId('sg-1')]));
    return ok({ estate: draft.estate, value: undefined });
  });
  await until(() => seen.view?.revision === server.control.revision);
  assert.notEqual(seen.view?.revision, before?.revision);
  assert.deepEqual([...listRecords(seen.view?.world ?? server.world(), 'enis')], []);
});

test('an agent goes on after its connection broke, and after the server began anew', async (t) => {
  const control = await testControl();
  const first = await testServer(t, { control });
  const { seen } = receive(t, first.url);
  await until(() => isCurrent(first, seen));
  const [epoch] = [seen.epoch];
  await first.close();
  await changeOften(first, new Random(2), 20);
  const again = await testServer(t, { control, agents: first.agents, port: first.port });
  await until(() => isCurrent(again, seen));
  assert.equal(seen.epoch, epoch, 'the same run of the server');
  await again.close();
  await changeOften(first, new Random(3), 20);
  const anew = await testServer(t, { control, port: first.port });
  await until(() => isCurrent(anew, seen));
  assert.notEqual(seen.epoch, epoch);
  assert.ok(seen.troubles.length >= 2);
});

test('only what was missed is said to an agent that comes back to the same run', async (t) => {
  const server = await testServer(t);
  const { receiver, seen } = receive(t, server.url);
  await until(() => isCurrent(server, seen));
  await receiver.stop();
  const revision = seen.view?.revision ?? 0;
  await server.put('enis', eni(new Random(4), 'eni-1', [asId('sg-1')]));
  const linesFor = async (point: { readonly epoch: string; readonly revision: number }): Promise<string[]> => {
    const holds = holding(['eni-1', 'eni-2'], ['i-1']);
    return await firstLines(server, encodeLine(hello(holds, { resume: { ...point, holds } })));
  };
  const resumed = await linesFor({ epoch: seen.epoch, revision });
  assert.match(resumed[0] ?? '', /"from":"resume"/);
  assert.ok(resumed.some((line) => line.includes('"kind":"enis"')));
  assert.match((await linesFor({ epoch: 'another', revision }))[0] ?? '', /"from":"nothing"/);
  assert.match((await linesFor({ epoch: seen.epoch, revision: 10 ** 6 }))[0] ?? '', /"from":"nothing"/);
});

/** The lines of a stream up to its first mark. */
async function firstLines(server: TestServer, body: string): Promise<string[]> {
  const over = new AbortController();
  const link = { endpoint: new URL(server.url), region: REALM.region, credentials: ADMIN };
  const path = '/crenel/v1/agent/stream';
  const answer = expectOk(await post(link, { path, body }, { signal: over.signal, silentMs: 10_000 }));
  let text = '';
  answer.setEncoding('latin1');
  for await (const piece of answer as AsyncIterable<string>) {
    text += piece;
    if (/"mark".*\n/.test(text)) break;
  }
  over.abort();
  return text.split('\n');
}

test('an agent that holds other interfaces is told of those', async (t) => {
  const server = await testServer(t);
  await changeOften(server, new Random(5), 60);
  const { receiver, seen } = receive(t, server.url, { holds: holding(['eni-1']) });
  await until(() => isCurrent(server, seen, holding(['eni-1'])));
  const other = holding(['eni-3', 'eni-4', 'eni-5'], ['i-2']);
  const { marks } = seen;
  receiver.hold(other);
  await until(() => seen.marks > marks && isCurrent(server, seen, other));
  assert.deepEqual(seen.troubles, []);
});

test('before the first snapshot is whole nothing is called', async (t) => {
  const lines = [encodeLine({ type: 'begin', version: 1, epoch: 'e', from: 'nothing' }), encodeLine({ type: 'alive' })];
  const fake = await fakeServer(t, (say) => say(lines.join('')));
  const { seen } = receive(t, fake.url, { patience: { ...PATIENCE, silent: 50 } });
  await until(() => seen.troubles.length >= 2);
  assert.equal(seen.marks, 0);
  assert.match(seen.troubles[0] ?? '', /broke|heard/);
});

test('a server that talks nonsense is asked again from nothing, and the view that was whole stays', async (t) => {
  const bodies: string[] = [];
  const begin = encodeLine({ type: 'begin', version: 1, epoch: 'e', from: 'nothing' });
  const fake = await fakeServer(t, (say, body) => {
    bodies.push(body);
    say(`${begin}${encodeLine({ type: 'mark', revision: 4 })}{"type":"nonsense"}\n`);
  });
  const { seen } = receive(t, fake.url);
  await until(() => bodies.length >= 3);
  assert.ok(bodies.every((body) => !body.includes('resume')));
  assert.equal(seen.view?.revision, 4);
  assert.match(seen.troubles[0] ?? '', /does not understand: message\.type/);
});

async function fakeServer(
  t: TestContext,
  answer: (say: (text: string) => void, body: string) => void,
): Promise<{ readonly url: string }> {
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (piece: string) => {
      body += piece;
    });
    incoming.on('end', () => answer((text) => outgoing.write(text), body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('an agent may act for its own host and its own interfaces alone', async (t) => {
  const server = await testServer(t);
  const link = { endpoint: new URL(server.url), region: REALM.region, credentials: AGENT };
  const bounds = { signal: new AbortController().signal, silentMs: 10_000 };
  const refusal = async (
    path: '/crenel/v1/agent/stream' | '/crenel/v1/agent/report',
    body: unknown,
  ): Promise<string> => {
    const answer = await post(link, { path, body: JSON.stringify(body) }, bounds);
    if (answer.ok) answer.value.destroy();
    return answer.ok ? 'nothing' : answer.error;
  };
  const stream = '/crenel/v1/agent/stream';
  assert.equal(await refusal(stream, hello(holding(['eni-1'], ['i-1']))), 'nothing');
  assert.match(
    await refusal(stream, hello(holding(['eni-1']), { host: 'host-2' })),
    /403: crenel:Enforce is not allowed/,
  );
  assert.match(await refusal(stream, hello(holding(['eni-1', 'eni-2']))), /403: .*network-interface\/eni-2/);
  assert.match(await refusal(stream, hello(holding([], ['i-2']))), /403: .*instance\/i-2/);
  assert.match(await refusal('/crenel/v1/agent/report', { version: 1, host: 'host-2' }), /403/);
  assert.match(await refusal(stream, { ...hello(holding([])), version: 9 }), /400: .*speaks version 9/);
  const stranger = { ...link, credentials: { ...AGENT, secretAccessKey: 'guessed-by-somebody' } };
  const answer = await post(stranger, { path: stream, body: encodeLine(hello(holding([]))) }, bounds);
  assert.match(answer.ok ? '' : answer.error, /answers 401/);
});

test('what a host reports is what the list of hosts says', async (t) => {
  const server = await testServer(t);
  assert.match(server.hosts().note ?? '', /records only/);
  const { seen, receiver } = receive(t, server.url);
  await until(() => seen.marks === 1);
  const link = { endpoint: new URL(server.url), region: REALM.region, credentials: ADMIN };
  const troubles: string[] = [];
  const reporter = new Reporter({ link, host: 'host-1', everyMs: 60_000, onTrouble: (why) => troubles.push(why) });
  reporter.start();
  t.after(async () => await reporter.stop());
  const condition = (): string | undefined => server.hosts().hosts[0]?.condition;
  assert.equal(condition(), 'behind');
  assert.equal(server.hosts().note, undefined);
  reporter.tell({ applied: { epoch: 'another-run', revision: 10 ** 6 } });
  reporter.tell({ problem: 'nft is not installed — ünd so weiter' });
  await until(() => condition() === 'degraded');
  assert.equal(server.hosts().hosts[0]?.problem, 'nft is not installed — ünd so weiter');
  assert.equal(server.hosts().hosts[0]?.enforcedRevision, undefined);
  reporter.tell({ problem: undefined, applied: { epoch: seen.epoch, revision: seen.view?.revision ?? 0 } });
  await until(() => condition() === 'enforcing');
  await server.put('enis', eni(new Random(1), 'eni-1', [asId('sg-1')]));
  assert.equal(condition(), 'behind');
  reporter.tell({ drift: { objects: 3, isRepaired: false }, warnings: ['group sg-9 is not known'] });
  await until(() => condition() === 'degraded');
  assert.deepEqual(server.hosts().hosts[0]?.warnings, ['group sg-9 is not known']);
  server.advance(60_000);
  assert.equal(condition(), 'gone');
  await receiver.stop();
  await until(() => condition() === 'gone');
  assert.match(server.hosts().note ?? '', /no agent is connected: changes reach no host, .* may still be/);
  assert.deepEqual(troubles, []);
});

test('the newest stream of a host takes the place of its older one; a report needs a stream', async (t) => {
  const server = await testServer(t);
  const link = { endpoint: new URL(server.url), region: REALM.region, credentials: ADMIN };
  const bounds = { signal: new AbortController().signal, silentMs: 10_000 };
  const report = { path: '/crenel/v1/agent/report', body: encodeLine({ version: 1, host: 'host-1' }) } as const;
  const early = await post(link, report, bounds);
  assert.match(early.ok ? '' : early.error, /409/);
  const open = async (): Promise<AsyncIterable<Buffer>> =>
    expectOk(await post(link, { path: '/crenel/v1/agent/stream', body: encodeLine(hello(holding([]))) }, bounds));
  const older = await open();
  const newer = await open();
  let text = '';
  for await (const piece of older) text += piece.toString();
  assert.match(text, /"mark"/);
  assert.equal(server.hosts().hosts[0]?.condition, 'behind', 'the newer one is open');
  for await (const piece of newer) if (piece.toString().includes('mark')) break;
  await until(() => server.hosts().hosts[0]?.condition === 'gone');
});

test('of two agents that act as one host the newest is it; the other one is told, and so is whoever asks', async (t) => {
  const server = await testServer(t);
  const own = (): ListedHost => server.hosts().hosts[0] ?? assert.fail('no host');
  const first = receive(t, server.url, { run: 'first' });
  await until(() => first.seen.marks > 0);
  const second = receive(t, server.url, { run: 'second' });
  const refusal = /409: another agent acts as host-1 since this one did: end one of them/u;
  await until(() => first.seen.troubles.some((trouble) => refusal.test(trouble)));
  assert.deepEqual([second.seen.troubles, second.seen.marks], [[], 1], 'they do not take turns');
  assert.equal(own().condition, 'degraded');
  assert.match(own().problem ?? '', /^another agent acts as host-1 too, and is refused/u);
  const link = { endpoint: new URL(server.url), region: REALM.region, credentials: ADMIN };
  const bounds = { signal: new AbortController().signal, silentMs: 10_000 };
  for (const [run, isHeard] of [
    ['second', true],
    ['first', false],
  ] as const) {
    const body = encodeLine({ version: 1, host: 'host-1', run, warnings: [run] });
    assert.equal((await post(link, { path: '/crenel/v1/agent/report', body }, bounds)).ok, isHeard, run);
  }
  assert.deepEqual(own().warnings, ['second']);
  // Where the newest one ends, the other one is the host again, by itself.
  const before = first.seen.marks;
  await second.receiver.stop();
  await until(() => first.seen.marks > before);
  assert.equal(own().problem, undefined, 'nobody is its rival any more');
});

test('an agent that is started anew, or whose connection broke unseen, is no rival of itself', async (t) => {
  const server = await testServer(t);
  const link = { endpoint: new URL(server.url), region: REALM.region, credentials: ADMIN };
  const bounds = { signal: new AbortController().signal, silentMs: 10_000 };
  for (const run of ['first', 'second', 'second', undefined, 'second', 'third']) {
    const body = encodeLine(hello(holding(['eni-1']), run === undefined ? {} : { run }));
    const opened = await post(link, { path: '/crenel/v1/agent/stream', body }, bounds);
    assert.ok(opened.ok, run);
    t.after(() => opened.value.destroy());
  }
  assert.equal(server.hosts().hosts[0]?.problem, undefined);
});

test('beyond this machine the endpoint must be TLS', () => {
  for (const url of ['https://crenel.example:4700', 'http://127.0.0.1:4700', 'http://localhost:4700', 'http://[::1]:1'])
    assert.ok(endpointOf(url).ok, url);
  for (const url of ['http://10.0.0.1:4700', 'http://crenel.example', 'ftp://x', 'nonsense', 'https://x/path'])
    assert.ok(!endpointOf(url).ok, url);
});
