import { ok, type Result } from '../core/net/result.ts';
import type { Given } from './cloudformation/parameters.ts';
import { isTemplateDocument } from './cloudformation/template.ts';
import { readTemplate } from './cloudformation/template-world.ts';
import type { Export } from './describe.ts';
import { isPlanDocument } from './terraform/plan-json.ts';
import { type PlanWorlds, readPlan } from './terraform/plan.ts';
import { isStateDocument, readState } from './terraform/state.ts';

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

/** The worlds of a document that holds one by itself: before and after are the same where it is no plan. */
export type AnyWorld = {
  readonly kind: DocumentKind;
  readonly before: Export;
  readonly after: Export;
  readonly plan?: PlanWorlds;
};

/** Reads a document that is a world by itself. Errors: the file and what is wrong with it. Undefined: it is describe output, a part perhaps of more. */
export function readWhole(document: unknown, file: string, given?: Given): Result<AnyWorld> | undefined {
  const kind = kindOfDocument(document);
  switch (kind) {
    case 'describe':
      return undefined;
    case 'terraform-plan': {
      const plan = readPlan(document, file);
      return plan.ok ? ok({ kind, before: plan.value.before, after: plan.value.after, plan: plan.value }) : plan;
    }
    case 'terraform-state':
      return oneWorld(kind, readState(document, file));
    case 'cloudformation':
      return oneWorld(kind, readTemplate(document, file, given));
  }
}

/** Of what is no plan, before and after are one. */
export function oneWorld(kind: DocumentKind, read: Result<Export>): Result<AnyWorld> {
  return read.ok ? ok({ kind, before: read.value, after: read.value }) : read;
}

/** The path of `plan.json:before`, and which world of it is meant. */
export function splitWhen(path: string): { readonly path: string; readonly when: When } {
  const match = /^(.+):(before|after)$/s.exec(path);
  return match === null
    ? { path, when: 'after' }
    : { path: match[1] ?? path, when: match[2] === 'before' ? 'before' : 'after' };
}
