// Which resources of a plan write the same rules: those that do, and those that nearly do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectOk } from '../../src/core/net/result.ts';
import { lintWorld } from '../../src/analysis/lint/lint.ts';
import { readPlan } from '../../src/formats/terraform/plan.ts';

/** A resource as a person writes it: what it says, and which attributes are ids of others. */
type Written = {
  readonly at: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly refers?: Readonly<Record<string, string>>;
  readonly isUnknown?: Readonly<Record<string, string>>;
};

const GROUP: Written = { at: 'aws_security_group.g', values: { id: 'sg-1', name: 'g', vpc_id: 'vpc-1' } };
const ACL: Written = { at: 'aws_network_acl.n', values: { id: 'acl-1', vpc_id: 'vpc-1' } };
const block = { protocol: 'tcp', from_port: 443, to_port: 443, cidr_blocks: ['10.0.0.0/8'], self: false };
const entry = {
  protocol: 'tcp',
  from_port: 443,
  to_port: 443,
  cidr_block: '10.0.0.0/8',
  action: 'allow',
  rule_no: 100,
};
const group = (...directions: readonly ('ingress' | 'egress')[]): Written => ({
  ...GROUP,
  values: { ...GROUP.values, ...Object.fromEntries(directions.map((one) => [one, [block]])) },
});
const old = (name: string, port: number, type = 'ingress'): Written => ({
  at: `aws_security_group_rule.${name}`,
  values: { ...block, type, from_port: port, to_port: port, security_group_id: 'sg-1' },
});
const single = (name: string, port: number, direction = 'ingress'): Written => ({
  at: `aws_vpc_security_group_${direction}_rule.${name}`,
  values: {
    ip_protocol: 'tcp',
    from_port: port,
    to_port: port,
    cidr_ipv4: '10.0.0.0/8',
    security_group_id: 'sg-1',
  },
});
const aclRule = (egress: boolean): Written => ({
  at: 'aws_network_acl_rule.r',
  values: {
    network_acl_id: 'acl-1',
    egress,
    rule_number: 110,
    rule_action: 'allow',
    protocol: 'tcp',
    from_port: 22,
    to_port: 22,
    cidr_block: '10.0.0.0/8',
  },
});

const CASES: readonly (readonly [string, readonly Written[], readonly string[]])[] = [
  ['blocks alone', [group('ingress')], []],
  ['resources alone', [GROUP, old('a', 443), old('b', 444)], []],
  ['blocks and a resource', [group('ingress'), old('a', 444)], ['blocks ingress g,a']],
  ['blocks and a resource for the same rule', [group('ingress'), single('a', 443)], ['blocks ingress g,a']],
  ['blocks of the one direction and a resource of the other', [group('ingress'), old('a', 443, 'egress')], []],
  [
    'an empty list of blocks',
    [{ ...GROUP, values: { ...GROUP.values, ingress: [] } }, old('a', 443)],
    ['blocks ingress g,a'],
  ],
  ['two resources for the same rule', [GROUP, old('a', 443), old('b', 443)], ['same-rule ingress a,b']],
  ['two resources for ports that overlap', [GROUP, old('a', 443), old('b', 444)], []],
  ['both kinds', [GROUP, old('a', 443), single('b', 444)], ['kinds ingress a,b']],
  ['both kinds, each for a direction', [GROUP, old('a', 443), single('b', 444, 'egress')], []],
  [
    'blocks of a NACL and a resource',
    [{ ...ACL, values: { ...ACL.values, ingress: [entry] } }, aclRule(false)],
    ['blocks ingress n,r'],
  ],
  [
    'blocks of a NACL and a resource of the other direction',
    [{ ...ACL, values: { ...ACL.values, ingress: [entry] } }, aclRule(true)],
    [],
  ],
  ['a NACL without blocks', [ACL, aclRule(false)], []],
];

for (const [name, written, expected] of CASES)
  test(name, () => {
    const { after, before } = expectOk(readPlan(plan(written), 'plan.json'));
    const told = (after.overlaps ?? []).map(
      ({ kind, direction, writers }) => `${kind} ${direction} ${writers.map((one) => one.split('.')[1]).join()}`,
    );
    assert.deepEqual(told, expected);
    assert.equal(before.overlaps, undefined);
    const findings = lintWorld(after.world, { overlaps: after.overlaps ?? [] }).findings.filter(
      ({ rule }) => rule === 'writers-overlap',
    );
    assert.equal(findings.length, expected.length);
    assert.ok(findings.every(({ certainty }) => certainty === 'certain'));
  });

test('a resource of which the group is not known overlaps perhaps', () => {
  const loose: Written = {
    ...old('a', 444),
    values: { ...block, type: 'ingress' },
    isUnknown: { security_group_id: 'aws_security_group.g.id' },
  };
  const other: Written = { ...GROUP, at: 'aws_security_group.h', values: { ...GROUP.values, id: 'sg-2' } };
  const { after } = expectOk(
    readPlan(
      plan([
        group('ingress'),
        other,
        { ...loose, refers: { security_group_id: 'aws_security_group.g.id,aws_security_group.h.id' } },
      ]),
      'plan.json',
    ),
  );
  const finding = lintWorld(after.world, { overlaps: after.overlaps ?? [] }).findings.find(
    ({ rule }) => rule === 'writers-overlap',
  );
  assert.equal(finding?.certainty, 'perhaps', JSON.stringify(after.overlaps));
  assert.deepEqual(finding.unknowns, ['aws_security_group_rule.a.security_group_id']);
});

function plan(written: readonly Written[]): unknown {
  return {
    format_version: '1.2',
    terraform_version: '1.11.0',
    resource_changes: written.map(({ at, values, isUnknown = {} }) => ({
      address: at,
      mode: 'managed',
      type: at.split('.')[0],
      name: at.split('.')[1],
      provider_name: 'registry.terraform.io/hashicorp/aws',
      change: {
        actions: ['create'],
        before: null,
        after: values,
        after_unknown: Object.fromEntries(Object.keys(isUnknown).map((key) => [key, true])),
      },
    })),
    configuration: {
      root_module: {
        resources: written.map(({ at, values, refers = {}, isUnknown = {} }) => ({
          address: at,
          mode: 'managed',
          type: at.split('.')[0],
          name: at.split('.')[1],
          expressions: Object.fromEntries([
            ...Object.entries(values)
              .filter(([key]) => key !== 'id')
              .map(([key, value]) => [key, { constant_value: value }]),
            ...Object.entries({ ...isUnknown, ...refers }).map(([key, value]) => [
              key,
              { references: value.split(',') },
            ]),
          ]) as unknown,
        })),
      },
    },
  };
}
