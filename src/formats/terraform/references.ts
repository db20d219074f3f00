import { elements, type Instance, type InstanceKey, isObject, member, textOf } from './plan-json.ts';

/** An attribute of a resource instance that an expression names; without `attribute`, the whole instance. */
export type Target = { readonly address: string; readonly attribute?: string };

/**
 * What the configuration says that an expression is made of. `others`: also of something that cannot be followed, or that may choose among the
 * targets: a local value, a variable of the root module, a data source, a key. `paired`: targets are taken by the instance's own key.
 */
export type Resolved = {
  readonly targets: readonly Target[];
  readonly others: boolean;
  readonly paired: readonly string[];
};

/** Bounds for documents that are made to be followed for ever. */
const MAX_DEPTH = 32;
const MAX_TARGETS = 2000;

const NOTHING: Resolved = { targets: [], others: false, paired: [] };
const UNFOLLOWED: Resolved = { targets: [], others: true, paired: [] };

/** Where an expression stands: in a module instance, in an instance of a resource with this key. */
type Place = { readonly moduleAddress: string; readonly key: InstanceKey; readonly address: string };

/**
 * The configuration of a plan. A plan gives no value for what is not known yet, but its configuration says which attributes an expression
 * refers to: that is how the group `aws_security_group.web.id` is found again. References go through calls of modules and their outputs.
 */
export class References {
  readonly #root: unknown;
  readonly #isExact: boolean;
  /** Instances by their address without the key. */
  readonly #instances: ReadonlyMap<string, readonly Instance[]>;
  readonly #modules: ReadonlySet<string>;
  /** Expressions by resource, for each module. */
  readonly #resources = new Map<string, ReadonlyMap<string, unknown>>();

  constructor(root: unknown, instances: Iterable<Instance>, options: { readonly isExact: boolean }) {
    const all = [...instances];
    this.#root = root;
    this.#isExact = options.isExact;
    this.#instances = Map.groupBy(all, resourceAddress);
    this.#modules = new Set(all.flatMap(({ moduleAddress }) => modulesAbove(moduleAddress)));
  }

  /** The expressions of an instance's resource by attribute; undefined where the plan has no configuration of it. */
  expressionsOf(instance: Instance): unknown {
    const key = withoutKeys(instance.moduleAddress);
    let known = this.#resources.get(key);
    if (known === undefined) {
      known = resourcesOf(this.#moduleAt(instance.moduleAddress));
      this.#resources.set(key, known);
    }
    return known.get(`${instance.type}.${instance.name}`);
  }

  /** What an expression of an instance's resource is made of. */
  resolve(instance: Instance, expression: unknown): Resolved {
    const { moduleAddress, key, address } = instance;
    return this.#ofExpression(expression, { moduleAddress, key, address }, 0);
  }

  #moduleAt(moduleAddress: string): unknown {
    let module = this.#root;
    for (const step of modulesAbove(moduleAddress)) {
      const name = lastModule(step).name;
      module = member(member(member(module, 'module_calls'), name), 'module');
    }
    return module;
  }

