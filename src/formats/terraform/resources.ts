import { type Attributes, attributesOf, type Ids, type Surroundings, type Wanted } from './attributes.ts';
import { type Instance, textOf } from './plan-json.ts';
import type { References, Resolved, Target } from './references.ts';

/** What AWS makes with a VPC, by the attributes that name it, and what Crenel calls it until it has an id. */
const WITH_VPC: Readonly<Record<string, string>> = {
  default_security_group_id: 'default-group',
  default_network_acl_id: 'default-acl',
  default_route_table_id: 'main-table',
  main_route_table_id: 'main-table',
};

/** Attributes that stand for the whole of a resource of any type, where others refer to it. */
const WHOLE: ReadonlySet<string> = new Set(['id', 'name', 'arn', 'allocation_id', 'name_prefix']);

const MAX_HOPS = 8;
const NO_REFERENCES: Resolved = { targets: [], others: true, paired: [] };

/** The resource instances of one side, and how they name each other. */
export class Resources implements Surroundings {
  readonly #instances: readonly Instance[];
  readonly #references: References | undefined;
  readonly #byAddress: ReadonlyMap<string, Instance>;
  readonly #byType: ReadonlyMap<string, readonly Instance[]>;
  readonly #byId = new Map<string, Map<string, Instance>>();
  readonly #attributes = new Map<string, Attributes>();
  /** Assumptions that references made: which instance was taken by the key of which. */
  readonly paired: Set<string> = new Set();
  #hops = 0;

  constructor(instances: readonly Instance[], references: References | undefined) {
    this.#instances = instances;
    this.#references = references;
    this.#byAddress = new Map(instances.map((one) => [one.address, one]));
    this.#byType = Map.groupBy(instances, (one) => one.type);
  }

  get all(): readonly Instance[] {
    return this.#instances;
  }

  /** The instances of these types, in the order of the document. */
  of(...types: readonly string[]): readonly Attributes[] {
    return types.flatMap((type) => (this.#byType.get(type) ?? []).map((one) => this.attributes(one)));
  }

  attributes(instance: Instance): Attributes {
    let known = this.#attributes.get(instance.address);
    if (known === undefined) {
      known = attributesOf(instance, this, this.#references?.expressionsOf(instance));
      this.#attributes.set(instance.address, known);
    }
    return known;
  }

  /** The id of an instance: AWS's, else its address. */
  idOf(instance: Instance): string {
    const id = textOf(instance.values['id']);
    return id === undefined || id === '' ? instance.address : id;
  }

  /** An instance by its id or, for what is called by name, by its name. */
  byId(type: string, id: string | undefined): Attributes | undefined {
    if (id === undefined) return undefined;
    let byId = this.#byId.get(type);
    if (byId === undefined) {
      byId = new Map();
      for (const one of this.#byType.get(type) ?? []) byId.set(textOf(one.values['name']) ?? '', one);
      // An id comes before a name.
      for (const one of this.#byType.get(type) ?? []) byId.set(this.idOf(one), one);
      this.#byId.set(type, byId);
    }
    const found = byId.get(id);
    return found === undefined ? undefined : this.attributes(found);
  }

  /** The instance of an address. */
  at(address: string): Attributes | undefined {
    const instance = this.#byAddress.get(address);
    return instance === undefined ? undefined : this.attributes(instance);
  }

  targetsOf(
    instance: Instance,
    expression: unknown,
  ): { readonly targets: readonly Target[]; readonly others: boolean } {
    const found = expression === undefined ? NO_REFERENCES : this.#references?.resolve(instance, expression);
    if (found === undefined) return NO_REFERENCES;
    for (const one of found.paired) this.paired.add(one);
    return found;
  }

  idsOf(instance: Instance, expression: unknown, { passes, only }: Wanted = {}): Ids {
    const { targets, others } = this.targetsOf(instance, expression);
    const meant = targets.filter(
      ({ address, attribute = '' }) =>
        passes?.test(attribute) !== true && only?.test(this.#byAddress.get(address)?.type ?? '') !== false,
    );
    const ids = meant.map((one) => this.#idOfTarget(one));
    const known = [...new Set(ids.flat().filter((id) => id !== undefined))];
    return { ids: known, isExact: !others && !ids.flat().includes(undefined) };
  }

  /** What of AWS's an attribute of a VPC names; a made-up name until it has an id. */
  ofVpc(vpc: Attributes, name: keyof typeof WITH_VPC): string {
    return vpc.text(name) ?? `${this.idOf(vpc.instance)}/${WITH_VPC[name] ?? name}`;
  }

  /** The first interface of an instance. */
  primaryEni(machine: Attributes): string {
    return machine.text('primary_network_interface_id') ?? `${this.idOf(machine.instance)}/eni`;
  }

  #idOfTarget({ address, attribute = 'id' }: Target): string | undefined | readonly (string | undefined)[] {
    const instance = this.#byAddress.get(address);
    if (instance === undefined) return undefined;
    const attributes = this.attributes(instance);
    if (instance.type.endsWith('_vpc') && Object.hasOwn(WITH_VPC, attribute)) return this.ofVpc(attributes, attribute);
    if (attribute === 'primary_network_interface_id') return this.primaryEni(attributes);
    if (WHOLE.has(attribute)) return this.idOf(instance);
    const known = attributes.text(attribute);
    if (known !== undefined) return known;
    if (!attribute.endsWith('_id') || this.#hops >= MAX_HOPS) return undefined;
    this.#hops += 1;
    const { ids, isExact } = attributes.ids(attribute);
    this.#hops -= 1;
    return isExact ? ids : [...ids, undefined];
  }
}
