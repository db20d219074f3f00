// Calls written as for the AWS CLI: what they mean by the wire table, what is refused, and that nothing makes the reader fail.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseCliCall } from '../../src/server/ec2/cli-call.ts';
import { parseValue } from '../../src/server/ec2/cli-values.ts';
import { WIRE_TABLE } from '../../src/server/ec2/wire-table.ts';

type Case = readonly [words: readonly string[], action: string, input: object];

const AUTHORIZE = ['authorize-security-group-ingress', '--group-id', 'sg-1'];

const MEANT: readonly Case[] = [
  [
    ['ec2', ...AUTHORIZE, '--protocol', 'tcp', '--port', '22', '--cidr', '0.0.0.0/0'],
    'AuthorizeSecurityGroupIngress',
    { GroupId: 'sg-1', IpPermissions: [permission('tcp', 22, 22, { IpRanges: [{ CidrIp: '0.0.0.0/0' }] })] },
  ],
  [
    ['aws', 'ec2', ...AUTHORIZE, '--protocol', 'all', '--port=-1', '--cidr=::/0', '--region', 'eu-west-1'],
    'AuthorizeSecurityGroupIngress',
    { GroupId: 'sg-1', IpPermissions: [permission('-1', -1, -1, { Ipv6Ranges: [{ CidrIpv6: '::/0' }] })] },
  ],
  [
    [...AUTHORIZE, '--protocol', 'udp', '--port', '100-200', '--source-group', 'sg-2', '--group-owner', '1234'],
    'AuthorizeSecurityGroupIngress',
    {
      GroupId: 'sg-1',
      IpPermissions: [permission('udp', 100, 200, { UserIdGroupPairs: [{ GroupId: 'sg-2', UserId: '1234' }] })],
    },
  ],
  [
    [...AUTHORIZE, '--protocol', 'icmp', '--port', '8--1', '--source-group', 'web', '--dry-run'],
    'AuthorizeSecurityGroupIngress',
    { GroupId: 'sg-1', IpPermissions: [permission('icmp', 8, -1, { UserIdGroupPairs: [{ GroupName: 'web' }] })] },
  ],
  [
    [
      ...AUTHORIZE,
      '--ip-permissions',
      'IpProtocol=tcp,FromPort=80,ToPort=81,IpRanges=[{CidrIp=10.0.0.0/8,Description="a, b"},{CidrIp=10.0.0.1/32}]',
      'IpProtocol=udp,FromPort=53,ToPort=53,PrefixListIds=[{PrefixListId=pl-1}]',
    ],
    'AuthorizeSecurityGroupIngress',
    {
      GroupId: 'sg-1',
      IpPermissions: [
        permission('tcp', 80, 81, {
          IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'a, b' }, { CidrIp: '10.0.0.1/32' }],
        }),
        permission('udp', 53, 53, { PrefixListIds: [{ PrefixListId: 'pl-1' }] }),
      ],
    },
  ],
  [
    [
      'revoke-security-group-egress',
      '--group-id',
      'sg-1',
      '--ip-permissions',
      '[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]',
    ],
    'RevokeSecurityGroupEgress',
    { GroupId: 'sg-1', IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] },
  ],
  [
    ['revoke-security-group-ingress', '--group-id', 'sg-1', '--security-group-rule-ids', 'sgr-1', 'sgr-2'],
    'RevokeSecurityGroupIngress',
    { GroupId: 'sg-1', SecurityGroupRuleIds: ['sgr-1', 'sgr-2'] },
  ],
  [
    [
      'modify-security-group-rules',
      '--group-id=sg-1',
      '--security-group-rules',
      'SecurityGroupRuleId=sgr-1,SecurityGroupRule={IpProtocol=tcp,FromPort=1,ToPort=2,CidrIpv4=10.0.0.0/8}',
    ],
    'ModifySecurityGroupRules',
    {
      GroupId: 'sg-1',
      SecurityGroupRules: [
        {
          SecurityGroupRuleId: 'sgr-1',
          SecurityGroupRule: { IpProtocol: 'tcp', FromPort: 1, ToPort: 2, CidrIpv4: '10.0.0.0/8' },
        },
      ],
    },
  ],
  [
    ['modify-network-interface-attribute', '--network-interface-id', 'eni-1', '--groups', 'sg-1', 'sg-2'],
    'ModifyNetworkInterfaceAttribute',
    { NetworkInterfaceId: 'eni-1', Groups: ['sg-1', 'sg-2'] },
  ],
  [
    ['modify-network-interface-attribute', '--network-interface-id', 'eni-1', '--no-source-dest-check'],
    'ModifyNetworkInterfaceAttribute',
    { NetworkInterfaceId: 'eni-1', SourceDestCheck: { Value: false } },
  ],
  [
    ['modify-instance-attribute', '--instance-id', 'i-1', '--groups', '["sg-1"]'],
    'ModifyInstanceAttribute',
    { InstanceId: 'i-1', Groups: ['sg-1'] },
  ],
  [
    ['create-network-acl-entry'].concat(
      ['--network-acl-id', 'acl-1', '--ingress', '--rule-number', '100', '--protocol', 'tcp'],
      ['--port-range', 'From=53,To=53', '--cidr-block', '0.0.0.0/0', '--rule-action', 'allow'],
    ),
    'CreateNetworkAclEntry',
    {
      NetworkAclId: 'acl-1',
      RuleNumber: 100,
      Egress: false,
      Protocol: '6',
      RuleAction: 'allow',
      CidrBlock: '0.0.0.0/0',
      PortRange: { From: 53, To: 53 },
    },
  ],
  [
    ['delete-network-acl-entry', '--network-acl-id', 'acl-1', '--egress', '--rule-number', '100'],
    'DeleteNetworkAclEntry',
    { NetworkAclId: 'acl-1', RuleNumber: 100, Egress: true },
  ],
  [
    ['create-route', '--route-table-id', 'rtb-1', '--destination-ipv6-cidr-block', '::/0', '--gateway-id', 'igw-1'],
    'CreateRoute',
    { RouteTableId: 'rtb-1', DestinationIpv6CidrBlock: '::/0', GatewayId: 'igw-1' },
  ],
];

