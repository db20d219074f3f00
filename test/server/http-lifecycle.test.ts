// Opening and closing the listener, with and without TLS, and what becomes of faults.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as secureRequest } from 'node:https';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import type { HttpHandler } from '../../src/server/http/exchange.ts';
import { DEFAULT_LIMITS } from '../../src/server/http/limits.ts';
import type { ListenFault } from '../../src/server/http/listen-fault.ts';
import { Listener, type ListenOptions } from '../../src/server/http/listener.ts';
import { openLog } from '../../src/server/http/log.ts';
import { Metrics } from '../../src/server/http/metrics.ts';
import { answer, ask, echo, held, post, request, root, start, until } from './listener.ts';
import { RawClient } from './raw-client.ts';

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const tls = { cert: fixture('test-only-certificate.pem'), key: fixture('test-only-key.pem') };

/** Posts over TLS, trusting the certificate of the tests alone. */
const secure = async (port: number, body: string): Promise<{ status: number | undefined; body: string }> =>
  await new Promise((resolve, reject) => {
    const sent = secureRequest({ host: '127.0.0.1', port, method: 'POST', ca: tls.cert, agent: false }, (got) => {
      let text = '';
      got.on('data', (chunk: Buffer) => (text += chunk.toString()));
      got.on('end', () => resolve({ status: got.statusCode, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Why a listener does not open. */
async function faultOf(options: Partial<ListenOptions>): Promise<ListenFault> {
  const opened = await Listener.open({
    host: '127.0.0.1',
    port: 0,
    routes: [echo],
    log: openLog({ write: () => undefined }, 'silent'),
    metrics: new Metrics(false),
    limits: DEFAULT_LIMITS,
    exposeMetrics: 'nobody',
    ...options,
  });
  if (!opened.ok) return opened.error;
  await opened.value.close(0);
  throw new Error('it listens');
}

describe('what keeps a listener from opening', () => {
  test('a port that is taken, and one that is none', async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => other.close());
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const taken = await faultOf({ port });
    assert.equal(taken.kind, 'port-taken');
    assert.match(taken.message, new RegExp(`another program listens on 127\\.0\\.0\\.1:${port}`));
    assert.equal((await faultOf({ port, host: 'LocalHost' })).kind, 'port-taken', 'localhost is 127.0.0.1');
    assert.match((await faultOf({ port: 65_536 })).message, /0 to 65535, not 65536/);
    assert.match((await faultOf({ port: -1 })).message, /0 to 65535/);
  });

  test('an address that this machine does not have', async () => {
    // TEST-NET-1 and the documentation prefix: nobody has them.
    assert.equal((await faultOf({ host: '192.0.2.1' })).kind, 'no-such-address');
    assert.match((await faultOf({ host: '2001:db8::1', port: 80 })).message, /\[2001:db8::1\]:80/);
  });

  test('limits that would switch something off', async () => {
    for (const limits of [
      { headMs: 0 },
      { bodyBytes: Number.NaN },
      { running: 1.5 },
      { requestMs: 9000 },
      { heldBytes: 9 },
    ])
      assert.equal((await faultOf({ limits: { ...DEFAULT_LIMITS, ...limits } })).kind, 'bad-limits');
  });

  test('certificates and keys that are not, or do not belong together', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' });
    const wrong: readonly (readonly [RegExp, { readonly cert: string; readonly key: string }])[] = [
      [/certificate is not/, { ...tls, cert: 'x' }],
      [/certificate is not/, { ...tls, cert: tls.key }],
      [/key is not a private key/, { ...tls, key: tls.cert }],
      [/not the one of the certificate/, { ...tls, key: other }],
      [/encrypted/, { ...tls, key: encrypted.toString() }],
    ];
    for (const [message, identity] of wrong) {
      const fault = await faultOf({ tls: identity });
      assert.equal(fault.kind, 'bad-tls');
      assert.match(fault.message, message);
      for (const line of identity.key.split('\n').filter((text) => text.length > 20))
        assert.ok(!fault.message.includes(line));
    }
  });
});

describe('TLS', { timeout: 20_000 }, () => {
  const secured = root(
    async ({ isSecure, body }) => await Promise.resolve(answer(`${isSecure} ${Buffer.from(body).toString()}`)),
  );

  test('requests over it are marked secure', async (t) => {
    const server = await start(t, { tls, routes: [secured] });
    assert.deepEqual(await secure(server.port, 'hello'), { status: 200, body: 'true hello' });
    assert.equal(server.logged('request')[0]?.['remoteAddress'], '127.0.0.1');
  });

  test('limits hold behind it, too', async (t) => {
    const server = await start(t, { tls, routes: [secured], limits: { bodyBytes: 10 } });
    assert.equal((await secure(server.port, 'x'.repeat(11))).status, 413);
  });

  test('what does not speak it is cut, and the server goes on', async (t) => {
    const server = await start(t, { tls, routes: [secured], limits: { headMs: 100 } });
    const plain = await RawClient.open(server.port);
    plain.send(request('GET /'));
    assert.doesNotMatch(await plain.ended(), /HTTP\/1\.1 200/);
    const silent = await RawClient.open(server.port);
    await silent.ended();
    assert.equal((await secure(server.port, 'x')).status, 200);
    await until(async () => (await server.metric('crenel_http_connections')) === 0);
  });

  test('closing ends idle connections at once, used or not', async (t) => {
    const server = await start(t, { tls, routes: [secured] });
    const unused = connect({ host: '127.0.0.1', port: server.port, ca: tls.cert });
    await once(unused, 'secureConnect');
    const used = connect({ host: '127.0.0.1', port: server.port, ca: tls.cert });
    used.write(request('GET /'));
    await once(used, 'data');
    const ends = [unused, used].map(async (socket): Promise<void> => {
      await once(socket.resume(), 'close');
    });
    await until(async () => (await server.metric('crenel_http_in_flight')) === 0);
    assert.deepEqual(await server.listener.close(60_000), { cut: 0 });
    await Promise.all(ends);
  });

  test('an unfinished handshake does not hold up closing', async (t) => {
    const server = await start(t, { tls, limits: { headMs: 60_000, requestMs: 60_000 } });
    const silent = await RawClient.open(server.port);
    // The listener has it when a later connection was served.
    await secure(server.port, 'x');
    assert.deepEqual(await server.listener.close(60_000), { cut: 0 });
    await silent.ended();
  });
});

describe('closing', { timeout: 20_000 }, () => {
  test('ends idle and unused connections, answers what is under way, and takes no more', async (t) => {
    const { route, arrived, release } = held();
    const server = await start(t, {
      routes: [route, { ...echo, name: 'idle', accepts: (_, path) => path === '/idle' }],
    });
    const [idle, unused, busy] = await Promise.all([1, 2, 3].map(async () => await RawClient.open(server.port)));
    idle?.send(request('GET /idle'));
    assert.equal((await idle?.answer())?.status, 200);
    busy?.send(post('x'));
    await until(() => arrived() === 1);
    const closed = server.listener.close(60_000);
    await Promise.all([idle?.ended(), unused?.ended()]);
    await assert.rejects(RawClient.open(server.port), /ECONNREFUSED/);
    release();
    const got = await busy?.answer();
    assert.equal(got?.body, 'done');
    assert.equal(got.headers.get('connection'), 'close');
    assert.deepEqual(await closed, { cut: 0 });
    assert.deepEqual(await server.listener.close(0), { cut: 0 });
  });

  test('a request that is half sent may be finished; health says that the server closes', async (t) => {
    const server = await start(t, { health: () => undefined });
    const client = await RawClient.open(server.port);
    client.send('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    assert.equal((await ask(server.port, request('GET /healthz')))?.body, 'ok');
    const closed = server.listener.close(60_000);
    client.send('\r\n');
    const got = await client.answer();
    assert.equal(got?.status, 503);
    assert.equal(got.headers.get('connection'), 'close');
    assert.deepEqual(await closed, { cut: 0 });
  });

  test('an answer that is under way is finished, and its connection ended', async (t) => {
    const long = root(async () => await Promise.resolve(answer('x'.repeat(20_000_000))));
    const server = await start(t, { routes: [long] });
    const client = await RawClient.open(server.port);
    const first = once(client.socket, 'data');
    client.send(request('GET /'));
    await first;
    client.socket.pause();
    const closed = server.listener.close(60_000);
    client.socket.resume();
    await client.ended();
    assert.equal((await client.answer())?.body.length, 20_000_000);
    assert.deepEqual(await closed, { cut: 0 });
  });

  test('after the grace, what is left is cut', async (t) => {
    const { route, arrived, release } = held();
    const server = await start(t, { routes: [route] });
    const client = await RawClient.open(server.port);
    client.send(post('x'));
    await until(() => arrived() === 1);
    assert.deepEqual(await server.listener.close(20), { cut: 1 });
    assert.equal(await client.ended(), '');
    release();
    await until(() => server.logged('request').length === 1);
  });
});

describe('faults of handlers', { timeout: 20_000 }, () => {
  const faults: readonly (readonly [name: string, handle: HttpHandler])[] = [
    ['rejects', async () => await Promise.reject(new Error('the store is on fire'))],
    [
      'throws',
      () => {
        throw new TypeError('the store is on fire');
      },
    ],
    ['answers a header that is none', async () => await Promise.resolve(answer('', { headers: { x: 'a\nb' } }))],
    ['answers a status that is none', async () => await Promise.resolve(answer('', { status: 42 }))],
  ];
  for (const [name, handle] of faults)
    test(`one that ${name}: 500, told in the log, and the next request is served`, async (t) => {
      let isFirst = true;
      const failOnce: HttpHandler = async (got) => {
        if (!isFirst) return answer('fine');
        isFirst = false;
        return await handle(got);
      };
      const server = await start(t, { routes: [root(failOnce)] });
      const client = await RawClient.open(server.port);
      client.send(post('x'));
      const got = await client.answer();
      assert.equal(got?.status, 500);
      assert.equal(got.body, 'the server failed at this request\n');
      client.send(post('x'));
      assert.equal((await client.answer())?.body, 'fine');
      const [line] = server.logged('a handler failed');
      const fault = line?.['fault'] as { readonly message: string; readonly stack: readonly string[] };
      assert.ok(
        fault.stack.some((frame) => frame.includes('http-lifecycle.test.ts') || frame.includes('send-answer.ts')),
      );
      if (/rejects|throws/.test(name)) assert.equal(fault.message, 'the store is on fire');
      assert.equal(await server.metric('crenel_http_in_flight'), 0);
      client.socket.destroy();
    });

  test('a route puts refusals into the form of its clients', async (t) => {
    const route = root(async () => await Promise.reject(new Error('no')), {
      refuse: ({ reason, status }) =>
        answer(`<Code>${reason}</Code>`, { status, headers: { 'content-type': 'text/xml' } }),
    });
    const server = await start(t, { routes: [route], limits: { bodyBytes: 5, waiting: 1 } });
    const failed = await ask(server.port, post('x'));
    assert.deepEqual([failed?.status, failed?.body], [500, '<Code>fault</Code>']);
    const large = await ask(server.port, post('xxxxxx'));
    assert.deepEqual([large?.status, large?.body], [413, '<Code>body-too-large</Code>']);
    assert.equal(large?.headers.get('content-type'), 'text/xml');
  });

  test('a route may take larger bodies than the others, by method and path', async (t) => {
    const route = root(async ({ body }) => await Promise.resolve(answer(String(body.length))), {
      bodyBytes: (method) => (method === 'POST' ? 8 : undefined),
    });
    const server = await start(t, { routes: [route], limits: { bodyBytes: 5 } });
    const taken = await ask(server.port, post('x'.repeat(8)));
    assert.deepEqual([taken?.status, taken?.body], [200, '8']);
    assert.equal((await ask(server.port, post('x'.repeat(9))))?.status, 413);
  });

  test('when that fails too, the connection is cut and the server goes on', async (t) => {
    const route = root(async () => await Promise.reject(new Error('no')), {
      refuse: () => {
        throw new Error('not even that');
      },
    });
    const server = await start(t, { routes: [route] });
    assert.equal(await ask(server.port, post('x')), undefined);
    assert.equal(server.logged('the listener failed').length, 1);
    assert.equal((await ask(server.port, request('GET /metrics')))?.status, 200);
  });
});
