// Templates: what each function comes to, what AWS makes of what is not said, and that nothing in a template stops the reader.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { KINDS } from '../../src/core/model/records.ts';
import { ruleIdentity } from '../../src/core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { groupReport } from '../../src/analysis/group-report.ts';
import { ask } from '../../src/analysis/ask.ts';
import { lintWorld } from '../../src/analysis/lint/lint.ts';
import { readWholeText } from '../../src/formats/any-text.ts';
import { readWhole } from '../../src/formats/any-world.ts';
import { kindOfDocument } from '../../src/formats/document-kind.ts';
import { Evaluator } from '../../src/formats/cloudformation/evaluator.ts';
import { givenIn } from '../../src/formats/cloudformation/parameters.ts';
import { readTemplateJson } from '../../src/formats/cloudformation/template.ts';
import { parseTemplateYaml } from '../../src/formats/cloudformation/template-yaml.ts';
import { readTemplate } from '../../src/formats/cloudformation/template-world.ts';
import { Opaque, property, UNKNOWN, type Value } from '../../src/formats/cloudformation/value.ts';
import type { Export } from '../../src/formats/describe.ts';
import { checks } from '../property/checks.ts';

const SHARED = fileURLToPath(new URL('../../../shared/data/cloudformation/', import.meta.url));
const CDK = readFileSync(new URL('cloudformation/cdk.template.json', import.meta.url), 'utf8');
const TIERS = readFileSync(new URL('cloudformation/tiers.yaml', import.meta.url), 'utf8');

function readYaml(text: string): Export {
  return expectOk(readTemplate(expectOk(parseTemplateYaml(text, 'x.yaml')), 'x.yaml'));
}

function rulesOf(world: World, id: string): readonly string[] {
  const group = getRecord(world, 'groups', id) ?? assert.fail(id);
  return group.rules.map((rule) => `${rule.direction} ${ruleIdentity(rule)}${rule.doubt === undefined ? '' : ' ?'}`);
}

function verdict(world: World, from: string, to: string, traffic: string): string {
  const answer = ask(world, { from, to, traffic });
  return answer.ok ? answer.value.verdict : answer.error.message;
}

function recordsText(world: World): string {
  return JSON.stringify(KINDS.map((kind) => [...listRecords(world, kind)].toSorted((a, b) => (a.id < b.id ? -1 : 1))));
}

test('three tiers are what their template says', () => {
  const { world, findings } = readYaml(TIERS);
  assert.deepEqual(rulesOf(world, 'WebGroup'), [
    'ingress ingress tcp/443 0.0.0.0/0',
    'ingress ingress tcp/22 203.0.113.25/32',
    'egress egress all 0.0.0.0/0',
    'ingress ingress all PartnerIn.CidrIp ?',
  ]);
  assert.deepEqual(rulesOf(world, 'AppGroup'), [
    'egress egress tcp/5432 10.0.0.0/16',
    'ingress ingress tcp/8080 WebGroup',
  ]);
  assert.deepEqual(rulesOf(world, 'DbGroup'), ['ingress ingress tcp/5432 AppGroup', 'egress egress all 0.0.0.0/0']);
  for (const [from, to, traffic, expected] of [
    ['internet', 'web', 'tcp/443', 'allowed'],
    ['203.0.113.25', 'web', 'tcp/22', 'allowed'],
    // A partner of whom the address is a parameter may be let in with anything.
    ['203.0.113.26', 'web', 'tcp/22', 'depends'],
    ['web', 'app', 'tcp/8080', 'allowed'],
    ['web', 'app', 'tcp/8443', 'blocked'],
    ['app', 'Db/Private', 'tcp/5432', 'allowed'],
    ['web', 'Db/Private', 'tcp/5432', 'blocked'],
    ['Worker/Private', 'Db/Private', 'tcp/5432', 'allowed'],
    ['internet', 'app', 'tcp/8080', 'blocked'],
    // No group filters a network load balancer that has none, and the NACL lets TCP of the VPC in.
    ['web', 'Balancer/Private', 'tcp/80', 'allowed'],
    // The NACL of the private subnet takes no answers from outside.
    ['app', 'internet', 'tcp/443', 'blocked'],
    ['internet', 'Fleet/Public', 'tcp/443', 'blocked'],
    ['web', 'Fleet/Public', 'tcp/443', 'allowed'],
  ] as const)
    assert.equal(verdict(world, from, to, traffic), expected, `${from} to ${to} ${traffic}`);
  assert.doesNotMatch(JSON.stringify([findings, recordsText(world)]), /not-for-printing/);
});