function permission(IpProtocol: string, FromPort: number, ToPort: number, peers: object): object {
  return { IpProtocol, FromPort, ToPort, ...peers };
}

/** Words, and what the refusal must say. */
const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /begins with its command/],
  [['--group-id', 'sg-1'], /begins with its command/],
  [['describe-vpcs'], /changes nothing/],
  [['authorise-security-group-ingress'], /no command/],
  [['authorize-security-group-ingress', 'sg-1'], /belongs to no option/],
  [[...AUTHORIZE, '--group-id', 'sg-2'], /given twice/],
  [[...AUTHORIZE, '--prot', 'tcp'], /no option --prot/],
  [[...AUTHORIZE, '--protocol', 'tcp', '--port', 'ssh'], /--port/],
  [[...AUTHORIZE, '--port', '22'], /--protocol is missing/],
  [[...AUTHORIZE, '--protocol', 'tcp', '--ip-permissions', '[]'], /cannot stand beside/],
  [[...AUTHORIZE, '--protocol', 'tcp', '--group-owner', '1'], /--source-group/],
  [[...AUTHORIZE, '--ip-permissions', 'file://rules.json'], /files are not read/],
  [[...AUTHORIZE, '--ip-permissions', 'IpProtocol=tcp,Cidr=1'], /has no Cidr/],
  [[...AUTHORIZE, '--ip-permissions', '[{"IpProtocol":null}]'], /null/],
  [[...AUTHORIZE, '--ip-permissions', 'IpProtocol=[tcp'], /expected \]/],
  [[...AUTHORIZE, '--ip-permissions', 'IpProtocol=tcp,FromPort=x'], /Value \(x\)/],
  [[...AUTHORIZE, '--ip-permissions', '{'], /is none/],
  [['delete-network-acl-entry', '--egress', '--ingress'], /beside --egress/],
  [['delete-network-acl-entry', '--egress'], /NetworkAclId/],
  [['create-network-acl-entry', '--no-protocol'], /no switch/],
];

describe('calls as for the AWS CLI', () => {
  for (const [words, action, input] of MEANT)
    test(words.join(' '), () => {
      assert.deepEqual(parseCliCall(words), { ok: true, value: { action, input } });
    });

  for (const [words, message] of REFUSED)
    test(`refused: ${words.join(' ')}`, () => {
      const call = parseCliCall(words);
      assert.ok(!call.ok);
      assert.match(call.error.message, message);
    });

  test('every action that changes something has a command, which is suggested by the name of the AWS CLI', () => {
    const unknown = parseCliCall(['x']);
    assert.ok(!unknown.ok);
    const changing = Object.keys(WIRE_TABLE.services.ec2.operations).filter((name) => !/^(?:Describe|Get)/.test(name));
    assert.equal(unknown.error.candidates.length, changing.length);
    for (const command of unknown.error.candidates) {
      const call = parseCliCall([command, '--no-such-option']);
      assert.ok(!call.ok && call.error.message.includes('no option'), command);
    }
  });
});

const TOKENS = ['=', ',', '[', ']', '{', '}', '"', "'", '\\', ' ', 'a', 'Key', '1', '--', '[[[[[[[[[[[[[[[[[['];

describe('what is no call', () => {
  test('words of all kinds are read or refused', () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...TOKENS), { maxLength: 40 }).map((parts) => parts.join('')),
    );
    const option = fc.constantFrom(
      '--ip-permissions',
      '--group-id',
      '--protocol',
      '--port',
      '--cidr',
      '--tag-specifications',
      '--x',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(option, text), { maxLength: 12 }), (words) => {
        const call = parseCliCall(['authorize-security-group-ingress', ...words]);
        if (!call.ok) assert.ok(call.error.message.length > 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('what JSON says is what its shorthand says', () => {
    const plain = fc.stringMatching(/^[A-Za-z0-9./:]{1,8}$/);
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,5}$/);
    const members = fc.dictionary(name, fc.oneof(plain, fc.array(plain, { minLength: 1, maxLength: 3 })), {
      minKeys: 1,
      maxKeys: 4,
    });
    fc.assert(
      fc.property(members, (structure) => {
        const parts = Object.entries(structure).map(
          ([key, value]) => `${key}=${typeof value === 'string' ? value : `[${value.join(',')}]`}`,
        );
        assert.deepEqual(parseValue(parts.join(',')), parseValue(JSON.stringify(structure)));
      }),
    );
  });

  test('long shorthand is read in one go', () => {
    const text = `A=${Array.from({ length: 100_000 }, () => 'x').join(',')}`;
    const value = parseValue(text);
    assert.ok(value.ok);
  });
});
