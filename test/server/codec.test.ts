// The wire codec against AWS's own client: what the SDK writes is read back the same, what we write the SDK reads back the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { base64Bytes, base64Text } from '../../src/server/control/base64.ts';
import { decodeInput } from '../../src/server/ec2/decode.ts';
import { encodeError, encodeOutput, escapeXml } from '../../src/server/ec2/encode.ts';
import { FORM_LIMITS, parseForm } from '../../src/server/ec2/form.ts';
import type { ShapeRef } from '../../src/server/ec2/wire-shape.ts';
import { WIRE_TABLE } from '../../src/server/ec2/wire-table.ts';
import { wireTableText } from '../../tools/wire-table.ts';

const OPERATIONS = Object.entries(WIRE_TABLE.services.ec2.operations);

test('the wire table is what the SDK says', () => {
  const url = new URL('../../src/server/ec2/wire-table.json', import.meta.url);
  assert.ok(readFileSync(url, 'utf8') === wireTableText(), 'run `node tools/wire-table.ts` and read the difference');
});

type Sent = { readonly body: string };

/** A client whose requests end here: `answer` gives the body of the response. */
function clientWith(
  answer: (body: string) => { readonly status: number; readonly xml: string },
  sent: Sent[],
): ec2.EC2Client {
  return new ec2.EC2Client({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { readonly body?: unknown }) => {
        const body = typeof request.body === 'string' ? request.body : '';
        sent.push({ body });
        const { status, xml } = answer(body);
        const bytes = new TextEncoder().encode(xml);
        return await Promise.resolve({
          response: { statusCode: status, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body: bytes },
        });
      },
    },
  });
}

const TEXTS = ['x', 'a b', '&<>"\'', 'é\u{1f600}', 'sg-1', '100%+=&', '0', ' lead and trail '];

/** A value of a shape: deep enough to have every kind of member, never so deep that it does not end. */
function randomValue(random: Random, ref: ShapeRef, depth: number): unknown {
  if (typeof ref === 'number') return randomShape(random, ref, depth);
  switch (ref) {
    case 'string':
      return random.pick(TEXTS);
    case 'integer':
      return random.between(-5, 70_000);
    case 'boolean':
      return random.chance(0.5);
    case 'timestamp':
      return new Date(random.between(0, 2_000_000) * 1_000_000);
    case 'blob':
      return Uint8Array.from({ length: random.below(5) }, () => random.below(256));
  }
}

function randomShape(random: Random, index: number, depth: number): unknown {
  const shape = WIRE_TABLE.shapes[index] ?? assert.fail();
  // Lists in requests cannot be empty in this protocol: they are left out by the caller.
  if (shape.kind === 'list')
    return Array.from({ length: random.between(1, 3) }, () => randomValue(random, shape.of, depth + 1));
  const chosen = shape.members.filter((member) => member.required === true || random.chance(depth < 3 ? 0.5 : 0.15));
  const usable = chosen.filter((member) => depth < 6 || typeof member.shape !== 'number');
  return Object.fromEntries(usable.map((member) => [member.name, randomValue(random, member.shape, depth + 1)]));
}