test('YAML with short forms and JSON are one template', () => {
  const json: unknown = JSON.parse(JSON.stringify(expectOk(parseTemplateYaml(TIERS, 'x.yaml'))));
  assert.equal(kindOfDocument(json), 'cloudformation');
  const whole = readWhole(json, 'x.json');
  assert.ok(whole?.ok === true);
  assert.equal(recordsText(whole.value.after.world), recordsText(readYaml(TIERS).world));
  const text = readWholeText(TIERS, 'x.yaml');
  assert.ok(text?.ok === true);
  assert.equal(text.value.before, text.value.after);
});

/** What an expression comes to. */
function valueOf(expression: string): Value | undefined {
  const text = `
Parameters:
  Name: { Type: String, Default: web }
  Open: { Type: String }
  Ids: { Type: 'List<AWS::EC2::Subnet::Id>' }
  Zones: { Type: CommaDelimitedList, Default: 'a, b' }
  Image: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /some/name }
Mappings: { Map: { web: { Port: 80, List: [x, y] } } }
Conditions:
  Yes: !Equals [!Ref Name, web]
  No: !Not [!Condition Yes]
  Unsure: !Equals [!Ref Open, x]
  Both: !And [!Condition Yes, !Condition Unsure]
  Neither: !And [!Condition No, !Condition Unsure]
  Either: !Or [!Condition Yes, !Condition Unsure]
  Loop: !Condition Loop
Resources:
  Net: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } }
  Other: { Type: 'Custom::Thing', Properties: {} }
  Stack: { Type: 'AWS::CloudFormation::Stack', Properties: {} }
  Self: { Type: 'AWS::EC2::Subnet', Properties: { CidrBlock: !GetAtt Self.CidrBlock } }
  X:
    Type: AWS::EC2::Thing
    Properties: { Value: ${expression} }
`;
  const template = readTemplateJson(expectOk(parseTemplateYaml(text, 'x.yaml')), 'x.yaml');
  return property(new Evaluator(template, 'x.yaml').propertiesOf('X'), 'Value');
}

