// What operators see of the listener: health, metrics and the log, and what they must not see.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { HttpHandler } from '../../src/server/http/exchange.ts';
import { Metrics } from '../../src/server/http/metrics.ts';
import { answer, ask, echo, post, request, root, start, until } from './listener.ts';

/** Answers as a handler of EC2's would, well, badly, or with an action that is no name. */
const create: HttpHandler = async ({ query }) =>
  await Promise.resolve(
    query === 'bad'
      ? answer('no', { status: 400, log: { action: 'CreateVpc', code: 'VpcLimitExceeded' } })
      : answer('yes', { log: { action: query === 'odd' ? 'a"b\n' : 'CreateVpc' } }),
  );
/** Fails with whatever the request held, as JSON.parse and URL do. */
const leak: HttpHandler = ({ headers, body, query, path }) => {
  const said = Buffer.from(body).toString();
  if (query.startsWith('json')) return Promise.resolve(answer(String(JSON.parse(said))));
  const everything = [path, query, ...headers.values(), said, new URLSearchParams(said).get('UserData') ?? ''];
  throw new Error(`cannot do ${everything.join(' or ')}`, { cause: new TypeError(everything.join('\n    at ')) });
};
/** A request with these headers alone. */
const get = (headers: readonly string[], version = '1.1'): string =>
  [`GET / HTTP/${version}`, ...headers, '', ''].join('\r\n');