/** Structures without any member leave no trace in a form. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  const kept = Object.entries(value)
    .map(([name, one]) => [name, pruned(one)] as const)
    .filter(([, one]) => one !== undefined && !(Array.isArray(one) && one.length === 0));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

type AnyCommand = new (input: unknown) => Parameters<ec2.EC2Client['send']>[0];

function commandOf(operation: string): AnyCommand {
  const command: unknown = (ec2 as unknown as Record<string, unknown>)[`${operation}Command`];
  assert.ok(typeof command === 'function', operation);
  return command as AnyCommand;
}

describe('round trip through the AWS SDK', () => {
  for (const [operation, { input, output }] of OPERATIONS)
    test(operation, async () => {
      const random = new Random(operation.length * 31 + operation.charCodeAt(3));
      for (let round = 0; round < 3; round += 1) {
        const asked = randomShape(random, input, 0);
        const answered = randomShape(random, output, 0) as Record<string, unknown>;
        const sent: Sent[] = [];
        const head = { service: 'ec2', operation, requestId: 'r-1' } as const;
        const client = clientWith(() => ({ status: 200, xml: encodeOutput(WIRE_TABLE, head, answered) }), sent);
        const { $metadata: _, ...received } = (await client.send(
          new (commandOf(operation))(asked),
        )) as unknown as Record<string, unknown>;
        assert.deepEqual(pruned(received), pruned(answered), 'answer');
        const form = expectOk(parseForm(sent[0]?.body ?? ''));
        assert.equal(form.children.get('Action')?.value, operation);
        const { ClientToken: made, ...got } = expectOk(decodeInput(WIRE_TABLE, input, form));
        const { ClientToken: given, ...wanted } = (pruned(asked) ?? {}) as Record<string, unknown>;
        // The SDK makes up a token where a request has none.
        if (given !== undefined) assert.equal(made, given);
        assert.deepEqual(pruned(got) ?? {}, wanted, 'request');
      }
    });

  test('errors have the code as their name', async () => {
    const xml = encodeError('ec2', {
      code: 'InvalidGroup.NotFound',
      message: "The security group 'sg-<1>' does not exist",
      requestId: 'r',
    });
    const client = clientWith(() => ({ status: 400, xml }), []);
    await assert.rejects(client.send(new ec2.DescribeSecurityGroupsCommand({})), {
      name: 'InvalidGroup.NotFound',
      message: "The security group 'sg-<1>' does not exist",
    });
  });

  test('an empty list is read as one, and an absent one as nothing', async () => {
    const output = { SecurityGroups: [{ GroupId: 'sg-1', IpPermissions: [], Tags: undefined }] };
    const head = { service: 'ec2', operation: 'DescribeSecurityGroups', requestId: 'r' } as const;
    const client = clientWith(() => ({ status: 200, xml: encodeOutput(WIRE_TABLE, head, output) }), []);
    const { SecurityGroups } = await client.send(new ec2.DescribeSecurityGroupsCommand({}));
    assert.deepEqual(SecurityGroups, [{ GroupId: 'sg-1', IpPermissions: [] }]);
  });
});

const DESCRIBE = WIRE_TABLE.services.ec2.operations['DescribeSecurityGroups']?.input ?? assert.fail();
const AUTHORIZE = WIRE_TABLE.services.ec2.operations['AuthorizeSecurityGroupIngress']?.input ?? assert.fail();

function decoded(shape: number, text: string): unknown {
  const result = decodeInput(WIRE_TABLE, shape, expectOk(parseForm(text)));
  return result.ok ? result.value : result.error;
}

describe('requests that people and old clients write', () => {
  test('lists may have gaps and go by their numbers', () => {
    assert.deepEqual(decoded(DESCRIBE, 'Action=DescribeSecurityGroups&GroupId.10=c&GroupId.2=a&GroupId.3=b'), {
      GroupIds: ['a', 'b', 'c'],
    });
  });

  test('plus is a blank, percent signs are UTF-8', () => {
    assert.deepEqual(decoded(DESCRIBE, 'GroupName.1=a+b%20%C3%A9'), { GroupNames: ['a b é'] });
  });

  test('a presigned query is the same request', () => {
    assert.deepEqual(decoded(DESCRIBE, 'X-Amz-Signature=00&X-Amz-Date=x&MaxResults=5'), { MaxResults: 5 });
  });

  const faults: readonly (readonly [number, string, string, RegExp])[] = [
    [DESCRIBE, 'GroupIds.1=x', 'UnknownParameter', /GroupIds is not recognized/],
    [DESCRIBE, 'Filter.1.Nam=x', 'UnknownParameter', /Filter\.1\.Nam is not recognized/],
    [DESCRIBE, 'GroupId.0=x', 'UnknownParameter', /GroupId\.0/],
    [DESCRIBE, 'GroupId.x=x', 'UnknownParameter', /GroupId\.x/],
    [DESCRIBE, 'MaxResults.1=x', 'UnknownParameter', /MaxResults\.1/],
    [DESCRIBE, 'MaxResults=many', 'InvalidParameterValue', /MaxResults/],
    [DESCRIBE, 'DryRun=perhaps', 'InvalidParameterValue', /DryRun/],
    [DESCRIBE, 'GroupId=x', 'InvalidParameterValue', /is a list/],
    [AUTHORIZE, 'IpPermissions.1.FromPort=1e9', 'InvalidParameterValue', /FromPort/],
    [AUTHORIZE, 'IpPermissions.1=x', 'InvalidParameterValue', /has members/],
  ];
  for (const [shape, text, code, message] of faults)
    test(`refused: ${text}`, () => {
      const fault = decoded(shape, text) as { readonly code: string; readonly message: string };
      assert.equal(fault.code, code);
      assert.match(fault.message, message);
    });

  test('a required parameter that is not there is named', () => {
    const shape = WIRE_TABLE.services.ec2.operations['CreateSubnet']?.input ?? assert.fail();
    assert.deepEqual(decoded(shape, 'CidrBlock=10.0.0.0/24'), {
      code: 'MissingParameter',
      message: 'The request must contain the parameter VpcId',
    });
  });
});

describe('forms', () => {
  test('are read as they were written', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
    const key = fc.array(word, { minLength: 1, maxLength: 4 }).map((steps) => steps.join('.'));
    fc.assert(
      fc.property(fc.dictionary(key, fc.string({ unit: 'grapheme' }), { noNullPrototype: true }), (pairs) => {
        const form = expectOk(parseForm(new URLSearchParams(pairs).toString()));
        for (const [name, value] of Object.entries(pairs)) {
          let node = form;
          for (const step of name.split('.')) node = node.children.get(step) ?? assert.fail(name);
          assert.equal(node.value, value);
        }
      }),
    );
  });

  test('bad encoding, repetition, depth and number are refused', () => {
    for (const [text, code] of [
      ['a=%zz', 'MalformedQueryString'],
      ['a=%ff', 'MalformedQueryString'],
      ['a=1&a=2', 'InvalidParameterCombination'],
      [`${'a.'.repeat(20)}a=1`, 'MalformedQueryString'],
      [`${'a'.repeat(2000)}=1`, 'MalformedQueryString'],
      [
        Array.from({ length: FORM_LIMITS.parameters + 1 }, (_, index) => `a${index}=`).join('&'),
        'MalformedQueryString',
      ],
    ] as const) {
      const read = parseForm(text);
      assert.ok(!read.ok && read.error.code === code, text.slice(0, 40));
    }
  });

  test('nothing makes the readers throw', () => {
    const noise = fc
      .array(
        fc.constantFrom('IpPermissions', 'GroupId', '.', '1', '0', '=', '&', '%', '%41', '+', 'x', '__proto__', 'é'),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(noise, fc.string()), fc.constantFrom(DESCRIBE, AUTHORIZE), (text, shape) => {
        const form = parseForm(text);
        if (form.ok) decodeInput(WIRE_TABLE, shape, form.value);
      }),
      { numRuns: 2000 },
    );
  });
});

test("base64 is Node's", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      assert.equal(base64Text(bytes), text);
      assert.deepEqual(base64Bytes(text), bytes);
    }),
  );
  for (const text of ['a', 'ab=', '====', 'a b=', 'é===']) assert.equal(base64Bytes(text), undefined);
});

test('escaped text never breaks a document', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeXml(text);
      assert.ok(!/[<>"]/.test(escaped) && !/&(?!(?:amp|lt|gt|quot|#xD);)/.test(escaped));
    }),
  );
});
