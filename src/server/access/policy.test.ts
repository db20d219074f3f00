import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { expectOk } from '../../core/net/result.ts';
import { arnMatches, globMatches } from './glob.ts';
import { judge, policyOf, type Wish } from './policy.ts';

const VPC = 'arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-01';

function wish(
  given: Partial<Omit<Wish, 'context'>> & { readonly context?: Record<string, readonly string[]> } = {},
): Wish {
  return {
    action: given.action ?? 'ec2:CreateSubnet',
    resources: given.resources ?? [VPC],
    context: new Map(Object.entries(given.context ?? {})),
  };
}

function isAllowed(statements: unknown, asked: Wish = wish()): boolean {
  return judge([expectOk(policyOf({ Version: '2012-10-17', Statement: statements }))], asked).isAllowed;
}

function fault(statement: object): string {
  const policy = policyOf({ Statement: { Effect: 'Allow', Action: '*', Resource: '*', ...statement } });
  return policy.ok ? '' : policy.error;
}

const ALL = { Effect: 'Allow', Action: '*', Resource: '*' };

describe('policies', () => {
  test('what nothing allows is refused, what anything denies too', () => {
    assert.equal(isAllowed(ALL), true);
    assert.equal(isAllowed({ ...ALL, Effect: 'Deny' }), false);
    assert.equal(isAllowed([ALL, { ...ALL, Effect: 'Deny', Action: 'ec2:Create*' }]), false);
    assert.equal(isAllowed([{ ...ALL, Effect: 'Deny', Action: 'ec2:Delete*' }, ALL]), true);
    assert.deepEqual(judge([], wish()), { isAllowed: false, reason: `no statement allows it on ${VPC}` });
  });

  test('actions are patterns whatever their case', () => {
    const allows = (Action: unknown): boolean => isAllowed({ ...ALL, Action });
    for (const action of [
      'ec2:CreateSubnet',
      'EC2:createsubnet',
      'ec2:Create*',
      '*',
      ['a:b', 'ec2:*Subnet'],
      'ec2:C?eateSubnet',
    ])
      assert.equal(allows(action), true, String(action));
    for (const action of ['ec2:CreateSubnets', 'ec2:Describe*', 'sts:*', ['a:b']])
      assert.equal(allows(action), false, String(action));
    assert.equal(isAllowed({ Effect: 'Allow', NotAction: 'ec2:Create*', Resource: '*' }), false);
    assert.equal(isAllowed({ Effect: 'Allow', NotAction: 'ec2:Delete*', Resource: '*' }), true);
  });

  test('every resource must be allowed, by ARNs matched part by part', () => {
    const allows = (Resource: unknown, resources: readonly string[] = [VPC]): boolean =>
      isAllowed({ ...ALL, Resource }, wish({ resources }));
    for (const arn of [VPC, 'arn:aws:ec2:*:*:vpc/*', 'arn:aws:ec2:eu-west-1:111122223333:*', 'arn:*:*:*:*:*'])
      assert.equal(allows(arn), true, arn);
    for (const arn of ['arn:aws:ec2:us-east-1:*:vpc/*', 'arn:aws:ec2:*:vpc/*:vpc/*', `${VPC}2`])
      assert.equal(allows(arn), false, arn);
    const subnet = 'arn:aws:ec2:eu-west-1:111122223333:subnet/*';
    assert.equal(allows('arn:aws:ec2:*:*:vpc/*', [VPC, subnet]), false);
    assert.equal(allows(['arn:aws:ec2:*:*:vpc/*', 'arn:aws:ec2:*:*:subnet/*'], [VPC, subnet]), true);
    assert.equal(allows('arn:aws:ec2:*:*:vpc/*', ['*']), false);
    assert.equal(isAllowed({ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:ec2:*:*:vpc/*' }), false);
  });

  const CONDITIONS: readonly (readonly [string, string, unknown, readonly string[] | undefined, boolean])[] = [
    ['StringEquals', 'aws:RequestedRegion', 'eu-west-1', ['eu-west-1'], true],
    ['StringEquals', 'aws:RequestedRegion', ['us-east-1', 'eu-west-1'], ['eu-west-1'], true],
    ['StringEquals', 'AWS:requestedREGION', 'eu-west-1', ['EU-west-1'], false],
    ['StringEqualsIgnoreCase', 'aws:RequestedRegion', 'EU-WEST-1', ['eu-west-1'], true],
    ['StringEquals', 'aws:RequestedRegion', 'eu-west-1', undefined, false],
    ['StringEqualsIfExists', 'aws:RequestedRegion', 'eu-west-1', undefined, true],
    ['StringNotEquals', 'aws:RequestedRegion', 'eu-west-1', undefined, true],
    ['StringNotEquals', 'aws:RequestedRegion', ['eu-west-1', 'x'], ['eu-west-1'], false],
    ['StringNotEquals', 'aws:RequestedRegion', ['y', 'x'], ['eu-west-1'], true],
    ['StringLike', 'aws:RequestedRegion', 'eu-*-?', ['eu-west-1'], true],
    ['StringNotLike', 'aws:RequestedRegion', 'eu-*', ['eu-west-1'], false],
    ['NumericLessThanEquals', 'aws:EpochTime', '100', ['100'], true],
    ['NumericLessThan', 'aws:EpochTime', 100, ['100'], false],
    ['NumericGreaterThan', 'aws:EpochTime', '9', ['10'], true],
    ['NumericNotEquals', 'aws:EpochTime', '9', ['9'], false],
    ['DateLessThan', 'aws:CurrentTime', '2026-01-01T00:00:00Z', ['2025-12-31T23:59:59Z'], true],
    ['DateGreaterThanEquals', 'aws:CurrentTime', '1767225600', ['2026-01-01T00:00:00Z'], true],
    ['Bool', 'aws:SecureTransport', true, ['true'], true],
    ['Bool', 'aws:SecureTransport', 'false', ['true'], false],
    ['IpAddress', 'aws:SourceIp', ['10.0.0.0/8', '2001:db8::/32'], ['10.1.2.3'], true],
    ['IpAddress', 'aws:SourceIp', ['10.0.0.0/8', '2001:db8::/32'], ['2001:db8::1'], true],
    ['IpAddress', 'aws:SourceIp', '192.0.2.1', ['192.0.2.2'], false],
    ['NotIpAddress', 'aws:SourceIp', '10.0.0.0/8', ['10.0.0.1'], false],
    ['ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::*:user/a*', ['arn:aws:iam::111122223333:user/ann'], true],
    ['ArnNotEquals', 'aws:PrincipalArn', 'arn:aws:iam::*:user/a*', ['arn:aws:iam::111122223333:user/bob'], true],
    ['Null', 'aws:username', 'true', undefined, true],
    ['Null', 'aws:username', 'false', ['ann'], true],
    ['Null', 'aws:username', true, ['ann'], false],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['a'], ['a', 'b'], false],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['a'], undefined, true],
    ['ForAnyValue:StringEquals', 'aws:TagKeys', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringEquals', 'aws:TagKeys', ['a'], undefined, false],
    ['ForAnyValue:StringNotEquals', 'aws:TagKeys', ['a'], ['a'], false],
    ['StringEquals', 'aws:RequestTag/Team', 'shop', ['shop'], true],
  ];

  for (const [operator, key, wanted, given, expected] of CONDITIONS) {
    test(`${operator} ${key} ${JSON.stringify(wanted)} on ${JSON.stringify(given)} is ${expected}`, () => {
      const context = given === undefined ? {} : { [key.toLowerCase()]: given };
      assert.equal(isAllowed({ ...ALL, Condition: { [operator]: { [key]: wanted } } }, wish({ context })), expected);
    });
  }

  test('all conditions of a statement must hold', () => {
    const Condition = {
      StringEquals: { 'aws:username': 'ann', 'aws:RequestedRegion': 'eu-west-1' },
      Bool: { 'aws:SecureTransport': 'true' },
    };
    const context = { 'aws:username': ['ann'], 'aws:requestedregion': ['eu-west-1'], 'aws:securetransport': ['true'] };
    assert.equal(isAllowed({ ...ALL, Condition }, wish({ context })), true);
    for (const key of Object.keys(context))
      assert.equal(isAllowed({ ...ALL, Condition }, wish({ context: { ...context, [key]: ['other'] } })), false, key);
  });

  test('what this evaluator does not know is refused when the policy is read', () => {
    assert.match(
      fault({ Condition: { StringSounds: { 'aws:username': 'x' } } }),
      /operator 'StringSounds' is not supported/,
    );
    assert.match(fault({ Condition: { StringEquals: { 'ec2:Vpc': 'x' } } }), /condition key 'ec2:Vpc' is not known/);
    assert.match(fault({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } }), /is no value/);
    assert.match(fault({ Resource: 'arn:aws:ec2:::vpc/${aws:username}' }), /policy variables/);
    assert.match(fault({ Principal: '*' }), /'Principal' is not supported/);
    assert.match(fault({ Effect: 'allow' }), /Allow or Deny/);
    assert.match(fault({ Action: 'CreateVpc' }), /'CreateVpc' is no action/);
    assert.match(fault({ Resource: 'vpc-01' }), /'vpc-01' is no ARN/);
    assert.match(fault({ NotAction: '*' }), /exactly one of Action and NotAction/);
    assert.match(fault({ Action: [] }), /list of texts/);
    assert.equal(policyOf({ Statement: [] }).ok, false);
    assert.equal(policyOf({ Version: '2020-01-01', Statement: ALL }).ok, false);
    assert.equal(policyOf({ Statement: Array.from({ length: 501 }, () => ALL) }).ok, false);
  });

  test('anything at all is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.anything(), fc.jsonValue(), (thing, json) => {
        policyOf(thing);
        policyOf({ Statement: [{ ...ALL, Condition: json }, json] });
      }),
      { numRuns: 500 },
    );
  });

  test('a statement that denies decides wherever it stands; one that allows never takes away', () => {
    const statement = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Action: fc.constantFrom('*', 'ec2:Create*', 'ec2:DeleteVpc'),
      Resource: fc.constantFrom('*', 'arn:aws:ec2:*:*:vpc/*', 'arn:aws:ec2:*:*:subnet/*'),
    });
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 5 }), (statements) => {
        const before = isAllowed(statements);
        assert.equal(isAllowed(statements.toReversed()), before);
        assert.equal(isAllowed([...statements, { ...ALL, Effect: 'Deny' }]), false);
        if (before) assert.equal(isAllowed([...statements, ALL]), true);
      }),
    );
  });
});

test('globs are what regular expressions say they are', () => {
  const pattern = fc.stringMatching(/^[ab*?]{0,8}$/);
  const text = fc.stringMatching(/^[ab]{0,10}$/);
  fc.assert(
    fc.property(pattern, text, (glob, word) => {
      const source = glob.replaceAll('*', '.*').replaceAll('?', '.');
      assert.equal(globMatches(glob, word), new RegExp(`^${source}$`).test(word));
    }),
    { numRuns: 2000 },
  );
  // Stars without end cost no more than the product of the lengths.
  assert.equal(globMatches('*a'.repeat(1000), 'a'.repeat(2000)), true);
  assert.equal(globMatches(`${'*a'.repeat(1000)}b`, 'a'.repeat(2000)), false);
  assert.equal(arnMatches('arn:aws:ec2:*:*:vpc/*', 'arn:aws:ec2:eu-west-1:1:x:vpc/a'), false);
});
