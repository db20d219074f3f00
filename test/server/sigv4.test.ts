// Signatures against AWS's own signers and published examples.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import type { SignedRequest } from '../../src/server/access/signature.ts';
import { SignatureVerifier } from '../../src/server/access/sigv4.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const KEY = 'AKIDEXAMPLE';
const EXAMPLE_SECONDS = Date.parse('2015-08-30T12:36:00Z') / 1000;

const verifier = (token?: string): SignatureVerifier =>
  new SignatureVerifier((id) =>
    id === KEY ? { secretAccessKey: SECRET, ...(token === undefined ? {} : { sessionToken: token }) } : undefined,
  );

function request(
  more: Partial<Omit<SignedRequest, 'headers' | 'body'>>,
  headers: Record<string, string>,
  body = '',
): SignedRequest {
  return {
    method: 'GET',
    path: '/',
    query: '',
    ...more,
    headers: new Map(Object.entries(headers)),
    body: new TextEncoder().encode(body),
  };
}

/** The example of AWS's documentation and one of its test suite. */
const EXAMPLES = {
  'IAM ListUsers': request(
    { query: 'Action=ListUsers&Version=2010-05-08' },
    {
      host: 'iam.amazonaws.com',
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    },
  ),
  'get-vanilla': request(
    {},
    {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    },
  ),
};

describe('published examples', () => {
  for (const [name, one] of Object.entries(EXAMPLES))
    test(name, () => {
      const signer = verifier().verify(one, EXAMPLE_SECONDS);
      assert.ok(signer.ok, JSON.stringify(signer));
      assert.equal(signer.value.accessKeyId, KEY);
      assert.equal(signer.value.region, 'us-east-1');
    });

  test('any change makes them wrong', () => {
    const base = EXAMPLES['IAM ListUsers'];
    const changed: readonly SignedRequest[] = [
      { ...base, method: 'POST' },
      { ...base, path: '/x' },
      { ...base, query: 'Action=ListUsers&Version=2010-05-09' },
      { ...base, body: new Uint8Array([1]) },
      { ...base, headers: new Map([...base.headers, ['host', 'iam.example.com']]) },
      { ...base, headers: new Map([...base.headers, ['content-type', 'text/plain']]) },
    ];
    for (const one of changed) {
      const signer = verifier().verify(one, EXAMPLE_SECONDS);
      assert.ok(!signer.ok && signer.error.code === 'AuthFailure' && signer.error.status === 401);
    }
  });

  test('clocks may be five minutes apart', () => {
    const base = EXAMPLES['get-vanilla'];
    for (const [seconds, good] of [
      [300, true],
      [-300, true],
      [301, false],
      [-301, false],
    ] as const) {
      const signer = verifier().verify(base, EXAMPLE_SECONDS + seconds);
      assert.equal(signer.ok, good, String(seconds));
      if (!signer.ok) assert.equal(signer.error.code, 'RequestExpired');
    }
  });
});

/** A request as the SDK sends it, with the headers that reach a server. */
async function sdkRequest(token?: string): Promise<SignedRequest> {
  let caught: SignedRequest | undefined;
  const client = new EC2Client({
    region: 'eu-west-1',
    credentials: { accessKeyId: KEY, secretAccessKey: SECRET, ...(token === undefined ? {} : { sessionToken: token }) },
    maxAttempts: 1,
    requestHandler: {
      handle: async (sent: { method: string; path: string; headers: Record<string, string>; body: string }) => {
        const headers = Object.fromEntries(
          Object.entries(sent.headers).map(([name, value]) => [name.toLowerCase(), value]),
        );
        caught = request({ method: sent.method, path: sent.path }, headers, sent.body);
        return await Promise.reject(new Error('not sent'));
      },
    },
  });
  const command = new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'tag:Name', Values: ['é &=+ x'] }] });
  await assert.rejects(client.send(command));
  return caught ?? assert.fail('nothing was signed');
}

