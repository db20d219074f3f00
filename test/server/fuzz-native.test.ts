// Crenel's own questions about all pairs over HTTP: whatever is asked is answered with a question for the analyst or a fault in words.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectOk, type Result } from '../../src/core/net/result.ts';
import type { World } from '../../src/core/model/world.ts';
import { diffDocument } from '../../src/analysis/diff-document.ts';
import { differenceOf } from '../../src/analysis/pairs/difference.ts';
import { readSent } from '../../src/formats/any-text.ts';
import { exportText } from '../../src/formats/export.ts';
import { overlayPlan } from '../../src/formats/terraform/overlay.ts';
import { previewOn } from '../../src/cli/serve/preview-on.ts';
import { KEY_MAKER } from '../../src/server/access/key-maker.ts';
import { DEFAULT_LIMITS } from '../../src/core/model/limits.ts';
import { estateOfWorld } from '../../src/server/ec2/try-call.ts';
import { answerHeavy, type HeavyFault, type HeavyQuestion } from '../../src/server/native/heavy-questions.ts';
import { askHeavy, HEAVY_NAMES, type HeavySetup } from '../../src/server/native/heavy-api.ts';
import { followSteps } from '../../src/server/native/world-steps.ts';
import { changedWorld, smallWorld } from '../cli/small-world.ts';

const REALM = { accountId: '111122223333', region: 'eu-west-1' };
const env = {
  realm: REALM,
  limits: DEFAULT_LIMITS,
  now: 0,
  randomHex: (bytes: number) => 'ab'.repeat(bytes),
  keys: KEY_MAKER,
};

