// A world written as a template and read back says nothing else; what is forgotten of the template never makes a certain answer wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { readTemplate } from '../../src/formats/cloudformation/template-world.ts';
import { comparePairs, isSound, type Seen, worlds } from './compare-worlds.ts';
import { templateOf } from './cloudformation-writer.ts';

test('a template is the world that it makes, as far as it says', () => {
  const seen: Seen = { pairs: 0, open: 0, certain: 0 };
  for (const [seed, world] of worlds(80)) {
    const read = expectOk(readTemplate(templateOf(world, seed), 'template.json')).world;
    comparePairs(
      { world, read: { ...read, missing: world.missing }, seen },
      (id) => id,
      (told, truth, label) => isSound(told, truth, `${seed}: ${label}`),
    );
  }
  // Public addresses are CloudFormation's to choose: only what depends on one is not certain.
  assert.ok(seen.open > seen.pairs / 20 && seen.certain > seen.pairs * 0.8, JSON.stringify(seen));
});

test('what is forgotten of a template never makes a certain answer wrong', () => {
  const seen: Seen = { pairs: 0, open: 0, certain: 0 };
  for (const [seed, world] of worlds(120)) {
    const { template, forgotten } = forget(templateOf(world, seed), new Random(seed));
    const read = expectOk(readTemplate(template, 'template.json')).world;
    comparePairs(
      { world, read: { ...read, missing: new Set([...read.missing, ...world.missing]) }, seen },
      (id) => id,
      (told, truth, label) => isSound(told, truth, `${seed}, without ${forgotten.join(' ')}: ${label}`),
    );
  }
  assert.ok(seen.certain > 0 && seen.certain < seen.pairs, JSON.stringify(seen));
});

/** Ways in which a template does not say a value; of ids only those by which it may be one of the template's own. */
const UNTOLD: readonly unknown[] = [
  { 'Fn::GetAtt': ['Helper', 'Answer'] },
  { 'Fn::FindInMap': ['Regions', { Ref: 'AWS::Region' }, 'value'] },
  { 'Fn::If': ['Unsure', { Ref: 'Untold' }, { Ref: 'AWS::NoValue' }] },
];
const UNTOLD_VALUES: readonly unknown[] = [...UNTOLD, { Ref: 'Untold' }, { 'Fn::ImportValue': 'other-stack' }];
const VALUES = /Cidr|Ports?$|Protocol|Rule|Address|Entries|SecurityGroupIngress|SecurityGroupEgress/;

/** What may be forgotten; ids of interfaces and what names them stay, so that they can be found again. */
const FORGETTABLE =
  /^(?:CidrIp|CidrIpv6|IpProtocol|FromPort|SourceSecurityGroupId|GroupId|CidrBlock|RuleAction|RuleNumber|DestinationCidrBlock|GatewayId|NatGatewayId|RouteTableId|NetworkAclId|GroupSet|PrivateIpAddress|Entries|SecurityGroupIngress|SecurityGroupEgress|VpcPeeringConnectionId|InternetGatewayId|PeerVpcId)$/;
/** Kinds of which a condition may be unsure. */
const CONDITIONAL = /::(?:SecurityGroupIngress|NetworkAclEntry|Route|SubnetRouteTableAssociation|NatGateway)$/;

function forget(
  template: ReturnType<typeof templateOf>,
  random: Random,
): { readonly template: object; readonly forgotten: readonly string[] } {
  const forgotten: string[] = [];
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    const properties = Object.fromEntries(
      Object.entries(resource.Properties).map(([name, value]) => {
        if (!FORGETTABLE.test(name) || !random.chance(0.05)) return [name, value];
        forgotten.push(`${id}.${name}`);
        return [name, random.pick(VALUES.test(name) ? UNTOLD_VALUES : UNTOLD)];
      }),
    );
    const isUnsure = CONDITIONAL.test(resource.Type) && random.chance(0.05);
    if (isUnsure) forgotten.push(`${id}?`);
    return [id, { ...resource, ...(isUnsure ? { Condition: 'Unsure' } : {}), Properties: properties }] as const;
  });
  const written = template as { readonly Parameters?: object };
  return {
    template: {
      Parameters: { ...written.Parameters, Untold: { Type: 'String' } },
      Conditions: { Unsure: { 'Fn::Equals': [{ Ref: 'Untold' }, 'yes'] } },
      Resources: { ...Object.fromEntries(resources), Helper: { Type: 'Custom::Helper', Properties: {} } },
    },
    forgotten,
  };
}