describe('clients', () => {
  test('what the AWS SDK signs is believed, and the body is hashed here', async () => {
    const sent = await sdkRequest();
    const now = Date.now() / 1000;
    assert.deepEqual(verifier().verify(sent, now), {
      ok: true,
      value: { accessKeyId: KEY, region: 'eu-west-1', service: 'ec2' },
    });
    const other = verifier().verify({ ...sent, body: new TextEncoder().encode('Action=TerminateInstances') }, now);
    assert.ok(!other.ok && ['SignatureDoesNotMatch', 'AuthFailure'].includes(other.error.code));
  });

  test('a session needs its token, and a key without a session none', async () => {
    const now = Date.now() / 1000;
    const sent = await sdkRequest('token');
    assert.ok(verifier('token').verify(sent, now).ok);
    assert.ok(!verifier('other').verify(sent, now).ok);
    assert.ok(!verifier().verify(sent, now).ok);
    assert.ok(!verifier('token').verify(await sdkRequest(), now).ok);
  });

  test('presigned URLs are good until they expire', async () => {
    const signer = new SignatureV4({
      service: 'ec2',
      region: 'eu-west-1',
      credentials: { accessKeyId: KEY, secretAccessKey: SECRET },
      sha256: class {
        readonly #hash;
        constructor(key?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
          this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', asBytes(key));
        }
        update(data: Uint8Array): void {
          this.#hash.update(data);
        }
        async digest(): Promise<Uint8Array> {
          return await Promise.resolve(this.#hash.digest());
        }
        reset(): void {
          throw new Error('not needed');
        }
      },
    });
    const query = { Action: 'DescribeVpcs', Version: '2016-11-15', 'Filter.1.Value.1': 'a b+é' };
    const signed = await signer.presign(
      { method: 'GET', protocol: 'https:', hostname: 'localhost', path: '/', query, headers: { host: 'localhost' } },
      { expiresIn: 600, signingDate: new Date(EXAMPLE_SECONDS * 1000) },
    );
    const text = new URLSearchParams(signed.query as Record<string, string>).toString();
    const one = request({ query: text }, { host: 'localhost' });
    assert.ok(verifier().verify(one, EXAMPLE_SECONDS + 599).ok);
    const late = verifier().verify(one, EXAMPLE_SECONDS + 601);
    assert.ok(!late.ok && late.error.code === 'RequestExpired');
    const longer = verifier().verify(
      { ...one, query: text.replace('X-Amz-Expires=600', 'X-Amz-Expires=900') },
      EXAMPLE_SECONDS + 601,
    );
    assert.ok(!longer.ok && longer.error.code === 'AuthFailure');
  });
});

describe('what is no signature', () => {
  const base = EXAMPLES['get-vanilla'];
  const authorization = base.headers.get('authorization') ?? '';
  const rows: readonly (readonly [string, string, string])[] = [
    ['no header at all', '', 'MissingAuthenticationToken'],
    ['another algorithm', 'Basic YTpi', 'IncompleteSignature'],
    ['a short scope', authorization.replace('/aws4_request', ''), 'IncompleteSignature'],
    ['another date', authorization.replace('/20150830/', '/20150831/'), 'IncompleteSignature'],
    ['a short signature', authorization.slice(0, -1), 'IncompleteSignature'],
    ['no host', authorization.replace('host;', ''), 'IncompleteSignature'],
    ['a header that is not there', authorization.replace('host;', 'host;range;'), 'IncompleteSignature'],
    ['another key', authorization.replace('AKIDEXAMPLE', 'AKIDOTHER'), 'AuthFailure'],
  ];
  for (const [name, text, code] of rows)
    test(name, () => {
      const headers = new Map([...base.headers].filter(([header]) => header !== 'authorization'));
      if (text !== '') headers.set('authorization', text);
      const signer = verifier().verify({ ...base, headers }, EXAMPLE_SECONDS);
      assert.ok(!signer.ok);
      assert.equal(signer.error.code, code);
      assert.ok(!signer.error.message.includes(SECRET));
    });

  test('nothing makes the reader of signatures throw', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'AWS4-HMAC-SHA256 ',
        'Credential=',
        KEY,
        '/20150830/',
        'us-east-1/ec2/aws4_request',
        ',',
        'SignedHeaders=',
        'host',
        ';',
        'Signature=',
        '0'.repeat(64),
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), fc.string(), (parts, query) => {
        const headers = new Map([...base.headers, ['authorization', parts.join('')]]);
        assert.ok(!verifier().verify({ ...base, headers, query }, EXAMPLE_SECONDS).ok);
        assert.ok(
          !verifier().verify(
            { ...base, headers: new Map(), query: `X-Amz-Signature=${query}&${query}` },
            EXAMPLE_SECONDS,
          ).ok,
        );
      }),
      { numRuns: 500 },
    );
  });
});

function asBytes(key: string | Uint8Array | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof key === 'string' || key instanceof Uint8Array) return key;
  return key instanceof ArrayBuffer ? new Uint8Array(key) : new Uint8Array(key.buffer, key.byteOffset, key.byteLength);
}
