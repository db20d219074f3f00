// The listener over real sockets: what it reads and what it answers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpHandler, HttpRequest } from '../../src/server/http/exchange.ts';
import { answer, ask, latch, post, request, root, start } from './listener.ts';
import { RawClient } from './raw-client.ts';

describe('what a handler gets and what a client gets', { timeout: 20_000 }, () => {
  test('a request arrives whole, an answer leaves whole', async (t) => {
    const seen: HttpRequest[] = [];
    const handle: HttpHandler = async (got) => {
      seen.push(got);
      return await Promise.resolve(
        answer('<a>é</a>', {
          status: 201,
          headers: { 'x-amzn-RequestId': 'r-1', Connection: 'close', 'content-length': '9' },
        }),
      );
    };
    const { port } = await start(t, { routes: [root(handle)] });
    const client = await RawClient.open(port);
    client.send(request('POST /?A=%zz&B=+', ['X-One: a', 'x-one: b', 'X-Name: Zürich', 'Content-Length: 5'], 'x=%C3'));
    const got = await client.answer();
    assert.equal(got?.status, 201);
    assert.equal(got.body, '<a>é</a>');
    assert.equal(got.headers.get('content-length'), '9');
    assert.equal(got.headers.get('x-amzn-requestid'), 'r-1');
    assert.ok(Number.isFinite(Date.parse(got.headers.get('date') ?? '')));
    assert.equal(got.headers.get('connection'), 'keep-alive');
    const [first] = seen;
    assert.ok(first !== undefined);
    const { headers, body, ...rest } = first;
    assert.deepEqual(rest, {
      method: 'POST',
      path: '/',
      query: 'A=%zz&B=+',
      remoteAddress: '127.0.0.1',
      isSecure: false,
    });
    assert.equal(Buffer.from(body).toString(), 'x=%C3');
    assert.equal(headers.get('x-one'), 'a,b');
    assert.equal(headers.get('x-name'), 'Zürich');
    client.socket.destroy();
  });

  test('bodies in chunks, empty bodies and bytes that are no text', async (t) => {
    const { port } = await start(t);
    const chunked = request('POST /', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n');
    assert.equal((await ask(port, chunked))?.body, 'abcde');
    assert.equal((await ask(port, request('GET /')))?.body, '');
    assert.equal((await ask(port, request('POST /', ['Transfer-Encoding: chunked'], '0\r\n\r\n')))?.body, '');
    const raw = root(async ({ body }) => await Promise.resolve({ ...answer(''), body }));
    const bytes = await start(t, { routes: [raw] });
    assert.equal((await ask(bytes.port, post('ÿ')))?.body, 'ÿ');
  });

  test('methods and paths that no route takes', async (t) => {
    const { port } = await start(t);
    const client = await RawClient.open(port);
    for (const method of ['OPTIONS', 'PUT', 'DELETE']) {
      client.send(request(`${method} /`));
      const got = await client.answer();
      assert.equal(got?.status, 405, method);
      assert.equal(got.headers.get('allow'), 'GET, POST');
    }
    for (const path of ['/x', '//', '/%', '/%zz', '/%2e%2e/', '/.', '/healthz']) {
      client.send(request(`GET ${path}`));
      assert.equal((await client.answer())?.status, 404, path);
    }
    client.send(request('GET /'));
    assert.equal((await client.answer())?.status, 200);
    client.socket.destroy();
    const head = await RawClient.open(port);
    head.send(request('HEAD /', ['Connection: close']));
    assert.match(await head.ended(), /^HTTP\/1\.1 405 [^]*content-length: \d+\r\n[^]*\r\n\r\n$/i);
  });

  test('a URL instead of a path, as proxies send it', async (t) => {
    const { port } = await start(t);
    assert.equal((await ask(port, request('GET http://localhost/')))?.status, 200);
    assert.equal((await ask(port, request('GET http://LOCALHOST')))?.status, 200);
    assert.equal((await ask(port, request('GET http://localhost?x')))?.status, 200);
    assert.equal((await ask(port, request('GET http://other/')))?.status, 400);
    assert.equal((await ask(port, request('OPTIONS *')))?.status, 404);
  });

  test('Expect: 100-continue, and an expectation that is not met', async (t) => {
    const { port } = await start(t, { limits: { bodyBytes: 10 } });
    const client = await RawClient.open(port);
    client.send(request('POST /', ['Content-Length: 3', 'Expect: 100-continue']));
    assert.equal((await client.answer())?.status, 100);
    client.send('abc');
    assert.equal((await client.answer())?.body, 'abc');
    client.send(request('POST /', ['Content-Length: 11', 'Expect: 100-continue']));
    assert.equal((await client.answer())?.status, 413);
    client.socket.destroy();
    assert.equal((await ask(port, request('GET /', ['Expect: the-best'])))?.status, 417);
  });

  test('pipelined requests are served one after another, in order', async (t) => {
    const first = latch();
    const running: string[] = [];
    const handle: HttpHandler = async ({ query }) => {
      running.push(query);
      if (query === '1') await first.opened;
      return answer(query);
    };
    const { port } = await start(t, { routes: [root(handle)] });
    const client = await RawClient.open(port);
    client.send(['1', '2', '3'].map((query) => request(`GET /?${query}`)).join(''));
    assert.equal((await ask(port, request('GET /?other')))?.body, 'other');
    assert.deepEqual(running, ['1', 'other']);
    first.open();
    for (const expected of ['1', '2', '3']) assert.equal((await client.answer())?.body, expected);
    client.socket.destroy();
  });
});
