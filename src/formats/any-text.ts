import { fail, type Result } from '../core/net/result.ts';
import { type AnyWorld, oneWorld, readWhole } from './any-world.ts';
import type { Given } from './cloudformation/parameters.ts';
import { readTemplate } from './cloudformation/template-world.ts';
import { parseTemplateYaml } from './cloudformation/template-yaml.ts';
import { looksLikeTemplate } from './cloudformation/template.ts';
import { DescribeReader } from './describe.ts';
import { kindOfDocument } from './document-kind.ts';

/** Reads a text that is no JSON and a world by itself: a CloudFormation template in YAML. Undefined: it does not look like one. */
export function readWholeText(text: string, file: string, given?: Given): Result<AnyWorld> | undefined {
  if (!looksLikeTemplate(text)) return undefined;
  const document = parseTemplateYaml(text, file);
  return document.ok ? oneWorld('cloudformation', readTemplate(document.value, file, given)) : document;
}

/**
 * Reads a document that came by itself, not as a file: JSON of any kind, a text of a template or of JSON, or a list of describe output. Errors: what is
 * wrong with it, after the name that the document is given.
 */
export function readSent(document: unknown, name: string, given?: Given): Result<AnyWorld> {
  if (typeof document === 'string') return readSentText(document, name, given);
  const whole = Array.isArray(document) ? undefined : readWhole(document, name, given);
  if (whole !== undefined) return whole;
  const reader = new DescribeReader();
  const parts: readonly unknown[] = Array.isArray(document) ? document : [document];
  for (const [index, part] of parts.entries()) {
    const own = parts.length === 1 ? name : `${name}[${index}]`;
    const kind = kindOfDocument(part);
    if (kind !== 'describe') return fail(`${own} is no describe output (${kind}): give it alone`);
    const read = reader.add(own, part);
    if (!read.ok) return read;
  }
  const read = reader.finish();
  return oneWorld('describe', read.ok ? read : fail(`${name}: ${read.error}`));
}

function readSentText(text: string, name: string, given: Given | undefined): Result<AnyWorld> {
  const template = readWholeText(text, name, given);
  if (template !== undefined) return template;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail(`${name} is a text that is neither JSON nor a template`);
  }
  return typeof document === 'string' ? fail(`${name} is a text in a text`) : readSent(document, name, given);
}
