// Answers that go on: pieces in order, no more in memory than a slow client takes, signs of life, and an end in every case.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamSource } from '../../src/server/http/exchange.ts';
import { answer, ask, request, root, start, until } from './listener.ts';
import { RawClient } from './raw-client.ts';

const nothing = (): void => undefined;

/** A source that a test feeds, and what became of it. */
function fed(idleMs = 60_000): {
  readonly source: StreamSource;
  readonly say: (piece: string) => void;
  readonly end: () => void;
  readonly seen: { starts: number; stops: number; asked: number };
} {
  const pieces: string[] = [];
  const seen = { starts: 0, stops: 0, asked: 0 };
  let [wake, end] = [nothing, nothing];
  return {
    seen,
    say: (piece) => {
      pieces.push(piece);
      wake();
    },
    end: () => end(),
    source: {
      start: (waker, ender) => {
        [wake, end] = [waker, ender];
        seen.starts += 1;
        return () => {
          seen.stops += 1;
        };
      },
      next: () => {
        seen.asked += 1;
        return pieces.shift();
      },
      idle: { text: 'alive\n', afterMs: idleMs },
    },
  };
}

const streaming = (source: StreamSource): ReturnType<typeof root> =>
  root(async () => await Promise.resolve(answer('', { stream: source })));
const said = (text: string): string =>
  text
    .slice(text.indexOf('\r\n\r\n') + 4)
    .split('\r\n')
    .filter((_, index) => index % 2 === 1)
    .join('');

async function open(port: number): Promise<RawClient> {
  const client = await RawClient.open(port);
  client.send(request('GET /'));
  return client;
}

test('pieces go out in order, those said while idle too, and the end of the source ends the connection', async (t) => {
  const { source, say, end, seen } = fed();
  const { port } = await start(t, { routes: [streaming(source)] });
  say('one\n');
  const client = await open(port);
  await until(() => seen.asked > 1);
  say('two\n');
  say('three\n');
  await until(() => seen.asked > 4);
  end();
  assert.equal(said(await client.ended()), 'one\ntwo\nthree\n');
  assert.deepEqual([seen.starts, seen.stops], [1, 1]);
});

test('an idle stream shows that the server is there', async (t) => {
  const { source, end, seen } = fed(5);
  const { port } = await start(t, { routes: [streaming(source)] });
  const client = await open(port);
  await until(() => seen.asked > 3);
  end();
  assert.match(said(await client.ended()), /^(?:alive\n){2,}$/);
});

test('a client that reads nothing is asked nothing more for, and cut', async (t) => {
  const { source, say, seen } = fed();
  const { port, metric } = await start(t, { routes: [streaming(source)], limits: { answerMs: 200 } });
  const client = await open(port);
  client.socket.pause();
  for (let piece = 0; piece < 400; piece += 1) say('x'.repeat(65_536));
  await until(() => seen.stops === 1);
  assert.ok(seen.asked < 390, `${seen.asked} pieces were asked for`);
  assert.equal(await metric('crenel_http_refused_total{reason="answer-too-slow"}'), 1);
});

test('a client that goes away ends its stream', async (t) => {
  const { source, seen } = fed();
  const { port, logged } = await start(t, { routes: [streaming(source)] });
  const client = await open(port);
  await until(() => seen.starts === 1);
  client.socket.destroy();
  await until(() => seen.stops === 1);
  await until(() => logged('request').length === 1);
  assert.equal(logged('request')[0]?.['ending'], 'gone');
});

test('a listener that closes ends its streams at once', async (t) => {
  const { source, say, seen } = fed();
  const { port, listener } = await start(t, { routes: [streaming(source)] });
  say('last words\n');
  const client = await open(port);
  await until(() => seen.asked > 1);
  const closing = listener.close(60_000);
  assert.equal(said(await client.ended()), 'last words\n');
  assert.deepEqual(await closing, { cut: 0 });
  assert.equal(seen.stops, 1);
});

test('there are only so many streams; a place that is left is free again', async (t) => {
  const { source, end, seen } = fed();
  const { port } = await start(t, { routes: [streaming(source)], limits: { streams: 1 } });
  const first = await open(port);
  await until(() => seen.starts === 1);
  assert.equal((await ask(port, request('GET /')))?.status, 503);
  end();
  await first.ended();
  const second = await open(port);
  await until(() => seen.starts === 2);
  end();
  await second.ended();
});

test('a source that fails cuts the connection and is logged without what it said', async (t) => {
  const source: StreamSource = {
    start: () => () => undefined,
    next: () => {
      throw new Error('out of words');
    },
    idle: { text: '\n', afterMs: 1000 },
  };
  const { port, logged } = await start(t, { routes: [streaming(source)] });
  const client = await open(port);
  await client.ended();
  await until(() => logged('the listener failed').length === 1);
});