test('functions come to what CloudFormation makes of them', () => {
  const cases: readonly (readonly [string, Value | undefined])[] = [
    ['!Ref Name', 'web'],
    ['!Ref Net', 'Net'],
    ['!Ref Zones', ['a', 'b']],
    ['!Ref Ids', UNKNOWN],
    ['!Ref AWS::NoValue', undefined],
    ['[1, !Ref AWS::NoValue, 2]', [1, 2]],
    ['!Sub "${Name}-${Net.CidrBlock}-${!Kept}"', 'web-10.0.0.0/16-${Kept}'],
    ['!Sub ["${A}/${Name}", { A: !Select [1, !Ref Zones] }]', 'b/web'],
    ['!Sub "${Open}-x"', UNKNOWN],
    ['!Join ["-", [a, !Ref Name]]', 'a-web'],
    ['!Join ["-", [a, !Ref Open]]', UNKNOWN],
    ['!Split [",", "a,b"]', ['a', 'b']],
    ['!Select ["1", [a, b]]', 'b'],
    ['!Select [5, [a, b]]', UNKNOWN],
    ['!Select [0, !GetAZs ""]', UNKNOWN],
    ['!FindInMap [Map, !Ref Name, Port]', 80],
    ['!FindInMap [Map, !Ref Name, List]', ['x', 'y']],
    ['!FindInMap [Map, none, Port]', UNKNOWN],
    ['!FindInMap [Map, none, Port, { DefaultValue: 7 }]', 7],
    ['!FindInMap [Map, !Ref "AWS::Region", Port]', UNKNOWN],
    ['!If [Yes, a, b]', 'a'],
    ['!If [No, a, b]', 'b'],
    ['!If [Unsure, a, b]', UNKNOWN],
    ['!If [Unsure, a, a]', 'a'],
    ['!If [Both, a, b]', UNKNOWN],
    ['!If [Neither, a, b]', 'b'],
    ['!If [Either, a, b]', 'a'],
    ['!If [Loop, a, b]', UNKNOWN],
    ['!If [Absent, a, b]', UNKNOWN],
    ['!If [Yes, !Ref AWS::NoValue, b]', undefined],
    ['!GetAtt Net.CidrBlock', '10.0.0.0/16'],
    ['!GetAtt [Net, DefaultSecurityGroup]', 'Net/default-group'],
    ['!GetAtt Net.VpcId', 'Net'],
    ['!GetAtt Other.Anything', UNKNOWN],
    ['!GetAtt Self.CidrBlock', UNKNOWN],
    ['!Select [1, !Cidr [!GetAtt Net.CidrBlock, 3, 8]]', '10.0.1.0/24'],
    ['!Select [2, !Cidr ["10.0.0.0/16", 4, 4]]', '10.0.0.32/28'],
    ['!Select [3, !Cidr ["2001:db8::/56", 4, 64]]', '2001:db8:0:3::/64'],
    ['!Cidr ["10.0.0.0/24", 3, 8]', UNKNOWN],
    ['!Cidr [!Ref Open, 3, 8]', UNKNOWN],
    ['!Length [a, b, c]', 3],
    ['!Base64 text', UNKNOWN],
    ['!Transform { Name: Macro, Parameters: { A: !Ref Name } }', UNKNOWN],
    ['{ "Fn::NotYetThought": [1] }', UNKNOWN],
  ];
  for (const [expression, expected] of cases) assert.deepEqual(valueOf(expression), expected, expression);
  for (const [expression, name] of [
    ['!Ref Open', 'Open'],
    ['!Ref Image', 'Image'],
    ['!Ref AWS::Region', 'AWS::Region'],
    ['!ImportValue net-vpc', 'import net-vpc'],
    ['!ImportValue { "Fn::Sub": "${Open}-vpc" }', 'import ${Open}-vpc'],
    ['!GetAtt Stack.Outputs.Vpc', 'Stack.Outputs.Vpc'],
    ['!Sub "${Open}"', 'Open'],
  ] as const) {
    const value = valueOf(expression);
    assert.ok(value instanceof Opaque && value.name === name, expression);
  }
});

test('what only exists perhaps is in doubt, and what holds more resources leaves no certainty', () => {
  const { world, findings } = readYaml(`
Parameters: { Open: { Type: String } }
Conditions: { Unsure: !Equals [!Ref Open, x] }
Resources:
  Net: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: g, VpcId: !Ref Net, SecurityGroupIngress: !If [Unsure, [], !Ref AWS::NoValue] }
  Later: { Type: 'AWS::EC2::SecurityGroupEgress', Properties: { GroupId: !Ref Group, IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8 } }
  Gateway: { Type: 'AWS::EC2::InternetGateway', Condition: Unsure }
  Nested: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: x } }
  Fn::ForEach::Many: [x, [a], {}]
  Odd: { Type: 'AWS::NotYet::Thought', Properties: {} }
`);
  assert.deepEqual(rulesOf(world, 'Group'), [
    'ingress ingress all Group.SecurityGroupIngress',
    // Whether the rule of its own takes AWS's away is not told.
    'egress egress all Group.SecurityGroupEgress.CidrIp',
    'egress egress tcp/1 10.0.0.0/8',
  ]);
  assert.ok(world.missing.has('enis') && world.missing.has('internetGateways'));
  const said = findings.map(({ message }) => message).join('\n');
  for (const words of [
    'answers that they touch are unknown: Nested\n',
    'what they decide is unknown: Fn::ForEach::Many',
    'AWS::NotYet::Thought',
    'what they decide is unknown: Gateway',
  ])
    assert.ok(said.includes(words), words);
});

