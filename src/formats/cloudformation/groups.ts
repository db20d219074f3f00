import type { Instance } from '../terraform/plan-json.ts';
import { at, definedOf, type Fields, fieldsBy, instanceOf, known, listAt, tagsOf } from './fields.ts';
import type { Resource, Resources } from './network.ts';
import { isList, isProperties, UNKNOWN, type Value } from './value.ts';

/** Groups and their rules. */
export const GROUPS: Readonly<Record<string, (one: Resource, others: Resources) => readonly Instance[]>> = {
  'AWS::EC2::SecurityGroup': readGroup,
  'AWS::EC2::SecurityGroupIngress': (one) => [readRule(one, 'ingress')],
  'AWS::EC2::SecurityGroupEgress': (one) => [readRule(one, 'egress')],
};

function readGroup({ id, properties }: Resource, others: Resources): readonly Instance[] {
  return [
    instanceOf(id, 'aws_security_group', {
      vpc_id: at(properties, 'VpcId'),
      name: at(properties, 'GroupName') ?? id,
      description: at(properties, 'GroupDescription'),
      ingress: blocksOf(properties, 'SecurityGroupIngress', others) ?? [],
      egress: egressOf(id, properties, others),
      tags: tagsOf(properties),
    }),
  ];
}

/**
 * AWS lets a new group send everything, until rules of its own say otherwise. Whether a rule that is a resource of its own takes that away, and
 * whether the VPC had IPv6 by then, the template does not say.
 */
function egressOf(id: string, properties: Value, others: Resources): Value {
  const own = blocksOf(properties, 'SecurityGroupEgress', others);
  if (own === UNKNOWN || (isList(own) && own.length > 0)) return own;
  const isDisputed =
    own !== undefined ||
    others.all.some(({ type, properties: rule }) => {
      const group = at(rule, 'GroupId');
      return type === 'AWS::EC2::SecurityGroupEgress' && (group === id || typeof group !== 'string');
    });
  const vpc = at(properties, 'VpcId');
  const hasIpv6 =
    typeof vpc !== 'string' ||
    others.all.some(
      (one) =>
        one.type === 'AWS::EC2::VPCCidrBlock' &&
        (at(one.properties, 'VpcId') === vpc || !isText(one.properties, 'VpcId')),
    );
  return [
    { ...EVERYTHING, cidr_blocks: [isDisputed ? UNKNOWN : '0.0.0.0/0'] },
    ...(hasIpv6 && !isDisputed ? [{ ...EVERYTHING, cidr_blocks: [UNKNOWN] }] : []),
  ];
}

function isText(properties: Value, name: string): boolean {
  return typeof at(properties, name) === 'string';
}

const EVERYTHING = {
  protocol: '-1',
  from_port: 0,
  to_port: 0,
  cidr_blocks: [],
  ipv6_cidr_blocks: [],
  prefix_list_ids: [],
  security_groups: [],
  self: false,
} as const satisfies Value;

/** A rule of which nothing is known, not even whether it is there. */
const NOTHING_KNOWN: Value = {
  protocol: UNKNOWN,
  from_port: UNKNOWN,
  to_port: UNKNOWN,
  cidr_blocks: UNKNOWN,
  ipv6_cidr_blocks: UNKNOWN,
  prefix_list_ids: UNKNOWN,
  security_groups: UNKNOWN,
  self: UNKNOWN,
};

function blocksOf(properties: Value, name: string, others: Resources): Value | undefined {
  const list = listAt(properties, name);
  if (!isList(list)) return list;
  return list.map((rule) => (isProperties(rule) ? blockOf(rule, others) : NOTHING_KNOWN));
}

function blockOf(rule: Value, { byId }: Resources): Value {
  const lists = peerOf(rule, 'PrefixListId');
  const group = peerOf(rule, 'SecurityGroupId') ?? namedGroup(at(rule, 'SourceSecurityGroupName'), byId);
  return definedOf({
    ...trafficOf(rule),
    prefix_list_ids: listOf(lists),
    security_groups: listOf(group),
    self: false,
    description: at(rule, 'Description'),
  });
}

/** Protocol, ports and prefixes: a value that only stands for one says nothing of these. */
function trafficOf(rule: Value): Fields {
  const named = fieldsBy(rule, { protocol: '#IpProtocol', from_port: '#FromPort', to_port: '#ToPort' });
  return {
    ...named,
    cidr_blocks: listOf(known(at(rule, 'CidrIp'))),
    ipv6_cidr_blocks: listOf(known(at(rule, 'CidrIpv6'))),
  };
}

function peerOf(rule: Value, name: string): Value | undefined {
  return at(rule, `Source${name}`) ?? at(rule, `Destination${name}`);
}

/** A group by its name is known where the template makes it; other names may be anybody's. */
function namedGroup(name: Value | undefined, byId: Resources['byId']): Value | undefined {
  if (name === undefined) return undefined;
  return typeof name === 'string' && byId.get(name)?.type === 'AWS::EC2::SecurityGroup' ? name : UNKNOWN;
}

function listOf(value: Value | undefined): Value {
  return value === undefined ? [] : [value];
}

function readRule({ id, properties }: Resource, type: 'ingress' | 'egress'): Instance {
  const group = at(properties, 'GroupId') ?? at(properties, 'GroupName');
  const source = peerOf(properties, 'SecurityGroupId');
  const isNamed = at(properties, 'SourceSecurityGroupName') !== undefined;
  return instanceOf(id, 'aws_security_group_rule', {
    type,
    security_group_id: group ?? UNKNOWN,
    ...trafficOf(properties),
    prefix_list_ids: listOf(peerOf(properties, 'PrefixListId')),
    source_security_group_id: source ?? (isNamed ? UNKNOWN : undefined),
    self: false,
    description: at(properties, 'Description'),
  });
}