  #ofExpression(expression: unknown, place: Place, depth: number): Resolved {
    if (depth > MAX_DEPTH) return UNFOLLOWED;
    if (Array.isArray(expression)) return joined(expression.map((one) => this.#ofExpression(one, place, depth + 1)));
    if (!isObject(expression)) return NOTHING;
    if (Object.hasOwn(expression, 'constant_value')) return NOTHING;
    const references = member(expression, 'references');
    if (references === undefined)
      return joined(Object.values(expression).map((one) => this.#ofExpression(one, place, depth + 1)));
    const texts = wholeReferences(elements(references).flatMap((one) => textOf(one) ?? []));
    const byKey = texts.some((one) => KEYS.has(one));
    return joined(
      texts.map((one) => (KEYS.has(one) ? NOTHING : this.#ofReference(one, { ...place, byKey }, depth + 1))),
    );
  }

  #ofReference(text: string, place: Place & { readonly byKey: boolean }, depth: number): Resolved {
    const parts = splitReference(text);
    const [first = '', second = ''] = parts;
    if (first === 'var') return this.#ofVariable(second, place, depth);
    if (first === 'module') return this.#ofModule(parts, place, depth);
    if (['local', 'data', 'each', 'count', 'self', 'path', 'terraform', 'ephemeral'].includes(first)) return UNFOLLOWED;
    return this.#ofResource(parts, place);
  }

  #ofResource(parts: readonly string[], place: Place & { readonly byKey: boolean }): Resolved {
    const [type = '', named = '', attribute] = parts;
    const { name, key } = nameAndKey(named);
    const prefix = place.moduleAddress === '' ? '' : `${place.moduleAddress}.`;
    const all = this.#instances.get(`${prefix}${type}.${name}`) ?? [];
    const only = key === undefined ? all : all.filter((one) => one.key === key);
    if (only.length === 0) return UNFOLLOWED;
    const target = (one: Instance): Target => ({
      address: one.address,
      ...(attribute === undefined ? {} : { attribute: nameAndKey(attribute).name }),
    });
    // `aws_subnet.a[count.index].id` is written as `aws_subnet.a` and `count.index`: taken to be the one with the same key.
    const twin =
      place.byKey && key === undefined ? all.find((one) => one.key === place.key && one.key !== undefined) : undefined;
    if (twin !== undefined)
      return { targets: [target(twin)], others: false, paired: [`${place.address}: ${twin.address}`] };
    if (this.#isExact && attribute === undefined && only.length > 1)
      return { targets: only.map(target), others: place.byKey, paired: [] };
    return { targets: only.map(target), others: place.byKey && only.length > 1, paired: [] };
  }

  /** A variable of a module is what its call gives; one of the root module has a value that is known, so it can only choose. */
  #ofVariable(name: string, place: Place, depth: number): Resolved {
    if (place.moduleAddress === '') return UNFOLLOWED;
    const { parent, name: call, key } = lastModule(place.moduleAddress);
    const expressions = member(member(member(this.#moduleAt(parent), 'module_calls'), call), 'expressions');
    const expression = member(expressions, nameAndKey(name).name);
    if (expression === undefined) return NOTHING;
    return this.#ofExpression(expression, { moduleAddress: parent, key, address: place.moduleAddress }, depth);
  }

  #ofModule(parts: readonly string[], place: Place, depth: number): Resolved {
    const [, named = '', output] = parts;
    if (output === undefined) return UNFOLLOWED;
    const { name, key } = nameAndKey(named);
    const prefix = place.moduleAddress === '' ? '' : `${place.moduleAddress}.`;
    const called = [...this.#modules].filter((one) => {
      const last = lastModule(one);
      return one.startsWith(`${prefix}module.`) && last.parent === place.moduleAddress && last.name === name;
    });
    const meant = key === undefined ? called : called.filter((one) => lastModule(one).key === key);
    if (meant.length === 0) return UNFOLLOWED;
    const found = meant.map((moduleAddress) => {
      const expression = member(member(this.#moduleAt(moduleAddress), 'outputs'), nameAndKey(output).name);
      const inside = { moduleAddress, key: undefined, address: moduleAddress };
      const value = member(expression, 'expression');
      return value === undefined ? UNFOLLOWED : this.#ofExpression(value, inside, depth);
    });
    const all = joined(found);
    return key === undefined && meant.length > 1 ? { ...all, others: true } : all;
  }
}

function resourcesOf(module: unknown): ReadonlyMap<string, unknown> {
  const rows = elements(member(module, 'resources')).filter((one) => member(one, 'mode') !== 'data');
  return new Map(rows.map((one) => [textOf(member(one, 'address')) ?? '', member(one, 'expressions') ?? {}]));
}

/** Keys of the instance itself: they choose among others. */
const KEYS: ReadonlySet<string> = new Set(['count.index', 'each.key']);

function joined(parts: readonly Resolved[]): Resolved {
  const targets = new Map<string, Target>();
  for (const part of parts) for (const one of part.targets) targets.set(`${one.address} ${one.attribute ?? ''}`, one);
  const kept = [...targets.values()].slice(0, MAX_TARGETS);
  return {
    targets: kept,
    others: parts.some((part) => part.others) || targets.size > MAX_TARGETS,
    paired: [...new Set(parts.flatMap((part) => part.paired))],
  };
}

/** References without the shorter ones that Terraform writes behind each: `a.b[0].id`, `a.b[0]`, `a.b` are one. */
function wholeReferences(texts: readonly string[]): readonly string[] {
  const whole: string[] = [];
  let last = '';
  for (const text of texts) {
    if (last.startsWith(`${text}.`) || last.startsWith(`${text}[`)) continue;
    whole.push(text);
    last = text;
  }
  return whole;
}

/** The parts of a reference between its dots; a key in brackets stays with its name. */
function splitReference(text: string): readonly string[] {
  return text.match(/[^.[\]]+(?:\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\])*/g) ?? [];
}

function nameAndKey(text: string): { readonly name: string; readonly key: InstanceKey } {
  const match = /^([^[]+)\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]/.exec(text);
  if (match === null) return { name: text.replace(/\[.*$/s, ''), key: undefined };
  const [, name = '', word, number] = match;
  return { name, key: word === undefined ? Number(number) : word.replaceAll(/\\(.)/g, '$1') };
}

/** `module.a`, `module.a.module.b["x"]` of the latter: a module and those around it, outer ones first. */
function modulesAbove(moduleAddress: string): readonly string[] {
  const steps = moduleAddress.match(/module\.[^.[\]]+(?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?/g) ?? [];
  return steps.map((_, at) => steps.slice(0, at + 1).join('.'));
}

function lastModule(moduleAddress: string): {
  readonly parent: string;
  readonly name: string;
  readonly key: InstanceKey;
} {
  const above = modulesAbove(moduleAddress);
  const parent = above.at(-2) ?? '';
  const step = moduleAddress.slice(parent === '' ? 0 : parent.length + 1).replace(/^module\./, '');
  return { parent, ...nameAndKey(step) };
}

function withoutKeys(moduleAddress: string): string {
  return moduleAddress.replaceAll(/\[(?:"(?:[^"\\]|\\.)*"|\d+)\]/g, '');
}

function resourceAddress(instance: Instance): string {
  const prefix = instance.moduleAddress === '' ? '' : `${instance.moduleAddress}.`;
  return `${prefix}${instance.type}.${instance.name}`;
}