test('a public address may be that of an interface whose own AWS is still to choose', () => {
  const { world } = readYaml(`
Resources:
  Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } }
  Gate: { Type: 'AWS::EC2::InternetGateway' }
  Hung: { Type: 'AWS::EC2::VPCGatewayAttachment', Properties: { VpcId: !Ref Vpc, InternetGatewayId: !Ref Gate } }
  Net: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, MapPublicIpOnLaunch: true } }
  Shut: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24 } }
  Table: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: !Ref Vpc } }
  Out: { Type: 'AWS::EC2::Route', Properties: { RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gate } }
  Link: { Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: { SubnetId: !Ref Net, RouteTableId: !Ref Table } }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: g, VpcId: !Ref Vpc, SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0 }] }
  Seen: { Type: 'AWS::EC2::Instance', Properties: { SubnetId: !Ref Net, SecurityGroupIds: [!Ref Group], ImageId: x } }
  Hidden: { Type: 'AWS::EC2::Instance', Properties: { SubnetId: !Ref Shut, SecurityGroupIds: [!Ref Group], ImageId: x } }
`);
  assert.equal(verdict(world, 'internet', '198.51.100.50', 'tcp/22'), 'depends');
  assert.equal(verdict(world, 'internet', '198.51.100.50', 'tcp/80'), 'blocked');
  const answer = expectOk(ask(world, { from: 'Hidden', to: '198.51.100.50', traffic: 'tcp/22' }));
  assert.ok(answer.verdict === 'depends' && answer.question.to.places.length === 2);
});

const ASKED = `
Parameters:
  Stage: { Type: String, Default: test, AllowedValues: [test, live] }
  Port: { Type: Number, MinValue: 1, MaxValue: 1000 }
  Zones: { Type: CommaDelimitedList, Default: 'a' }
  Secret: { Type: String, NoEcho: true, Default: none, MinLength: 8, MaxLength: 20 }
  Image: { Type: 'AWS::SSM::Parameter::Value<String>' }
Conditions: { Live: !Equals [!Ref Stage, live] }
Resources:
  Net: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      VpcId: !Ref Net
      SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: !Ref Port, ToPort: !Ref Port, CidrIp: !If [Live, 10.0.0.0/8, 10.9.0.0/16] }]
`;

function readGiven(text: string, given: Readonly<Record<string, string>>): ReturnType<typeof readTemplate> {
  return readTemplate(expectOk(parseTemplateYaml(text, 'x.yaml')), 'x.yaml', new Map(Object.entries(given)));
}

test('parameters are what is given, and what CloudFormation would refuse is refused', () => {
  const { world, parameters } = expectOk(readGiven(ASKED, { Port: '443', Stage: 'live' }));
  assert.equal(rulesOf(world, 'Group')[0], 'ingress ingress tcp/443 10.0.0.0/8');
  assert.deepEqual(parameters, ['Stage', 'Port', 'Zones', 'Secret', 'Image']);
  assert.match(rulesOf(expectOk(readGiven(ASKED, {})).world, 'Group')[0] ?? '', /10\.9\.0\.0\/16 \?$/);
  for (const [name, value, words] of [
    ['Stage', 'prod', '"prod" is none of test, live'],
    ['Port', 'http', '"http" is no number'],
    ['Port', '0', '"0" is less than 1'],
    ['Port', '1001', '"1001" is more than 1000'],
    ['Secret', 'hunter2', 'the value has less than 8 characters'],
    ['Secret', 'x'.repeat(21), 'the value has more than 20 characters'],
  ] as const) {
    const read = readGiven(ASKED, { [name]: value });
    assert.equal(read.ok ? '' : read.error, `x.yaml: parameter ${name}: ${words}`);
  }
});

