import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectOk } from '../core/net/result.ts';
import { getRecord } from '../core/model/world.ts';
import { DescribeReader, type Export } from './describe.ts';

const GROUP = {
  GroupId: 'sg-1',
  VpcId: 'vpc-1',
  OwnerId: '1',
  GroupName: 'web',
  Description: 'web',
  IpPermissions: [
    { IpProtocol: 'TCP', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.9/8', Description: 'ssh' }] },
    { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-1', UserId: '1' }] },
  ],
};
const ROW = {
  SecurityGroupRuleId: 'sgr-1',
  GroupId: 'sg-1',
  IsEgress: false,
  IpProtocol: 'tcp',
  FromPort: 22,
  ToPort: 22,
  CidrIpv4: '10.0.0.0/8',
};

function read(...documents: readonly unknown[]): Export {
  const reader = new DescribeReader();
  for (const [index, document] of documents.entries()) {
    const taken = reader.add(`${index}.json`, document);
    assert.ok(taken.ok, taken.ok ? '' : taken.error);
  }
  return expectOk(reader.finish());
}

function refusal(...documents: readonly unknown[]): string {
  const reader = new DescribeReader();
  for (const [index, document] of documents.entries()) {
    const taken = reader.add(`${index}.json`, document);
    if (!taken.ok) return taken.error;
  }
  return 'taken';
}

test('one permission with several peers becomes a rule for each, in canonical form', () => {
  const { world } = read({ SecurityGroups: [GROUP] });
  const rules = getRecord(world, 'groups', 'sg-1')?.rules ?? [];
  assert.deepEqual(
    rules.map((rule) => rule.id),
    ['sg-1:ingress:tcp/22:10.0.0.0/8', 'sg-1:ingress:all:sg-1'],
  );
});

test('rules with ids are taken, and a difference between the two forms is told', () => {
  const { world, findings } = read({ SecurityGroups: [GROUP] }, { SecurityGroupRules: [ROW] });
  assert.deepEqual(
    getRecord(world, 'groups', 'sg-1')?.rules.map((rule) => rule.id),
    ['sgr-1'],
  );
  assert.ok(findings.some((one) => one.severity === 'warning' && one.message.includes('permissions and rules differ')));
});

test('what an export does not have is missing from the world and listed', () => {
  const { world, findings } = read({ SecurityGroups: [] });
  assert.ok(world.missing.has('enis'));
  assert.ok(!world.missing.has('groups'));
  assert.ok(findings.some((one) => one.message.includes('network ACLs')));
});

test('documents without a list of records are no world, not one without anything in it', () => {
  const reader = new DescribeReader();
  assert.ok(!reader.finish().ok);
  expectOk(reader.add('x.json', { LoadBalancers: [], format_version: '99.0' }));
  const refused = reader.finish();
  assert.ok(!refused.ok);
  assert.match(refused.error, /^no list of records, only LoadBalancers, format_version: expected an object/);
  expectOk(reader.add('y.json', { Vpcs: [] }));
  assert.ok(reader.finish().ok);
});

test('pages may repeat a record, but not with other content', () => {
  assert.equal(refusal({ SecurityGroups: [GROUP] }, { SecurityGroups: [GROUP] }), 'taken');
  assert.match(
    refusal({ SecurityGroups: [GROUP] }, { SecurityGroups: [{ ...GROUP, GroupName: 'db' }] }),
    /sg-1 stands in/,
  );
});

test('a value that cannot be read is an error with its file and place', () => {
  const bad = {
    ...GROUP,
    IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0' }] }],
  };
  assert.match(
    refusal({ SecurityGroups: [bad] }),
    /^0\.json\.SecurityGroups\[0\]\.IpPermissions\[0\]\.IpRanges\[0\]\.CidrIp: CIDR block/,
  );
  const protocol = { ...GROUP, IpPermissions: [{ IpProtocol: 'esp', IpRanges: [{ CidrIp: '10.0.0.0/8' }] }] };
  assert.match(refusal({ SecurityGroups: [protocol] }), /"esp" is not a protocol/);
  assert.match(refusal([]), /expected an object/);
  assert.match(refusal({ SecurityGroups: {} }), /expected a list/);
});

test('associations of NACLs and route tables stand on subnets and VPCs', () => {
  const { world } = read({
    Vpcs: [{ VpcId: 'vpc-1', CidrBlock: '10.0.0.0/16' }],
    Subnets: [{ SubnetId: 'subnet-1', VpcId: 'vpc-1', CidrBlock: '10.0.1.0/24' }],
    NetworkAcls: [
      {
        NetworkAclId: 'acl-1',
        VpcId: 'vpc-1',
        Associations: [{ NetworkAclAssociationId: 'aclassoc-1', SubnetId: 'subnet-1' }],
        Entries: [
          {
            RuleNumber: 100,
            Protocol: '58',
            Egress: false,
            RuleAction: 'allow',
            CidrBlock: '0.0.0.0/0',
            IcmpTypeCode: { Type: 128, Code: 0 },
          },
          { RuleNumber: 32767, Protocol: '-1', Egress: false, RuleAction: 'deny', CidrBlock: '0.0.0.0/0' },
        ],
      },
    ],
    RouteTables: [
      {
        RouteTableId: 'rtb-1',
        VpcId: 'vpc-1',
        Associations: [{ Main: true, RouteTableAssociationId: 'rtbassoc-1' }],
        Routes: [
          { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' },
          { DestinationPrefixListId: 'pl-1', TransitGatewayId: 'tgw-1', State: 'active' },
        ],
      },
    ],
  });
  assert.equal(getRecord(world, 'subnets', 'subnet-1')?.networkAcl?.aclId, 'acl-1');
  assert.equal(getRecord(world, 'vpcs', 'vpc-1')?.mainRouteTable?.routeTableId, 'rtb-1');
  assert.deepEqual(
    getRecord(world, 'acls', 'acl-1')?.entries.map((entry) => entry.traffic),
    [{ kind: 'icmpv6', type: 'any', code: 'any' }],
  );
  assert.deepEqual(
    getRecord(world, 'routeTables', 'rtb-1')?.routes.map((route) => route.target.kind),
    ['local', 'unmodelled'],
  );
});
