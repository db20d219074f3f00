// Crenel's own questions about all pairs over HTTP: whatever is asked is answered with a question for the analyst or a fault in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Result } from '../../src/core/net/result.ts';
import { previewOn } from '../../src/cli/serve/preview-on.ts';
import { KEY_MAKER } from '../../src/server/access/key-maker.ts';
import { DEFAULT_LIMITS } from '../../src/core/model/limits.ts';
import { estateOfWorld } from '../../src/server/ec2/try-call.ts';
import { answerHeavy, type HeavyFault, type HeavyQuestion } from '../../src/server/native/heavy-questions.ts';
import { askHeavy, HEAVY_NAMES, type HeavySetup } from '../../src/server/native/heavy-api.ts';
import { followSteps } from '../../src/server/native/world-steps.ts';
import { smallWorld } from '../cli/small-world.ts';

const REALM = { accountId: '111122223333', region: 'eu-west-1' };
const env = {
  realm: REALM,
  limits: DEFAULT_LIMITS,
  now: 0,
  randomHex: (bytes: number) => 'ab'.repeat(bytes),
  keys: KEY_MAKER,
};

const asked: HeavyQuestion[] = [];
const setup: HeavySetup = {
  analyst: {
    ask: (_realm, world, questionOf) => {
      const question = questionOf();
      asked.push(question);
      const follow = (steps: Parameters<typeof followSteps>[1]): typeof world => followSteps(world, steps);
      return Promise.resolve(answerHeavy(question, { world, follow, onProgress: () => undefined }));
    },
  },
  worldAt: (_realm, revision) => (revision < 3 ? undefined : smallWorld),
  tryCall: (_realm, words) => previewOn(estateOfWorld(smallWorld), words, env),
};

async function send(
  name: string,
  { method, query, body }: { readonly method: string; readonly query: string; readonly body: string | Uint8Array },
): Promise<Result<string, HeavyFault>> {
  const request = {
    method,
    path: `/crenel/v1/${name}`,
    query,
    headers: new Map<string, string>(),
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    remoteAddress: '127.0.0.1',
    isSecure: false,
  };
  return await askHeavy(setup, request, { name, asker: { realm: REALM, world: smallWorld, revision: 5 } });
}

const CALL = JSON.stringify({
  call: 'authorize-security-group-ingress --group-id sg-db --protocol tcp --port 8080 --source-group sg-web'.split(' '),
});

/** What is asked, and the status of the answer. */
const CASES: readonly (readonly [method: string, path: string, body: string, status: number])[] = [
  ['GET', 'exposure', '', 200],
  ['GET', 'exposure?family=ipv6&X-Amz-Date=1', '', 200],
  ['GET', 'exposure?family=ipv5', '', 400],
  ['GET', 'exposure?family=ipv4&family=ipv4', '', 400],
  ['GET', 'exposure?family=%zz', '', 400],
  ['POST', 'exposure', '', 405],
  ['GET', 'matrix', '', 200],
  ['GET', 'matrix?by=instance&from=internet,web-1&to=db-1&page=1&size=2&family=ipv4', '', 200],
  ['GET', 'matrix?by=region', '', 400],
  ['GET', 'matrix?page=2', '', 400],
  ['GET', 'matrix?from=nobody', '', 400],
  ['GET', 'matrix?size=201', '', 400],
  ['GET', 'diff?before=3', '', 200],
  ['GET', 'diff?before=3&after=4', '', 200],
  ['GET', 'diff', '', 400],
  ['GET', 'diff?before=1', '', 410],
  ['GET', 'diff?before=6', '', 400],
  ['GET', 'diff?before=-1', '', 400],
  ['GET', 'diff?before=99999999999999999999', '', 400],
  ['POST', 'assert', 'version: 1\nfacts:\n  - internet must not reach db\n', 200],
  ['POST', 'assert', 'version: 1\nfacts:\n  - internet must not reach nöbody\n', 400],
  ['POST', 'assert', 'facts: [', 400],
  ['POST', 'preview', CALL, 200],
  ['POST', 'preview', '{"call":["describe-vpcs"]}', 400],
  ['POST', 'preview', '{"call":["delete-security-group","--group-id","sg-none"]}', 409],
  ['POST', 'preview', '{"call":"delete-security-group"}', 400],
  ['POST', 'preview', '{"call":[1]}', 400],
  ['POST', 'preview', '[]', 400],
  ['POST', 'preview', 'null', 400],
  ['POST', 'preview', '{', 400],
  ['POST', 'preview?x=1', CALL, 400],
];

for (const [method, path, body, status] of CASES)
  test(`${method} ${path} ${body.slice(0, 60)}: ${status}`, async () => {
    const [name = '', query = ''] = path.split('?');
    const said = await send(name, { method, query, body });
    assert.equal(said.ok ? 200 : said.error.status, status, JSON.stringify(said).slice(0, 300));
    if (said.ok) JSON.parse(said.value);
    else assert.ok(said.error.message.length > 0);
  });

test('a server without an analyst says so', async () => {
  const bare = await askHeavy(
    {},
    {
      method: 'GET',
      path: '',
      query: '',
      headers: new Map(),
      body: new Uint8Array(),
      remoteAddress: '',
      isSecure: false,
    },
    { name: 'exposure', asker: { realm: REALM, world: smallWorld, revision: 5 } },
  );
  assert.equal(bare.ok ? 200 : bare.error.status, 404);
});

test('queries and bodies of all kinds are asked or refused', async () => {
  const words = [
    'by',
    'from',
    'to',
    'page',
    'size',
    'family',
    'before',
    'after',
    'group',
    'ipv4',
    '3',
    '%',
    '%41',
    '=',
    '&',
    ',',
    '+',
    '{"call":',
    '["',
    '"]',
    '}',
    '--group-id',
    'version: 1',
    '\n',
    ' - ',
    'ü',
  ];
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => parts.join('')),
  );
  const body = fc.oneof(text, fc.uint8Array({ maxLength: 60 }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...HEAVY_NAMES),
      fc.constantFrom('GET', 'POST'),
      text,
      body,
      async (name, method, query, sent) => {
        const said = await send(name, { method, query, body: sent });
        assert.ok(said.ok || (said.error.status >= 400 && said.error.status < 500));
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(asked.length > 0);
});