const CHECKED = `
Parameters:
  Cidr: { Type: String, Default: '', AllowedPattern: '(\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2}', ConstraintDescription: must be a prefix such as 10.0.0.0/8 }
  Names: { Type: CommaDelimitedList, Default: 'a,b', AllowedPattern: '[a-z]' }
  Odd: { Type: String, Default: aa, AllowedPattern: '(a)\\1' }
  Secret: { Type: String, NoEcho: true, AllowedPattern: '[a-z]+' }
Mappings: { Ports: { eu-west-1: { Port: 443 }, cn-north-1: { Port: 80 } } }
Conditions: { China: !Equals [!Ref AWS::Partition, aws-cn], Odd: !Equals [!Ref Odd, !Select [0, !Ref Names]] }
Resources:
  Net: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } }
  Peer: { Type: 'AWS::EC2::VPCPeeringConnection', Properties: { VpcId: !Ref Net, PeerVpcId: vpc-1, PeerRegion: eu-west-1, PeerOwnerId: '123456789012' } }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      VpcId: !Ref Net
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: !FindInMap [Ports, !Ref 'AWS::Region', Port], ToPort: 8080, CidrIp: !Ref Cidr, Description: !Ref Odd }
        - !If [China, { IpProtocol: udp, FromPort: 53, ToPort: 53, CidrIp: 10.0.0.0/8 }, !Ref 'AWS::NoValue']
`;

test('what CloudFormation itself gives to a template can be given, and patterns are held against values', () => {
  const here = expectOk(
    readGiven(CHECKED, { 'AWS::Region': 'eu-west-1', 'AWS::AccountId': '123456789012', Cidr: '192.0.2.0/24' }),
  );
  assert.deepEqual(rulesOf(here.world, 'Group').slice(0, 1), ['ingress ingress tcp/443-8080 192.0.2.0/24']);
  assert.equal(getRecord(here.world, 'peerings', 'Peer')?.status, 'active');
  const china = expectOk(readGiven(CHECKED, { 'AWS::Region': 'cn-north-1', Cidr: '192.0.2.0/24' }));
  assert.deepEqual(rulesOf(china.world, 'Group').slice(0, 2), [
    'ingress ingress tcp/80-8080 192.0.2.0/24',
    'ingress ingress udp/53 10.0.0.0/8',
  ]);
  // A default that its own constraints refuse has to be replaced: what it would be is not known.
  const { world, findings } = expectOk(readGiven(CHECKED, {}));
  assert.match(rulesOf(world, 'Group')[0] ?? '', /\?$/);
  const said = findings.map(({ message }) => message).join('\n');
  assert.match(said, /defaults that break the constraints of their own parameters count for nothing: Cidr$/m);
  assert.match(said, /AllowedPattern.*not followed here.*: Odd$/m);
  for (const [given, message] of [
    [
      { Cidr: '10.0.0.0' },
      'x.yaml: parameter Cidr: "10.0.0.0" does not match (\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2} (must be a prefix such as 10.0.0.0/8)',
    ],
    [{ Names: 'a,bb' }, 'x.yaml: parameter Names: "bb" does not match [a-z]'],
    [{ Secret: 'not-for-printing' }, 'x.yaml: parameter Secret: the value does not match [a-z]+'],
    [{ 'AWS::Region': 'Ireland' }, 'x.yaml: parameter AWS::Region: "Ireland" is none that it can have'],
    [
      { 'AWS::NoValue': 'x' },
      'x.yaml: parameter AWS::NoValue: it cannot be given; what can is AWS::AccountId, AWS::Partition, AWS::Region, AWS::StackId, AWS::StackName, AWS::URLSuffix',
    ],
  ] as const) {
    const refused = readGiven(CHECKED, given);
    assert.equal(refused.ok ? '' : refused.error, message);
  }
});

