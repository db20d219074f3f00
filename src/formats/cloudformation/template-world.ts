import { fail, ok, type Result } from '../../core/net/result.ts';
import { worldOf } from '../../core/model/world.ts';
import type { Export, Finding } from '../describe.ts';
import { FormatError } from '../fields.ts';
import { Numbers } from '../terraform/draft.ts';
import type { Instance } from '../terraform/plan-json.ts';
import { sideOf } from '../terraform/read-side.ts';
import { Ipv6Prefixes, type Side } from '../terraform/side.ts';
import { Evaluator } from './evaluator.ts';
import { fieldsBy, instanceOf, tagsOf } from './fields.ts';
import { GROUPS } from './groups.ts';
import { MACHINES, readService, SERVICES } from './members.ts';
import { NAMED, NETWORK, type Resource, type Resources } from './network.ts';

import type { Given } from './parameters.ts';
import { readTemplateJson, type Template } from './template.ts';
import { kindOfTemplateType } from './types.ts';

/** Reads a template: the world that it makes with the parameters that are given. Errors: the file and what is wrong with it. */
export function readTemplate(document: unknown, file: string, given: Given = new Map()): Result<Export> {
  try {
    const template = readTemplateJson(document, file);
    const evaluator = new Evaluator(template, file, given);
    const { resources, perhaps } = resourcesOf(template, evaluator);
    const instances = resources.all.flatMap((one) => instancesOf(one, resources, perhaps.has(one.id)));
    const side = sideOf(instances, undefined, { shared: { numbers: new Numbers(), ipv6: new Ipv6Prefixes() } });
    say(side, { template, evaluator, resources, perhaps });
    const parameters = Object.keys(template.parameters);
    const findings = [TEMPLATE, ...side.draft.findings];
    const world = worldOf(side.lists, side.draft.missing);
    return ok({ world, findings, parameters, broughtGroups: side.broughtGroups });
  } catch (error) {
    if (error instanceof FormatError) return fail(error.message);
    throw error;
  }
}

const TEMPLATE: Finding = {
  severity: 'note',
  message: 'a template holds what it makes and nothing else: what else is in VPCs that are there already is unknown',
};

/** The resources that are there; `perhaps`: those of which the condition is not known. */
function resourcesOf(
  template: Template,
  evaluator: Evaluator,
): { readonly resources: Resources; readonly perhaps: ReadonlySet<string> } {
  const perhaps = new Set<string>();
  const all: Resource[] = [];
  for (const { id, type, condition } of template.resources.values()) {
    const isThere = condition === undefined ? true : evaluator.condition(condition);
    if (isThere === false) continue;
    if (isThere === undefined) perhaps.add(id);
    all.push({ id, type, properties: evaluator.propertiesOf(id) });
  }
  const byId = new Map(all.map((one) => [one.id, one]));
  const own = { region: evaluator.ref('AWS::Region'), accountId: evaluator.ref('AWS::AccountId') };
  return { resources: { all, byId, own }, perhaps };
}

function instancesOf(one: Resource, resources: Resources, isPerhaps: boolean): readonly Instance[] {
  const read = readerOf(one.type);
  if (read === undefined) return [];
  const made = read(one, resources);
  return isPerhaps ? made.flatMap(blurred) : made;
}

type Reader = (one: Resource, resources: Resources) => readonly Instance[];

function readerOf(type: string): Reader | undefined {
  const named = ownOf(NAMED, type);
  if (named !== undefined) {
    const [made, naming] = named;
    return ({ id, properties }) => [
      instanceOf(id, made, { ...fieldsBy(properties, naming), tags: tagsOf(properties) }),
    ];
  }
  const service = ownOf(SERVICES, type);
  if (service !== undefined) return (one) => readService(one, service);
  return ownOf(NETWORK, type) ?? ownOf(GROUPS, type) ?? ownOf(MACHINES, type);
}

function ownOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What stays of a resource that is there perhaps: rules, entries, routes and associations that are in doubt; of others nothing but machines. */
function blurred(made: Instance): readonly Instance[] {
  const keeps = KEPT[made.type];
  if (keeps === undefined) return STANDING.test(made.type) ? [made] : [];
  const unknown = Object.fromEntries((BLURRED[made.type] ?? []).map((name) => [name, true]));
  const values = Object.fromEntries(Object.entries(made.values).filter(([name]) => keeps.includes(name)));
  const kept = Object.fromEntries(Object.entries(made.unknown).filter(([name]) => keeps.includes(name)));
  return [{ ...made, values, unknown: { ...kept, ...unknown } }];
}

/** What is known of rules and the like that are there perhaps: of whom they are. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  aws_security_group_rule: ['id', 'type', 'security_group_id'],
  aws_network_acl_rule: ['id', 'network_acl_id', 'egress'],
  aws_route: ['id', 'route_table_id'],
  aws_route_table_association: ['id', 'subnet_id', 'gateway_id'],
  aws_network_acl_association: ['id', 'subnet_id'],
  aws_vpn_gateway_route_propagation: ['id', 'route_table_id'],
};

/** What such a resource may say beside what it does. */
const BLURRED: Readonly<Record<string, readonly string[]>> = {
  aws_security_group_rule: ['cidr_blocks', 'protocol', 'from_port', 'to_port'],
  aws_network_acl_rule: ['rule_number', 'rule_action', 'cidr_block', 'protocol'],
  aws_route: ['destination_cidr_block', 'gateway_id'],
  aws_route_table_association: ['route_table_id'],
  aws_network_acl_association: ['network_acl_id'],
};

/** What has interfaces: they are taken to be there. */
const STANDING =
  /^aws_(?!vpc$|subnet$|.*gateway|route|vpc_peering|security_group|network_acl|ec2_managed|eip|internet|vpc_ipv|vpc_security)/;

type Said = {
  readonly template: Template;
  readonly evaluator: Evaluator;
  readonly resources: Resources;
  readonly perhaps: ReadonlySet<string>;
};

/** Says what was assumed, and what is not followed. */
function say(side: Side, { template, evaluator, resources, perhaps }: Said): void {
  const { draft } = side;
  const { defaults, open } = evaluator.used;
  for (const name of defaults) draft.note('note', 'parameters are taken to have their defaults: %', name);
  const { brokenDefaults, unchecked } = evaluator.constraints;
  for (const name of brokenDefaults)
    draft.note('warning', 'defaults that break the constraints of their own parameters count for nothing: %', name);
  for (const name of unchecked)
    draft.note(
      'note',
      'values are not held against patterns (AllowedPattern) that are not followed here or take too long, so CloudFormation may refuse them: %',
      name,
    );
  for (const name of open)
    draft.note(
      'note',
      'parameters that have no value (--parameter gives one) stand for something of their own each, and what depends on their values is unknown: %',
      name,
    );
  for (const id of perhaps) {
    const type = resources.byId.get(id)?.type ?? '';
    // Of what has no part in traffic it does not matter.
    if (readerOf(type) === undefined && kindOfTemplateType(type) === 'passed') continue;
    draft.note(
      'warning',
      'whether these are there is not known, since their conditions are not, so what they decide is unknown: %',
      id,
    );
  }
  for (const { id, type } of resources.all) {
    const kind = readerOf(type) === undefined ? kindOfTemplateType(type) : 'read';
    if (kind === 'matters' || kind === 'holds')
      draft.note(
        'warning',
        'these decide about traffic and are not followed, so answers that they touch are unknown: %',
        id,
      );
    if (kind === 'holds') side.missAll();
    if (kind === 'other') draft.note('note', 'resources of these types are taken to have no part in traffic: %', type);
  }
  for (const id of template.unfollowed) {
    draft.note('warning', 'these make resources that are not followed, so what they decide is unknown: %', id);
    side.missAll();
  }
  if ([...perhaps].some((id) => STANDS.test(resources.byId.get(id)?.type ?? ''))) side.missAll();
}

const STANDS =
  /::(?:VPC|Subnet|InternetGateway|NatGateway|EgressOnlyInternetGateway|VPCGatewayAttachment|EIP|EIPAssociation)$/;
