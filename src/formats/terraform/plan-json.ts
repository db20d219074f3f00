import { FormatError } from '../fields.ts';

export type JsonObject = { readonly [name: string]: unknown };

/** Whether a value is an object with members. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of an object that is its own; nothing where there is none such, or null. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
}

/** The elements of a list; none of anything else. */
export function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The key of an instance made by `count` or `for_each`. */
export type InstanceKey = string | number | undefined;

/** One instance of a resource as one side of a plan, or a state, has it. `unknown` marks what is not known, in the shape of `values`. */
export type Instance = {
  /** As Terraform writes it: `module.a.aws_subnet.web["x"]`; of a deposed object with its key behind. */
  readonly address: string;
  readonly moduleAddress: string;
  readonly type: string;
  readonly name: string;
  readonly key: InstanceKey;
  readonly values: JsonObject;
  readonly unknown: JsonObject;
  /** Whether Terraform makes it anew: nothing that AWS gives it is known. */
  readonly isNew: boolean;
  /** What the document calls an attribute, where that is not Terraform's name. */
  readonly wordOf?: (attribute: string) => string;
};

/** One resource instance and what a plan does to it. */
export type ResourceChange = {
  readonly address: string;
  readonly actions: readonly string[];
  readonly before?: Instance;
  readonly after?: Instance;
};

/** What Crenel reads of a plan. */
export type PlanJson = {
  readonly changes: readonly ResourceChange[];
  /** Addresses of what changed outside of Terraform since its last run. */
  readonly drifted: readonly string[];
  /** `configuration.root_module`. */
  readonly configuration: unknown;
  /** Whether references say which attribute they mean: since Terraform 1.0 (format 0.2). */
  readonly hasExactReferences: boolean;
};

/** The members of a plan by which it is told from other documents. */
export function isPlanDocument(document: unknown): boolean {
  const [changes, planned] = ['resource_changes', 'planned_values'].map((name) => member(document, name));
  return member(document, 'format_version') !== undefined && (Array.isArray(changes) || isObject(planned));
}

/** Whether a document is a state as `terraform show -json` prints it, or the file in which Terraform keeps one (version 4). */
export function isStateDocument(document: unknown): boolean {
  const isShown = member(document, 'format_version') !== undefined && isObject(member(document, 'values'));
  return isShown || isStateFile(document);
}

/** Whether a document is the file in which Terraform keeps a state. */
export function isStateFile(document: unknown): boolean {
  return (
    typeof member(document, 'version') === 'number' &&
    Array.isArray(member(document, 'resources')) &&
    member(document, 'terraform_version') !== undefined
  );
}

/** Reads a plan as `terraform show -json` prints it: formats 0.1 to 1.x; unknown members are passed over. Throws `FormatError`. */
export function readPlanJson(document: unknown, file: string): PlanJson {
  const version = formatVersion(document, file);
  // A plan of a configuration without resources has none.
  const rows = member(document, 'resource_changes') ?? [];
  if (!Array.isArray(rows)) throw new FormatError(`${file}: a plan has a list of resource_changes`);
  return {
    changes: rows.flatMap((row, index) => readChange(row, `${file}: resource_changes[${index}]`)),
    drifted: elements(member(document, 'resource_drift')).flatMap((row) => textOf(member(row, 'address')) ?? []),
    configuration: member(member(document, 'configuration'), 'root_module'),
    hasExactReferences: version !== '0.1',
  };
}

/** The format of a plan or state. Errors: none, or a major version that is not known. */
export function formatVersion(document: unknown, file: string): string {
  const version = member(document, 'format_version');
  if (typeof version !== 'string' || !/^[01]\.\d{1,4}$/.test(version))
    throw new FormatError(`${file}: format_version ${JSON.stringify(version)} is not one that is known (0.1 to 1.x)`);
  return version;
}

function readChange(row: unknown, place: string): readonly ResourceChange[] {
  const change = member(row, 'change');
  const address = textOf(member(row, 'address'));
  const type = textOf(member(row, 'type'));
  if (!isObject(change) || address === undefined || type === undefined)
    throw new FormatError(`${place}: expected an address, a type and a change`);
  // What data sources read is no change.
  if (member(row, 'mode') === 'data') return [];
  const deposed = textOf(member(row, 'deposed'));
  const actions = elements(member(change, 'actions')).filter((one) => typeof one === 'string');
  const head = {
    address: deposed === undefined ? address : `${address} (deposed ${deposed})`,
    moduleAddress: textOf(member(row, 'module_address')) ?? moduleOf(address),
    type,
    name: textOf(member(row, 'name')) ?? '',
    key: keyOf(member(row, 'index')),
  };
  const isNew = actions.includes('create');
  const [before, after] = [member(change, 'before'), member(change, 'after')];
  const unknown = member(change, 'after_unknown');
  const goes = deposed !== undefined || actions.includes('forget') || (actions.includes('delete') && !isNew);
  return [
    {
      address: head.address,
      actions,
      ...(isObject(before) ? { before: { ...head, values: before, unknown: {}, isNew: false } } : {}),
      ...(isObject(after) && !goes
        ? { after: { ...head, values: after, unknown: isObject(unknown) ? unknown : {}, isNew } }
        : {}),
    },
  ];
}

/** `module.a["x"].module.b` of an address in it; empty in the root module. Older formats do not say it beside. */
export function moduleOf(address: string): string {
  return /^(?:module\.[^.[\]]+(?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?\.)*/.exec(address)?.[0].replace(/\.$/, '') ?? '';
}

/** A text that is one. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The key of an instance, where it has one. */
export function keyOf(value: unknown): InstanceKey {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}