/** Bytes as text, as the thread reads them. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const asked: HeavyQuestion[] = [];
const setup: HeavySetup = {
  analyst: {
    ask: (_realm, world, questionOf) => {
      const question = questionOf();
      asked.push(question);
      const follow = (steps: Parameters<typeof followSteps>[1]): typeof world => followSteps(world, steps);
      return Promise.resolve(answerHeavy(question, { world, follow, decode, onProgress: () => undefined }));
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

const CHANGED: unknown = JSON.parse([...exportText(changedWorld)].join(''));
const TEMPLATE = 'Resources:\n  Network:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlock: 10.0.0.0/16\n';
const BLOCK = 'Parameters: { Block: { Type: String } }\n';
const PLAN: unknown = JSON.parse(readFileSync(new URL('../formats/terraform/change.json', import.meta.url), 'utf8'));

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
  ['GET', 'lint', '', 200],
  ['GET', 'lint?family=ipv6', '', 200],
  ['GET', 'lint?family=ipv5', '', 400],
  ['GET', 'lint?rule=x', '', 400],
  ['GET', 'lint?quotas=rules-per-group=100,groups-per-interface=10', '', 200],
  ['GET', 'lint?quotas=rules-per-group=300', '', 400],
  ['GET', 'lint?quotas=', '', 400],
  ['POST', 'lint', 'version: 1\nignore:\n  - { rule: group-unattached, resource: sg-1, reason: soon }\n', 200],
  ['POST', 'lint', 'version: 1\nignore:\n  - { rule: nothing, resource: sg-1, reason: soon }\n', 400],
  ['GET', 'edits?from=web-1&to=db-1&traffic=tcp/22', '', 200],
  ['GET', 'edits?from=web-1&to=nobody', '', 400],
  ['GET', 'edits?from=web-1', '', 400],
  ['POST', 'edits?from=web-1&to=db-1', '', 405],
  ['POST', 'diff', JSON.stringify({ after: CHANGED }), 200],
  ['POST', 'diff', JSON.stringify({ before: CHANGED }), 200],
  ['POST', 'diff', JSON.stringify({ before: CHANGED, after: TEMPLATE }), 200],
  ['POST', 'diff', JSON.stringify({ after: [CHANGED, { Vpcs: [] }] }), 200],
  ['POST', 'diff', JSON.stringify({ plan: PLAN }), 200],
  ['POST', 'diff', JSON.stringify({ plan: PLAN, over: null }), 200],
  ['POST', 'diff', JSON.stringify({ plan: PLAN, over: CHANGED }), 200],
  ['POST', 'diff', JSON.stringify({ plan: CHANGED }), 400],
  ['POST', 'diff', JSON.stringify({ plan: PLAN, after: CHANGED }), 400],
  ['POST', 'diff', JSON.stringify({ over: CHANGED }), 400],
  ['POST', 'diff', JSON.stringify({ after: [CHANGED, PLAN] }), 400],
  ['POST', 'diff', JSON.stringify({ after: 'nothing' }), 400],
  ['POST', 'diff', JSON.stringify({ after: JSON.stringify('nothing') }), 400],
  ['POST', 'diff', JSON.stringify({ after: 7 }), 400],
  [
    'POST',
    'diff',
    JSON.stringify({
      after: TEMPLATE.replace('10.0.0.0/16', '!Ref Block') + BLOCK,
      parameters: { Block: '10.1.0.0/16' },
    }),
    200,
  ],
  ['POST', 'diff', JSON.stringify({ after: TEMPLATE, parameters: { Block: '10.1.0.0/16' } }), 400],
  ['POST', 'diff', JSON.stringify({ after: TEMPLATE, parameters: 'Block' }), 400],
  ['POST', 'diff', JSON.stringify({ parameters: {} }), 400],
  ['POST', 'diff', '{}', 400],
  ['POST', 'diff', '[]', 400],
  ['POST', 'diff', '{', 400],
  ['POST', 'diff?before=3', '{}', 400],
];

for (const [method, path, body, status] of CASES)
  test(`${method} ${path} ${body.slice(0, 60)}: ${status}`, async () => {
    const [name = '', query = ''] = path.split('?');
    const said = await send(name, { method, query, body });
    assert.equal(said.ok ? 200 : said.error.status, status, JSON.stringify(said).slice(0, 300));
    if (said.ok) JSON.parse(said.value);
    else assert.ok(said.error.message.length > 0);
  });

test('a document is compared with the running world as two worlds are, and what there is to say of it is said', async () => {
  const body = JSON.stringify({ after: CHANGED });
  const said: unknown = JSON.parse(expectOk(await send('diff', { method: 'POST', query: '', body })));
  const read = expectOk(readSent(CHANGED, 'after')).after;
  const before = { ...smallWorld, revision: 5 };
  const expected = {
    ...diffDocument(before, read.world, differenceOf(before, read.world)),
    remarks: read.findings,
  };
  assert.deepEqual(said, JSON.parse(JSON.stringify(expected)));
  assert.ok(expected.statements.length > 3);
});

async function statements(sent: object): Promise<number> {
  const body = JSON.stringify(sent);
  const said = expectOk(await send('diff', { method: 'POST', query: '', body }));
  return (JSON.parse(said) as { readonly statements: readonly unknown[] }).statements.length;
}

function count({ before, after }: { readonly before: World; readonly after: World }): number {
  return diffDocument(before, after, differenceOf(before, after)).statements.length;
}

test('a plan is laid over the running world, over a document, or stands alone', async () => {
  const plan = expectOk(readSent(PLAN, 'plan')).plan;
  assert.ok(plan !== undefined);
  const changed = expectOk(readSent(CHANGED, 'over')).after.world;
  assert.equal(await statements({ plan: PLAN }), count(overlayPlan(smallWorld, plan)));
  assert.equal(await statements({ plan: PLAN, over: CHANGED }), count(overlayPlan(changed, plan)));
  const alone = count({ before: plan.before.world, after: plan.after.world });
  assert.equal(await statements({ plan: PLAN, over: null }), alone);
  assert.ok(alone > 0);
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
    '{"after":',
    '{"plan":',
    '{"Vpcs":[]}',
    'null',
    'traffic',
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
