import type { Family } from '../../core/net/address.ts';
import type { Outcome, Stage, Way } from '../../core/policy/verdict.ts';
import type { AnswerGroup } from '../answer.ts';
import type { DiffDocument } from '../diff-document.ts';
import type { Cut } from './cuts.ts';
import { type EditDocument, editDocument } from './edit.ts';
import type { Fix } from './fixes.ts';

/** The gate at which an edit acts. */
export type GateDocument = { readonly way: Way; readonly stage: Stage; readonly resource: string };

/** What would change an answer for the pair that stands for a group. `version` grows when a field changes its meaning or goes. */
export type EditsDocument = {
  readonly version: 1;
  readonly kind: 'edits';
  /** For what is refused: one edit of every step is needed. */
  readonly fix: FixDocument | null;
  /** For what gets through: any one of these is enough; the one that closes least first. */
  readonly cuts: CutsDocument | null;
};

export type FixDocument = {
  readonly family: Family;
  readonly steps: readonly {
    readonly gate: GateDocument;
    /** The one that opens least first; `effect` is what it opens together with the first edit of every other step. Empty: no single call does. */
    readonly choices: readonly { readonly edit: EditDocument; readonly effect: DiffDocument }[];
  }[];
  /** What becomes of the packet with the first edit of every step. */
  readonly outcome: Outcome;
  readonly effect: DiffDocument;
};

export type CutsDocument = {
  readonly family: Family;
  readonly cuts: readonly { readonly gate: GateDocument; readonly edit: EditDocument; readonly effect: DiffDocument }[];
};

/** Fixes and cuts as their document. */
export function editsDocument(found: {
  readonly fix?: { readonly group: AnswerGroup; readonly fix: Fix };
  readonly cuts?: { readonly group: AnswerGroup; readonly cuts: readonly Cut[] };
}): EditsDocument {
  return {
    version: 1,
    kind: 'edits',
    fix: found.fix === undefined ? null : fixDocument(found.fix.group, found.fix.fix),
    cuts: found.cuts === undefined ? null : cutsDocument(found.cuts.group, found.cuts.cuts),
  };
}

function fixDocument({ family }: AnswerGroup, { steps, outcome, measured }: Fix): FixDocument {
  return {
    family,
    steps: steps.map(({ blocker, choices }) => ({
      gate: gateDocument(blocker.gate),
      choices: choices.map((choice) => ({ edit: editDocument(choice.edit), effect: choice.measured.diff })),
    })),
    outcome,
    effect: measured.diff,
  };
}

function cutsDocument({ family }: AnswerGroup, cuts: readonly Cut[]): CutsDocument {
  return {
    family,
    cuts: cuts.map(({ gate, edit, measured }) => ({
      gate: gateDocument(gate),
      edit: editDocument(edit),
      effect: measured.diff,
    })),
  };
}

function gateDocument({ way, stage, resource }: GateDocument): GateDocument {
  return { way, stage, resource };
}
