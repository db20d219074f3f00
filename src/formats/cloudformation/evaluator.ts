import { FormatError } from '../fields.ts';
import { isObject, type JsonObject, member, textOf as textOfNode } from '../terraform/plan-json.ts';
import { findInMap, PLAIN_FUNCTIONS, substitute, truthOf, withoutMissing } from './functions.ts';
import { byRegion, Constraints, type Given, takesList } from './parameters.ts';
import type { Template } from './template.ts';
import { isList, NO_VALUE, Opaque, property, sameValue, textOf, UNKNOWN, type Value } from './value.ts';

/** Bounds for templates that are made to be followed for ever. */
const MAX_DEPTH = 100;
const MAX_STEPS = 2_000_000;
/** Resources and conditions that refer to each other, one behind the other. */
const MAX_CHAIN = 40;

/** Attributes that name the resource itself, whatever its type. */
const OWN_IDS: ReadonlySet<string> = new Set([
  'AllocationId',
  'Arn',
  'GroupId',
  'Id',
  'InstanceId',
  'InternetGatewayId',
  'LaunchTemplateId',
  'NatGatewayId',
  'PrefixListId',
  'RouteTableId',
]);

/** Attributes of a VPC that name what AWS makes with it, and what Crenel calls that. */
const WITH_VPC: Readonly<Record<string, string>> = {
  DefaultSecurityGroup: 'default-group',
  DefaultNetworkAcl: 'default-acl',
};

/**
 * Follows the expressions of one template; throws `FormatError` where CloudFormation would refuse a value that is given. Parameters stand for what is given, else for their defaults; what has neither, and what only CloudFormation could tell, is not
 * known, but the same wherever it stands (`Opaque`).
 */
export class Evaluator {
  readonly #template: Template;
  readonly #file: string;
  readonly #given: Given;
  readonly #conditions = new Map<string, boolean | undefined>();
  readonly #properties = new Map<string, Value>();
  /** Parameters that were asked for, by whether they have a value. */
  readonly used: { readonly defaults: Set<string>; readonly open: Set<string> } = {
    defaults: new Set(),
    open: new Set(),
  };
  readonly constraints: Constraints = new Constraints();
  #steps = 0;
  #chain = 0;

  constructor(template: Template, file: string, given: Given = new Map()) {
    this.#given = given;
    this.#template = template;
    this.#file = file;
    this.constraints.check(template.parameters, given, file);
  }

  /** The properties of a resource. */
  propertiesOf(id: string): Value {
    const known = this.#properties.get(id);
    if (known !== undefined) return known;
    // One that refers to itself on the way is not known there.
    this.#properties.set(id, UNKNOWN);
    const value = this.#followed(this.#template.resources.get(id)?.properties ?? {});
    this.#properties.set(id, value);
    return value;
  }

