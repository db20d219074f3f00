import { FormatError } from '../fields.ts';
import { isObject, type JsonObject, member, textOf } from '../terraform/plan-json.ts';

/** CloudFormation takes templates up to 1 MB; twice that leaves room for how they are written. */
export const MAX_TEMPLATE_BYTES: number = 2 * 1024 * 1024;

/** A resource of a template before its expressions are followed. */
export type TemplateResource = {
  readonly id: string;
  readonly type: string;
  readonly properties: unknown;
  readonly condition?: string;
};

/** The sections of a template that decide what it makes. */
export type Template = {
  readonly parameters: JsonObject;
  readonly mappings: JsonObject;
  readonly conditions: JsonObject;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  /** Members of `Resources` that are made by a transform as `Fn::ForEach`, which is not followed. */
  readonly unfollowed: readonly string[];
};

/** Whether a document is a template: it has resources with types, or says that it is one. */
export function isTemplateDocument(document: unknown): boolean {
  if (member(document, 'AWSTemplateFormatVersion') !== undefined) return true;
  const resources = member(document, 'Resources');
  return (
    isObject(resources) && Object.values(resources).some((one) => textOf(member(one, 'Type'))?.includes('::') === true)
  );
}

/** Whether a text that is no JSON looks like a template in YAML. */
export function looksLikeTemplate(text: string): boolean {
  return /^(?:"?(?:AWSTemplateFormatVersion|Resources)"?)\s*:/m.test(text);
}

/** Reads a template. Throws `FormatError`. */
export function readTemplateJson(document: unknown, file: string): Template {
  const rows = member(document, 'Resources');
  if (!isObject(rows)) throw new FormatError(`${file}: a template has Resources`);
  const resources = new Map<string, TemplateResource>();
  const unfollowed: string[] = [];
  for (const [id, row] of Object.entries(rows)) {
    const type = member(row, 'Type');
    if (id.startsWith('Fn::')) unfollowed.push(id);
    else if (typeof type === 'string') {
      const condition = member(row, 'Condition');
      resources.set(id, {
        id,
        type,
        properties: member(row, 'Properties') ?? {},
        ...(typeof condition === 'string' ? { condition } : {}),
      });
    } else throw new FormatError(`${file}: Resources.${id}: expected a Type`);
  }
  return {
    parameters: section(document, 'Parameters'),
    mappings: section(document, 'Mappings'),
    conditions: section(document, 'Conditions'),
    resources,
    unfollowed,
  };
}

function section(document: unknown, name: string): JsonObject {
  const found = member(document, name);
  return isObject(found) ? found : {};
}
