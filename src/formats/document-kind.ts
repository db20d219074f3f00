import { isTemplateDocument } from './cloudformation/template.ts';
import { isPlanDocument, isStateDocument } from './terraform/plan-json.ts';

/** What a document is. `describe`: what `aws ec2 describe-*` or `crenel export` prints, which may come in parts. */
export type DocumentKind = 'describe' | 'terraform-plan' | 'terraform-state' | 'cloudformation';

/** Which world of a document is meant; of all but plans there is one. */
export type When = 'before' | 'after';

/** Tells what a JSON document is by its members. What is none of the others is taken for describe output, whose reader says what is wrong. */
export function kindOfDocument(document: unknown): DocumentKind {
  if (isPlanDocument(document)) return 'terraform-plan';
  if (isStateDocument(document)) return 'terraform-state';
  return isTemplateDocument(document) ? 'cloudformation' : 'describe';
}

/** The path of `plan.json:before`, and which world of it is meant. */
export function splitWhen(path: string): { readonly path: string; readonly when: When } {
  const match = /^(.+):(before|after)$/s.exec(path);
  return match === null
    ? { path, when: 'after' }
    : { path: match[1] ?? path, when: match[2] === 'before' ? 'before' : 'after' };
}