describe('health and metrics', { timeout: 20_000 }, () => {
  test('health is what the check says', async (t) => {
    let reason: string | undefined = 'the disk is full';
    const { port } = await start(t, { health: () => reason });
    const ill = await ask(port, request('GET /healthz'));
    assert.deepEqual([ill?.status, ill?.body], [503, 'the disk is full']);
    reason = undefined;
    const healthy = await ask(port, request('GET /healthz'));
    assert.deepEqual([healthy?.status, healthy?.body], [200, 'ok']);
    assert.equal((await ask(port, request('GET /healthz/')))?.status, 404);
  });

  test('each is there only when it is switched on', async (t) => {
    const none = await start(t, { exposeMetrics: 'nobody' });
    assert.equal((await ask(none.port, request('GET /healthz')))?.status, 404);
    assert.equal((await ask(none.port, request('GET /metrics')))?.status, 404);
    const both = await start(t, { health: () => undefined, exposeMetrics: 'everybody' });
    assert.equal((await ask(both.port, request('GET /metrics')))?.status, 200);
    assert.equal((await ask(both.port, request('GET /healthz')))?.status, 200);
  });

  test('requests are counted by route and status, answers by action and code', async (t) => {
    const server = await start(t, { routes: [root(create)], limits: { bodyBytes: 10 } });
    for (const query of ['good', 'good', 'bad', 'odd'])
      await ask(server.port, request(`POST /?${query}`, ['Content-Length: 2'], 'ab'));
    await ask(server.port, request('GET /nowhere'));
    await ask(server.port, post('x'.repeat(11)));
    const lines = (name: string): Promise<number | undefined> => server.metric(`crenel_http_${name}`);
    assert.equal(await lines('requests_total{route="root",method="POST",status="200"}'), 3);
    assert.equal(await lines('requests_total{route="root",method="POST",status="400"}'), 1);
    assert.equal(await lines('requests_total{route="root",method="POST",status="413"}'), 1);
    assert.equal(await lines('requests_total{route="none",method="GET",status="404"}'), 1);
    assert.equal(await lines('actions_total{route="root",action="CreateVpc",code=""}'), 2);
    assert.equal(await lines('actions_total{route="root",action="CreateVpc",code="VpcLimitExceeded"}'), 1);
    assert.equal(await lines('actions_total{route="root",action="other",code=""}'), 1);
    assert.equal(await lines('request_seconds_count{route="root"}'), 5);
    assert.equal(await lines('request_bytes_total'), 8);
    assert.equal(await lines('refused_total{reason="no-such-path"}'), 1);
    const shown = await ask(server.port, request('GET /metrics'));
    assert.match(shown?.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(shown?.body ?? '', /^crenel_http_in_flight 0$/m);
  });

  test('the process is measured where asked for, and each listener counts for itself', async () => {
    assert.match(await new Metrics(true).text(), /^process_resident_memory_bytes \d+$/m);
    assert.doesNotMatch(await new Metrics(false).text(), /^process_/m);
  });

  test('names of actions do not make the counters grow without end', async () => {
    const metrics = new Metrics(false);
    const outcome = { route: 'r', method: 'POST', status: 200, seconds: 0, bytesIn: 0, bytesOut: 0, code: undefined };
    for (let index = 0; index < 6000; index += 1) metrics.answered({ ...outcome, action: `A${index}` });
    const text = await metrics.text();
    assert.ok((text.match(/^crenel_http_actions_total\{/gm) ?? []).length <= 5001);
    assert.match(text, /^crenel_http_actions_total\{route="r",action="other",code="other"\} 1000$/m);
  });
});

describe('the log', { timeout: 30_000 }, () => {
  test('has one line for each request, with what the handler says of it', async (t) => {
    const log = { action: 'DeleteVpc', code: 'DependencyViolation', heldBy: ['subnet-1', 'igw-2'] };
    const handle: HttpHandler = async () =>
      await Promise.resolve(answer('né', { status: 400, headers: { 'X-Amzn-RequestId': 'r-1' }, log }));
    const server = await start(t, { routes: [root(handle)], health: () => undefined });
    await ask(server.port, post('abc'));
    await ask(server.port, request('GET /healthz'));
    await until(() => server.logged('request').length === 2);
    const [first, second] = server.logged('request');
    const { time, ms, ...rest } = first ?? {};
    assert.deepEqual(rest, {
      level: 'info',
      method: 'POST',
      route: 'root',
      status: 400,
      bytesIn: 3,
      bytesOut: 3,
      remoteAddress: '127.0.0.1',
      requestId: 'r-1',
      answer: log,
      msg: 'request',
    });
    assert.ok(typeof ms === 'number' && ms >= 0);
    assert.ok(typeof time === 'string' && Number.isFinite(Date.parse(time)));
    assert.equal(second?.['level'], 'debug', 'health is asked for all the time');
    for (const line of server.lines) assert.match(line, /^\{[^\n]*\}\n$/);
  });

  test('says why the listener refused', async (t) => {
    const server = await start(t);
    await ask(server.port, request('GET /nowhere'));
    await ask(server.port, 'rubbish\r\n\r\n');
    await until(() => server.logged('request').length === 2);
    assert.deepEqual(
      server.logged('request').map((line) => [line['status'], line['refused'], line['route']]),
      [
        [404, 'no-such-path', 'none'],
        [400, 'malformed', 'none'],
      ],
    );
  });

  test('never holds what a client said: signatures, tokens, user data, bodies, queries, paths', async (t) => {
    const everywhere = { ...root(leak), accepts: () => true };
    const server = await start(t, { routes: [everywhere], limits: { headBytes: 4000, bodyBytes: 2000 } });
    const plain = await start(t);
    const secretText = fc
      .tuple(fc.stringMatching(/^[A-Za-z0-9/+=_-]{8,40}$/), fc.stringMatching(/^[A-Za-z0-9]{12}$/))
      .map(([text, tail]) => `${text}${tail}`);
    await fc.assert(
      fc.asyncProperty(secretText, fc.nat(6), async (secret, place) => {
        const encoded = encodeURIComponent(secret);
        const body = `Action=RunInstances&UserData=${encoded}&x="${secret}"`;
        const texts = [
          request(`GET /?X-Amz-Signature=${encoded}`, [`Authorization: AWS4-HMAC-SHA256 Signature=${secret}`]),
          request(`POST /?json${encoded}`, [`Content-Length: ${body.length}`], body),
          post(body, [`X-Amz-Security-Token: ${secret}`, `Cookie: ${secret}`]),
          request(`GET /${encoded}`, [`X-${secret.replaceAll(/[^a-z]/gi, '')}: ${secret}`]),
          `${secret} / HTTP/1.1\r\n\r\n`,
          request('GET /', [`${secret} ${secret}`]),
          request('GET /', [`X: ${secret.repeat(300)}`]),
        ];
        for (const { port } of [server, plain]) await ask(port, texts[place] ?? '');
        for (const line of [...server.lines, ...plain.lines]) {
          assert.ok(!line.includes(secret), line);
          assert.ok(!line.includes(encoded), line);
          assert.ok(!line.includes(secret.slice(0, 8)), line);
          assert.ok(!line.includes(secret.slice(-12)), line);
        }
        const told = await server.metrics.text();
        assert.ok(!told.includes(secret) && !told.includes(encoded));
      }),
      { numRuns: 60 },
    );
    assert.ok(server.logged('a handler failed').length > 0);
    assert.ok(server.lines.length + plain.lines.length >= 120);
  });
});

describe('a server without credentials', { timeout: 20_000 }, () => {
  const options = { allowedHosts: ['localhost', '127.0.0.1', '::1'] };
  test('answers to its own names only: a page may point its own at this machine', async (t) => {
    const { port } = await start(t, options);
    for (const host of ['localhost', `localhost:${port}`, 'LOCALHOST', '127.0.0.1:1', '[::1]', '[::1]:80'])
      assert.equal((await ask(port, get([`Host: ${host}`])))?.status, 200, host);
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '',
      '::1',
      'localhost:80:80',
    ])
      assert.equal((await ask(port, get([`Host: ${host}`])))?.status, 421, host);
    assert.equal((await ask(port, get([], '1.0')))?.status, 421);
  });

  test('takes nothing that a browser sends for another site', async (t) => {
    const { port } = await start(t, options);
    const own = `http://localhost:${port}`;
    const host = `Host: localhost:${port}`;
    for (const header of [`Origin: ${own}`, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: none'])
      assert.equal((await ask(port, get([host, header])))?.status, 200, header);
    for (const header of [
      'Origin: null',
      'Origin: https://evil.example',
      'Origin: http://localhost:1',
      `Origin: ${own}.evil.example`,
      'Sec-Fetch-Site: cross-site',
      'Sec-Fetch-Site: same-site',
    ])
      assert.equal((await ask(port, get([host, header])))?.status, 403, header);
  });

  test('a server with credentials asks for no name: a signature covers it', async (t) => {
    const { port } = await start(t, { routes: [echo] });
    assert.equal((await ask(port, get(['Host: any.example', 'Origin: https://console.example'])))?.status, 200);
  });
});
