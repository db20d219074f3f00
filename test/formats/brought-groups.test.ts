// The default group of a VPC that a plan or template makes: told of where something gets its rules, or somebody writes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectOk } from '../../src/core/net/result.ts';
import { lintWorld } from '../../src/analysis/lint/lint.ts';
import { readWhole } from '../../src/formats/any-world.ts';
import type { Export } from '../../src/formats/describe.ts';

type Change = { readonly at: string; readonly values: Readonly<Record<string, unknown>>; readonly unknown?: object };

const VPC = { cidr_block: '10.0.0.0/16' };
const ID = { id: true };
const created: Change = { at: 'aws_vpc.v', values: VPC, unknown: { ...ID, default_security_group_id: true } };
/** A rule of the default group by its attribute of the VPC. */
const rule: Change = {
  at: 'aws_vpc_security_group_ingress_rule.r',
  values: { ip_protocol: 'tcp', from_port: 443, to_port: 443, cidr_ipv4: '10.0.0.0/8' },
  unknown: { ...ID, security_group_id: true },
};
/** What attributes that are not known yet refer to. */
const REFERENCES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'aws_vpc_security_group_ingress_rule.r': {
    security_group_id: ['aws_vpc.v.default_security_group_id', 'aws_vpc.v'],
  },
  'aws_default_security_group.d': { vpc_id: ['aws_vpc.v.id', 'aws_vpc.v'] },
};

const PLANS: readonly (readonly [string, readonly Change[], readonly string[]])[] = [
  ['a VPC alone', [created], []],
  ['two VPCs', [created, { ...created, at: 'aws_vpc.w' }], []],
  ['a rule in its default group', [created, rule], ['note']],
  [
    'its default group without rules',
    [
      created,
      { at: 'aws_default_security_group.d', values: { ingress: [], egress: [] }, unknown: { ...ID, vpc_id: true } },
    ],
    [],
  ],
];

for (const [name, changes, expected] of PLANS)
  test(`a plan that makes ${name}`, () => assert.deepEqual(toldOf(read(planOf(changes))), expected));

test('a VPC that is there already', () => {
  const values = { ...VPC, id: 'vpc-1', default_security_group_id: 'sg-1' };
  const row = { address: 'aws_vpc.v', type: 'aws_vpc', name: 'v', mode: 'managed' };
  const resource_changes = [
    { ...row, change: { actions: ['no-op'], before: values, after: values, after_unknown: {} } },
  ];
  assert.deepEqual(toldOf(read({ format_version: '1.2', resource_changes })), ['perhaps note']);
});

test('a default group of which nobody says that it came with its VPC', () => {
  const { world } = read(planOf([created]));
  assert.deepEqual(toldOf({ world, findings: [] }), ['note']);
});

const TEMPLATE = {
  V: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
  S: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'V' }, CidrBlock: '10.0.1.0/24' } },
};
const DEFAULT_GROUP = { 'Fn::GetAtt': ['V', 'DefaultSecurityGroup'] };

test('a template that makes a VPC', () => assert.deepEqual(toldOf(read({ Resources: TEMPLATE })), []));

test('a template with an interface in the default group', () => {
  const Properties = { SubnetId: { Ref: 'S' }, GroupSet: [DEFAULT_GROUP] };
  const Resources = { ...TEMPLATE, E: { Type: 'AWS::EC2::NetworkInterface', Properties } };
  assert.deepEqual(toldOf(read({ Resources })), ['warning']);
});

test('a template with a rule in the default group', () => {
  const Properties = { GroupId: DEFAULT_GROUP, IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '10.0.0.0/8' };
  const Resources = { ...TEMPLATE, R: { Type: 'AWS::EC2::SecurityGroupIngress', Properties } };
  assert.deepEqual(toldOf(read({ Resources })), ['note']);
});

function read(document: object): Export {
  const whole = readWhole(document, 'document');
  assert.ok(whole !== undefined);
  return expectOk(whole).after;
}

function planOf(changes: readonly Change[]): object {
  return {
    format_version: '1.2',
    resource_changes: changes.map(({ at, values, unknown = ID }) => {
      const [type, name] = at.split('.');
      const change = { actions: ['create'], before: null, after: values, after_unknown: unknown };
      return { address: at, type, name, mode: 'managed', change };
    }),
    configuration: { root_module: { resources: changes.map(({ at }) => written(at)) } },
  };
}

function written(at: string): object {
  const [type, name] = at.split('.');
  const expressions = Object.entries(REFERENCES[at] ?? {}).map(([key, references]) => [key, { references }] as const);
  return { address: at, type, name, mode: 'managed', expressions: Object.fromEntries(expressions) };
}

/** How severe what is told of default groups is. */
function toldOf({ world, broughtGroups = [] }: Export): readonly string[] {
  return lintWorld(world, { broughtGroups })
    .findings.filter((one) => one.rule === 'default-group-rules')
    .map(({ severity, certainty }) => (certainty === 'perhaps' ? `perhaps ${severity}` : severity));
}
