// What clients may take of the listener, and that nothing they send or leave out hurts it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { HttpHandler } from '../../src/server/http/exchange.ts';
import { answer, ask, echo, held, latch, post, request, root, start, type Started, until } from './listener.ts';
import { RawClient } from './raw-client.ts';

/** Nothing is open, running, waiting or held any more. */
async function atRest({ metric }: Started): Promise<void> {
  for (const name of ['connections', 'in_flight', 'waiting', 'held_bytes'])
    await until(async () => (await metric(`crenel_http_${name}`)) === 0);
}

const refusedBy = async ({ metric }: Started, reason: string): Promise<number | undefined> =>
  await metric(`crenel_http_refused_total{reason="${reason}"}`);

describe('sizes', { timeout: 20_000 }, () => {
  test('a request line and headers that are too long', async (t) => {
    const server = await start(t, { limits: { headBytes: 1000 } });
    assert.equal((await ask(server.port, request('GET /', [`X: ${'x'.repeat(800)}`])))?.status, 200);
    assert.equal((await ask(server.port, request('GET /', [`X: ${'x'.repeat(1200)}`])))?.status, 431);
    assert.equal((await ask(server.port, request(`GET /?${'x'.repeat(1200)}`)))?.status, 431);
    assert.equal((await ask(server.port, request('GET /', Array(300).fill('aa: bb'))))?.status, 431);
    assert.equal(await refusedBy(server, 'head-too-large'), 3);
    await atRest(server);
  });

  test('many short headers all arrive', async (t) => {
    const counting = root(async ({ headers }) => await Promise.resolve(answer(String(headers.size))));
    const { port } = await start(t, { routes: [counting], limits: { headBytes: 100_000 } });
    const headers = Array.from({ length: 3000 }, (_, index) => `x-${index}: 1`);
    assert.equal((await ask(port, request('GET /', headers)))?.body, '3001');
  });

  test('a body of the limit is taken, one byte more is not, however it comes', async (t) => {
    const server = await start(t, { limits: { bodyBytes: 100 } });
    assert.equal((await ask(server.port, post('x'.repeat(100))))?.body.length, 100);
    for (const text of [
      post('x'.repeat(101)),
      request('POST /', ['Content-Length: 101']),
      request('POST /', ['Content-Length: 999999999999']),
      request('POST /', ['Transfer-Encoding: chunked'], `65\r\n${'x'.repeat(101)}\r\n0\r\n\r\n`),
      request('POST /', ['Transfer-Encoding: chunked'], `64\r\n${'x'.repeat(100)}\r\n1\r\nx\r\n`),
    ]) {
      const client = await RawClient.open(server.port);
      client.send(text);
      const got = await client.answer();
      assert.equal(got?.status, 413);
      assert.equal(got.headers.get('connection'), 'close');
      client.socket.end();
      assert.equal(await client.ended(), '');
    }
    await atRest(server);
  });

  test('a client that goes on sending still hears why it was refused, and is cut', async (t) => {
    const server = await start(t, { limits: { bodyBytes: 100 } });
    const client = await RawClient.open(server.port);
    client.send(request('POST /', ['Transfer-Encoding: chunked'], `ffffff\r\n`));
    const flood = setInterval(() => client.send('x'.repeat(1000)), 1);
    assert.equal((await client.answer())?.status, 413);
    await client.ended();
    clearInterval(flood);
    await atRest(server);
  });

  test('endless extensions of chunks', async (t) => {
    const server = await start(t);
    const client = await RawClient.open(server.port);
    client.send(request('POST /', ['Transfer-Encoding: chunked'], `1;${'x'.repeat(100_000)}`));
    assert.equal((await client.answer())?.status, 413);
    client.socket.destroy();
    await atRest(server);
  });

  test('codings other than the plain one', async (t) => {
    const { port } = await start(t);
    assert.equal((await ask(port, post('x', ['Content-Encoding: gzip'])))?.status, 415);
    assert.equal((await ask(port, post('x', ['Content-Encoding: identity, br'])))?.status, 415);
    assert.equal((await ask(port, post('x', ['Content-Encoding: Identity'])))?.status, 200);
    const coded = request('POST /', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n');
    assert.equal((await ask(port, coded))?.status, 501);
  });

  test('bodies together: those that do not fit are told to come back', async (t) => {
    const { route, arrived, release } = held();
    const server = await start(t, { routes: [route], limits: { bodyBytes: 100, heldBytes: 250 } });
    const clients = await Promise.all([1, 2, 3].map(async () => await RawClient.open(server.port)));
    const [first, second, third] = clients;
    first?.send(post('x'.repeat(100)));
    second?.send(post('x'.repeat(100)));
    await until(() => arrived() === 2);
    third?.send(post('x'.repeat(51)));
    const got = await third?.answer();
    assert.equal(got?.status, 503);
    assert.equal(got.headers.get('retry-after'), '1');
    const chunked = request('POST /', ['Transfer-Encoding: chunked'], `33\r\n${'x'.repeat(51)}\r\n0\r\n\r\n`);
    assert.equal((await ask(server.port, chunked))?.status, 503);
    release();
    assert.equal((await first?.answer())?.status, 200);
    assert.equal((await second?.answer())?.status, 200);
    for (const client of clients) client.socket.destroy();
    await atRest(server);
  });
});

describe('times', { timeout: 20_000 }, () => {
  test('headers that never end', async (t) => {
    const server = await start(t, { limits: { headMs: 60 } });
    const client = await RawClient.open(server.port);
    const drip = setInterval(() => client.send('x: y\r\n'), 20);
    client.send('GET / HTTP/1.1\r\n');
    assert.equal((await client.answer())?.status, 408);
    clearInterval(drip);
    await client.ended();
    assert.equal(await refusedBy(server, 'too-slow'), 1);
    await atRest(server);
  });

  test('bodies that drip', async (t) => {
    const server = await start(t, { limits: { headMs: 60, requestMs: 120 } });
    const client = await RawClient.open(server.port);
    const drip = setInterval(() => client.send('x'), 20);
    client.send(request('POST /', ['Content-Length: 100000']));
    const got = await client.answer();
    clearInterval(drip);
    assert.equal(got?.status, 408);
    assert.equal(got.headers.get('connection'), 'close');
    await client.ended();
    assert.equal(await refusedBy(server, 'too-slow'), 1);
    await atRest(server);
  });

  test('connections on which nothing comes are closed without a word', async (t) => {
    const server = await start(t, { limits: { headMs: 60 } });
    const client = await RawClient.open(server.port);
    assert.equal(await client.ended(), '');
    await atRest(server);
    assert.deepEqual(server.logged('request'), []);
  });

  test('a connection that is idle after an answer is closed', async (t) => {
    const server = await start(t, { limits: { keepAliveMs: 50 } });
    const client = await RawClient.open(server.port);
    client.send(request('GET /'));
    assert.equal((await client.answer())?.status, 200);
    assert.equal(await client.ended(), '');
    await atRest(server);
  });

  test('a handler may take longer than a request', async (t) => {
    const { route, release } = held();
    const server = await start(t, { routes: [route], limits: { headMs: 20, requestMs: 20, keepAliveMs: 20 } });
    const client = await RawClient.open(server.port);
    client.send(post('x'));
    setTimeout(release, 200);
    assert.equal((await client.answer())?.body, 'done');
  });

  test('a client that does not take its answer is cut', async (t) => {
    const long = root(async () => await Promise.resolve(answer('x'.repeat(30_000_000))));
    const server = await start(t, { routes: [long], limits: { answerMs: 100 } });
    const client = await RawClient.open(server.port);
    client.socket.pause();
    client.send(request('GET /'));
    await until(async () => (await refusedBy(server, 'answer-too-slow')) === 1);
    await atRest(server);
    assert.equal(server.logged('request')[0]?.['ending'], 'slow');
    client.socket.destroy();
  });
});

describe('numbers', { timeout: 20_000 }, () => {
  test('more connections than there may be are dropped', async (t) => {
    const server = await start(t, { limits: { connections: 2 } });
    const [first, second, third] = await Promise.all([1, 2, 3].map(async () => await RawClient.open(server.port)));
    assert.equal(await third?.ended(), '');
    assert.equal(await refusedBy(server, 'too-many-connections'), 1);
    first?.send(request('GET /'));
    assert.equal((await first?.answer())?.status, 200);
    first?.socket.destroy();
    await until(async () => (await server.metric('crenel_http_connections')) === 1);
    assert.equal((await ask(server.port, request('GET /')))?.status, 200);
    second?.socket.destroy();
    await atRest(server);
  });

  test('requests wait for their turn, and those that find no place to wait hear 503', async (t) => {
    const order: string[] = [];
    const gates = new Map(['1', '2', '3'].map((query) => [query, latch()]));
    const handle: HttpHandler = async ({ query }) => {
      order.push(query);
      await gates.get(query)?.opened;
      return answer(query);
    };
    const server = await start(t, {
      routes: [root(handle)],
      limits: { running: 1, waiting: 2 },
      health: () => undefined,
    });
    const clients: RawClient[] = [];
    for (const [index, query] of ['1', '2', '3'].entries()) {
      const client = await RawClient.open(server.port);
      client.send(request(`GET /?${query}`));
      clients.push(client);
      await until(async () => (await server.metric('crenel_http_waiting')) === index);
      await until(async () => (await server.metric('crenel_http_in_flight')) === 1);
    }
    const late = await ask(server.port, request('GET /?4'));
    assert.equal(late?.status, 503);
    assert.equal(late.headers.get('retry-after'), '1');
    assert.equal((await ask(server.port, request('GET /healthz')))?.status, 200);
    assert.deepEqual(order, ['1']);
    for (const [index, query] of ['1', '2', '3'].entries()) {
      gates.get(query)?.open();
      assert.equal((await clients[index]?.answer())?.body, query);
    }
    assert.deepEqual(order, ['1', '2', '3']);
    for (const client of clients) client.socket.destroy();
    await atRest(server);
  });

  test('who leaves while waiting is never handled, and makes room', async (t) => {
    const { route, arrived, release } = held();
    const server = await start(t, { routes: [route], limits: { running: 1, waiting: 1 } });
    const [first, second, third] = await Promise.all([1, 2, 3].map(async () => await RawClient.open(server.port)));
    first?.send(post('1'));
    await until(() => arrived() === 1);
    second?.send(post('2'));
    await until(async () => (await server.metric('crenel_http_waiting')) === 1);
    second?.socket.destroy();
    await until(async () => (await server.metric('crenel_http_waiting')) === 0);
    third?.send(post('3'));
    await until(async () => (await server.metric('crenel_http_waiting')) === 1);
    release();
    assert.equal((await first?.answer())?.body, 'done');
    assert.equal((await third?.answer())?.body, 'done');
    assert.equal(arrived(), 2);
    first?.socket.destroy();
    third?.socket.destroy();
    await atRest(server);
  });

  test('more unanswered requests on one connection than there may be end it', async (t) => {
    const { route, release } = held();
    const server = await start(t, { routes: [route], limits: { pipelined: 4 } });
    const client = await RawClient.open(server.port);
    client.send(request('GET /').repeat(5));
    assert.equal(await client.ended(), '');
    assert.equal(await refusedBy(server, 'too-many-pipelined'), 1);
    release();
    await atRest(server);
  });
});

describe('what is no request', { timeout: 20_000 }, () => {
  const malformed: readonly (readonly [name: string, text: string])[] = [
    ['no HTTP', 'hello\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', request('GET /', ['Host: other'])],
    ['two authorizations', request('GET /', ['Authorization: a', 'Authorization: b'])],
    ['two lengths', request('POST /', ['Content-Length: 1', 'Content-Length: 2'], 'xx')],
    ['length and chunks', request('POST /', ['Content-Length: 1', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['chunks twice', request('POST /', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['a negative length', request('POST /', ['Content-Length: -1'])],
    ['a length that is no number', request('POST /', ['Content-Length: 1e3'])],
    ['a length that is too long', request('POST /', [`Content-Length: ${'9'.repeat(40)}`])],
    ['a chunk size that is no number', request('POST /', ['Transfer-Encoding: chunked'], 'x\r\n')],
    ['a space before a colon', request('GET /', ['X : y'])],
    ['a folded header', request('GET /', ['X: y\r\n z'])],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: localhost\n\n'],
    ['a zero byte', request('GET /', ['X: a\u0000b'])],
    ['a path without a slash', request('GET x')],
    ['a fragment', request('GET /#x')],
    ['a version that is not', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
    ['an unknown method', request('BREW /')],
  ];

  test('is answered 400 or cut, one connection at a time', async (t) => {
    const server = await start(t);
    for (const [name, text] of malformed) {
      const client = await RawClient.open(server.port);
      client.send(Buffer.from(text, 'latin1'));
      const got = await client.answer();
      client.socket.end();
      if (got === undefined) assert.equal(await client.ended(), '', name);
      else assert.ok([400, 501].includes(got.status), `${name}: ${got.status}`);
      if (name !== 'HTTP/2') assert.ok(got !== undefined, `${name}: no answer`);
    }
    assert.equal((await ask(server.port, post('fine')))?.body, 'fine');
    await atRest(server);
    assert.deepEqual(server.logged('the listener failed'), []);
  });

  test('after a request on the same connection: the request is answered first', async (t) => {
    const { route, arrived, release } = held();
    const server = await start(t, { routes: [route] });
    const client = await RawClient.open(server.port);
    client.send(`${post('x')}rubbish\r\n\r\n`);
    await until(() => arrived() === 1);
    release();
    assert.equal((await client.answer())?.body, 'done');
    assert.equal((await client.answer())?.status, 400);
    client.socket.end();
    await client.ended();
    await atRest(server);
  });

  test('CONNECT and upgrades lead nowhere', async (t) => {
    const server = await start(t);
    assert.equal(await ask(server.port, 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n'), undefined);
    const upgrade = request('GET /', ['Connection: Upgrade', 'Upgrade: websocket']);
    assert.equal((await ask(server.port, upgrade))?.status, 200);
    await atRest(server);
  });

  test('random bytes and damaged requests never stop the server', async (t) => {
    const server = await start(t, { limits: { headMs: 200, requestMs: 200, bodyBytes: 1000 } });
    const good = post('x=1', ['X-Amz-Date: 20260101T000000Z']);
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length), fc.nat(5), fc.string({ maxLength: 5, unit: 'binary' })), { maxLength: 4 })
      .map((cuts) =>
        cuts.reduce((text, [at, length, more]) => `${text.slice(0, at)}${more}${text.slice(at + length)}`, good),
      );
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(damaged, bytes), { minLength: 1, maxLength: 3 }), async (parts) => {
        const client = await RawClient.open(server.port);
        for (const part of parts) client.send(part);
        client.socket.end();
        await client.ended();
        assert.equal((await ask(server.port, post('fine')))?.body, 'fine');
      }),
      { numRuns: 100 },
    );
    await atRest(server);
    assert.deepEqual(server.logged('the listener failed'), []);
  });
});

describe('clients that go away', { timeout: 20_000 }, () => {
  test('at any point of a request', async (t) => {
    const server = await start(t, { routes: [echo], limits: { running: 2, waiting: 2 } });
    const text = post('x'.repeat(50));
    for (let length = 1; length < text.length; length += 7) {
      const client = await RawClient.open(server.port);
      client.send(text.slice(0, length));
      if (length % 2 === 0) client.socket.resetAndDestroy();
      else client.socket.end();
      await client.ended();
    }
    await atRest(server);
    assert.equal((await ask(server.port, post('fine')))?.body, 'fine');
  });

  test('while a handler works, and while pipelined requests wait', async (t) => {
    const { route, arrived, release } = held();
    const server = await start(t, { routes: [route] });
    for (const cut of ['reset', 'close']) {
      const client = await RawClient.open(server.port);
      const before = arrived();
      client.send(post('x') + post('y') + post('z'.repeat(100)));
      await until(() => arrived() === before + 1);
      if (cut === 'reset') client.socket.resetAndDestroy();
      else client.socket.destroy();
      await client.ended();
    }
    await until(async () => (await server.metric('crenel_http_connections')) === 0);
    release();
    await atRest(server);
    assert.equal(arrived(), 2, 'requests behind the one that was cut were not handled');
    await until(() => server.logged('request').length === 2);
    for (const line of server.logged('request')) assert.equal(line['ending'], 'gone');
  });

  test('while an answer is on its way', async (t) => {
    const long = root(async () => await Promise.resolve(answer('x'.repeat(10_000_000))));
    const server = await start(t, { routes: [long] });
    const client = await RawClient.open(server.port);
    client.socket.once('data', () => client.socket.resetAndDestroy());
    client.send(request('GET /'));
    await client.ended();
    await atRest(server);
    assert.equal(server.logged('request')[0]?.['ending'], 'gone');
  });
});