test('ports that AWS refuses are not known, and a person hears of them', () => {
  const { world, findings } = readYaml(`
Resources:
  Net: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      VpcId: !Ref Net
      SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: 444, ToPort: 443, CidrIp: 0.0.0.0/0 }, { IpProtocol: tcp, FromPort: !Ref Port, ToPort: 1, CidrIp: 10.0.0.0/8 }]
Parameters: { Port: { Type: Number } }
`);
  assert.deepEqual(rulesOf(world, 'Group').slice(0, 2), [
    'ingress ingress tcp 0.0.0.0/0 ?',
    'ingress ingress tcp 10.0.0.0/8 ?',
  ]);
  const said = findings.filter(({ message }) => message.includes('AWS refuses'));
  assert.deepEqual(said, [
    {
      severity: 'warning',
      message:
        'ports or types that AWS refuses with their protocols count as not known: Group.SecurityGroupIngress[0].FromPort',
    },
  ]);
  const [rule] = groupReport(world, getRecord(world, 'groups', 'Group') ?? assert.fail()).ingress;
  assert.equal(rule?.doubt, 'Group.SecurityGroupIngress[0].FromPort');
});

test('files of parameters are read in the forms that tools write', () => {
  const expected = [['A', '1'] as const, ['B', 'x,y'] as const];
  for (const document of [
    [
      { ParameterKey: 'A', ParameterValue: '1' },
      { ParameterKey: 'B', ParameterValue: 'x,y' },
    ],
    { Parameters: { A: 1, B: 'x,y' } },
    { A: '1', B: 'x,y' },
  ])
    assert.deepEqual([...(givenIn(document) ?? [])], expected);
  const twice = [
    { ParameterKey: 'A', ParameterValue: '1' },
    { ParameterKey: 'A', ParameterValue: '1' },
  ];
  for (const document of [null, 7, 'A=1', [1], [{ ParameterKey: 'A' }], { A: [1] }, twice])
    assert.equal(givenIn(document), undefined, JSON.stringify(document));
});

test('templates that others wrote are read, and their two forms are one', (t) => {
  if (!existsSync(SHARED)) return t.skip('../shared/data is not here');
  let count = 0;
  for (const folder of readdirSync(SHARED))
    for (const name of readdirSync(`${SHARED}${folder}`).filter((one) => one.endsWith('.yaml'))) {
      const path = `${SHARED}${folder}/${name}`;
      const yaml = readYaml(readFileSync(path, 'utf8'));
      const json = expectOk(readTemplate(JSON.parse(readFileSync(path.replace('.yaml', '.json'), 'utf8')), name));
      assert.equal(recordsText(yaml.world), recordsText(json.world), name);
      count += 1;
    }
  assert.ok(count >= 14);
  return undefined;
});

/** What is wrong with a text, or that it is read. */
function error(text: string): string {
  const parsed = parseTemplateYaml(text, 'x.yaml');
  if (!parsed.ok) return parsed.error;
  const read = readTemplate(parsed.value, 'x.yaml');
  return read.ok ? 'read' : read.error;
}

test('what cdk synth writes is read without noise', () => {
  const { world, findings } = expectOk(readTemplate(JSON.parse(CDK), 'cdk.template.json'));
  assert.deepEqual(rulesOf(world, 'DbSgE81F6A29'), [
    'egress egress all 0.0.0.0/0',
    'ingress ingress tcp/5432 WebSg7C55B0D1',
  ]);
  assert.equal(verdict(world, 'internet', 'WebInstance6D2F10B8', 'tcp/443'), 'allowed');
  // The sentinel that stands for no egress lets nothing out.
  assert.equal(verdict(world, 'WebInstance6D2F10B8', 'internet', 'tcp/443'), 'blocked');
  assert.ok(lintWorld(world).findings.every(({ rule }) => rule !== 'rule-without-peer'));
  const said = findings.map(({ message }) => message);
  assert.deepEqual(
    said.filter((text) => /CDK|Bootstrap|Asset|not followed|no part in traffic|condition/.test(text)),
    [],
    said.join('\n'),
  );
});