  /** Whether a condition holds; undefined: not known. */
  condition(name: string): boolean | undefined {
    if (this.#conditions.has(name)) return this.#conditions.get(name);
    this.#conditions.set(name, undefined);
    const value = truthOf(this.#followed(member(this.#template.conditions, name)));
    this.#conditions.set(name, value);
    return value;
  }

  #followed(node: unknown): Value {
    if (this.#chain >= MAX_CHAIN) return UNKNOWN;
    this.#chain += 1;
    const value = this.#value(node, 0);
    this.#chain -= 1;
    return value;
  }

  #value(node: unknown, depth: number): Value {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) throw new FormatError(`${this.#file}: a template that takes too much to follow`);
    if (depth > MAX_DEPTH) return UNKNOWN;
    if (node === null || node === undefined) return null;
    if (typeof node === 'string' || typeof node === 'number' || typeof node === 'boolean') return node;
    if (Array.isArray(node)) return withoutMissing(node.map((one) => this.#value(one, depth + 1)));
    if (!isObject(node)) return UNKNOWN;
    const [name, ...others] = Object.keys(node);
    if (name !== undefined && others.length === 0 && isFunction(name)) return this.#call(name, node[name], depth + 1);
    return Object.fromEntries(
      Object.entries(node)
        .map(([key, one]) => [key, this.#value(one, depth + 1)] as const)
        .filter(([, one]) => one !== NO_VALUE),
    );
  }

  #call(name: string, argument: unknown, depth: number): Value {
    switch (name) {
      case 'Ref':
        return typeof argument === 'string' ? this.ref(argument) : UNKNOWN;
      case 'Condition':
        return typeof argument === 'string' ? (this.condition(argument) ?? UNKNOWN) : this.#value(argument, depth);
      case 'Fn::GetAtt':
        return this.#attribute(argument, depth);
      case 'Fn::If':
        return this.#if(argument, depth);
      case 'Fn::Sub':
        return this.#sub(argument, depth);
      case 'Fn::FindInMap': {
        const keys = this.#value(argument, depth);
        return findInMap(this.#value(this.#template.mappings, depth), keys);
      }
      case 'Fn::ImportValue': {
        const imported = textOf(this.#value(argument, depth)) ?? textOfNode(member(argument, 'Fn::Sub'));
        return imported === undefined ? UNKNOWN : new Opaque(`import ${imported}`);
      }
      default: {
        const plain = Object.hasOwn(PLAIN_FUNCTIONS, name) ? PLAIN_FUNCTIONS[name] : undefined;
        return plain === undefined ? UNKNOWN : plain(this.#value(argument, depth));
      }
    }
  }

  /** What a name stands for: a parameter, a resource, or what CloudFormation itself gives. */
  ref(name: string): Value {
    if (name === 'AWS::NoValue') return NO_VALUE;
    if (name === 'AWS::NotificationARNs') return UNKNOWN;
    if (name.startsWith('AWS::')) return this.#given.get(name) ?? byRegion(name, this.#given) ?? new Opaque(name);
    const parameter = member(this.#template.parameters, name);
    if (isObject(parameter)) return this.#parameter(name, parameter);
    return this.#template.resources.has(name) ? name : new Opaque(name);
  }

  #parameter(name: string, parameter: JsonObject): Value {
    const type = textOfNode(member(parameter, 'Type')) ?? 'String';
    const given = this.#given.get(name);
    const isSecret = truthOf(this.#value(member(parameter, 'NoEcho'), MAX_DEPTH - 1)) === true;
    const standard = isSecret ? undefined : textOf(this.#value(member(parameter, 'Default'), MAX_DEPTH - 1));
    const isBroken = given === undefined && standard !== undefined && this.#isRefused(name, parameter, standard);
    const value = isBroken ? undefined : (given ?? standard);
    const isPlural = takesList(parameter);
    // A value of the SSM store is only named here.
    if (value === undefined || type.startsWith('AWS::SSM::')) {
      this.used.open.add(name);
      return isPlural ? UNKNOWN : new Opaque(name);
    }
    if (given === undefined) this.used.defaults.add(name);
    if (!isPlural) return value;
    return value === '' ? [] : value.split(',').map((one) => one.trim());
  }

  /** Whether a default breaks what its own parameter asks for, as one that has to be replaced does. */
  #isRefused(name: string, parameter: JsonObject, standard: string): boolean {
    if (this.constraints.brokenDefaults.has(name)) return true;
    const isRefused = this.constraints.faultOf(name, parameter, standard) !== undefined;
    if (isRefused) this.constraints.brokenDefaults.add(name);
    return isRefused;
  }

  /** What a resource says of itself: its id, what AWS makes with a VPC, or one of its own properties. */
  #attribute(argument: unknown, depth: number): Value {
    const written = typeof argument === 'string' ? splitOnce(argument) : this.#value(argument, depth);
    const [id, attribute] = isList(written) ? written.map(textOf) : [];
    if (id === undefined || attribute === undefined) return UNKNOWN;
    const resource = this.#template.resources.get(id);
    if (resource === undefined) return new Opaque(`${id}.${attribute}`);
    const isVpc = resource.type === 'AWS::EC2::VPC';
    if (isVpc && Object.hasOwn(WITH_VPC, attribute)) return `${id}/${WITH_VPC[attribute] ?? ''}`;
    const kind = resource.type.split('::').at(-1) ?? '';
    if (OWN_IDS.has(attribute) || `${kind}Id`.toLowerCase() === attribute.toLowerCase()) return id;
    const own = property(this.propertiesOf(id), attribute);
    if (own !== undefined && resource.type.startsWith('AWS::EC2::')) return own;
    // What another stack gives is its own; what other types say of themselves may name anything.
    return resource.type === 'AWS::CloudFormation::Stack' && attribute.startsWith('Outputs.')
      ? new Opaque(`${id}.${attribute}`)
      : UNKNOWN;
  }

  #if(argument: unknown, depth: number): Value {
    if (!Array.isArray(argument) || argument.length !== 3) return UNKNOWN;
    const [test, yes, no] = argument as readonly unknown[];
    const holds = typeof test === 'string' ? this.condition(test) : truthOf(this.#value(test, depth));
    if (holds !== undefined) return this.#value(holds ? yes : no, depth);
    const [one, other] = [this.#value(yes, depth), this.#value(no, depth)];
    return one !== NO_VALUE && other !== NO_VALUE && sameValue(one, other) === true ? one : UNKNOWN;
  }

  #sub(argument: unknown, depth: number): Value {
    const [text, more] = Array.isArray(argument) ? (argument as readonly unknown[]) : [argument];
    if (typeof text !== 'string') return UNKNOWN;
    const own = more === undefined ? {} : this.#value(more, depth);
    return substitute(text, (name) => {
      const given = property(own, name);
      if (given !== undefined) return given;
      return name.includes('.') ? this.#attribute(name, depth + 1) : this.ref(name);
    });
  }
}

function isFunction(name: string): boolean {
  return name === 'Ref' || name === 'Condition' || name.startsWith('Fn::');
}

function splitOnce(text: string): Value {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}
