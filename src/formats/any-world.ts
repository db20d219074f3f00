import { ok, type Result } from '../core/net/result.ts';
import type { Given } from './cloudformation/parameters.ts';
import { readTemplate } from './cloudformation/template-world.ts';
import type { Export } from './describe.ts';
import { type DocumentKind, kindOfDocument } from './document-kind.ts';
import { type PlanWorlds, readPlan } from './terraform/plan.ts';
import { readState } from './terraform/state.ts';

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