test('what is wrong with a template is said with its place', () => {
  assert.match(error('Resources:\n  A: [\n'), /^x\.yaml:\d+: /);
  assert.match(error('Resources:\n  A: 1\n'), /^x\.yaml: Resources\.A: expected a Type/);
  assert.match(error('AWSTemplateFormatVersion: 2010-09-09\n'), /^x\.yaml: a template has Resources/);
  assert.equal(readWholeText('just: some yaml\n', 'x.yaml'), undefined);
});

test('templates that are made to be followed for ever come to an end', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let at = 1; at < 12; at += 1) bomb.push(`a${at}: &a${at} [${`*a${at - 1},`.repeat(10)}]`);
  const parsed = parseTemplateYaml(`${bomb.join('\n')}\nResources: {}\n`, 'x.yaml');
  assert.ok(!parsed.ok && /alias/i.test(parsed.error));
  for (const deep of [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, '!Sub [x, {a: '.repeat(3000)]) {
    const read = parseTemplateYaml(`Resources:\n  A: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: ${deep}}}\n`, 'x');
    if (read.ok) readTemplate(read.value, 'x');
  }
  let nested: unknown = 'x';
  for (let at = 0; at < 5000; at += 1) nested = { 'Fn::Join': ['', [nested, nested]] };
  const wide = { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: nested } };
  assert.match(resultText({ Resources: { A: wide } }), /too much to follow|read/);
  const links = Object.fromEntries(
    Array.from({ length: 2000 }, (_, at) => [
      `S${at}`,
      { Type: 'AWS::EC2::Subnet', Properties: { CidrBlock: { 'Fn::GetAtt': [`S${at + 1}`, 'CidrBlock'] } } },
    ]),
  );
  assert.equal(resultText({ Resources: links }), 'read');
});

function resultText(document: unknown): string {
  const read = readTemplate(document, 'x.json');
  return read.ok ? 'read' : read.error;
}

test('mutated templates are read or refused, never thrown at', () => {
  const random = new Random(11);
  const json = JSON.stringify(expectOk(parseTemplateYaml(TIERS, 'x.yaml')));
  for (let round = 0; round < checks(300); round += 1) {
    const copy: unknown = JSON.parse(json);
    for (let edit = 0; edit < 4; edit += 1) mutate(copy, random, 0);
    const read = readTemplate(copy, 'mutated.json');
    if (read.ok) verdict(read.value.world, 'internet', 'Web', 'all');
  }
  for (let round = 0; round < checks(100); round += 1) {
    const at = random.below(TIERS.length);
    const text = `${TIERS.slice(0, at)}${random.pick(['!', '&a ', '*a', '[', '}', '\t', '!Sub', '\0', ': '])}${TIERS.slice(at + random.below(5))}`;
    const parsed = parseTemplateYaml(text, 'x.yaml');
    if (parsed.ok) readTemplate(parsed.value, 'x.yaml');
  }
});

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  1e300,
  '',
  '__proto__',
  'x'.repeat(300),
  '10.0.0.0/8',
  [],
  {},
  [[]],
  { Ref: 'Vpc' },
  { Ref: 'constructor' },
  { 'Fn::GetAtt': ['Web', '__proto__'] },
  { 'Fn::If': ['constructor', 1, 2] },
  { 'Fn::Sub': '${Web.PrivateIp}' },
  { 'Fn::Cidr': ['::/0', 256, 127] },
  { 'Fn::constructor': [] },
];

/** Puts something else in some place of a document. */
function mutate(value: unknown, random: Random, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  const keys = Object.keys(value);
  if (keys.length === 0) return;
  const key = random.pick(keys);
  const children = value as Record<string, unknown>;
  if (depth > 1 && random.chance(0.25)) children[key] = random.pick(ODD);
  else mutate(children[key], random, depth + 1);
}
