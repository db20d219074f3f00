import type { World } from '../core/model/world.ts';
import type { DiffDocument } from '../analysis/diff-document.ts';
import type { EditDocument } from '../analysis/edits/edit.ts';
import type { CutsDocument, EditsDocument, FixDocument } from '../analysis/edits/edits-document.ts';
import { nameOf, recordLabel } from '../analysis/names.ts';
import { statementLine } from './diff-text.ts';
import { openText } from './diff-words.ts';
import { countText } from './pair-text.ts';
import { indented, line, row, type Sheet, type Span } from './terminal.ts';
import { stacked } from './trace-text.ts';

const MAX_STATEMENTS = 4;

/** What edits would change an answer, each with exactly what else it opens or closes. */
export function editsSheet(world: World, { fix, cuts }: EditsDocument): Sheet {
  return stacked(fix === null ? [] : fixSheet(world, fix), cuts === null ? [] : cutsSheet(world, cuts));
}

function fixSheet(world: World, { steps, outcome, effect }: FixDocument): Sheet {
  const lacking = steps.filter(({ choices }) => choices.length === 0).length;
  const isMany = steps.length > 1;
  const own = effectLines(effect, 'opens');
  return [
    line({ text: `What opens least${isMany ? ', all of this' : ''}:`, style: 'strong' }),
    ...steps.map(({ gate, choices: [first] }, at) =>
      row(2, isMany ? [`${at + 1}. `] : [], [
        first === undefined
          ? `(no single call makes ${recordLabel(world, gate.resource)} let it pass: see above)`
          : editText(world, first.edit),
      ]),
    ),
    indented(4, faint('opens exactly:')),
    ...own,
    ...(outcome === 'allow'
      ? []
      : [
          indented(4, {
            text: lacking > 0 ? 'that alone does not let it pass' : 'it still depends on what is not known',
            style: 'doubt',
          }),
        ]),
    ...steps.flatMap(({ choices }, at) =>
      choices.slice(1).flatMap((choice): Sheet => {
        const others = effectLines(choice.effect, 'opens');
        return [
          row(2, [isMany ? `or for ${at + 1}: ` : 'or '], [editText(world, choice.edit)]),
          ...(isSame(others, own) ? [indented(4, faint('opens the same'))] : others),
        ];
      }),
    ),
  ];
}

function cutsSheet(world: World, { cuts }: CutsDocument): Sheet {
  if (cuts.length === 0) return [line('No single call at a group or a NACL keeps it out.')];
  return [
    line({ text: 'To keep it out, any one of these; what closes least is first:', style: 'strong' }),
    ...cuts.flatMap(({ edit, effect }) => {
      const open = new Set(effect.statements.flatMap((one) => openText(one) ?? []));
      return [
        row(2, ['- '], [editText(world, edit)]),
        ...effectLines(effect, 'closes'),
        ...[...open].map((text) => indented(6, faint(text))),
      ];
    }),
  ];
}

function effectLines(document: DiffDocument, effect: 'opens' | 'closes'): Sheet {
  // Statements are apart by cause; here two rules that need each other say the same.
  const statements = document.statements.filter((one) => one.effect === effect);
  const lines = statements.map((one) => ({ ...statementLine(document, one), indent: 4 }));
  const own = [...new Map(lines.map((one) => [JSON.stringify(one), one])).values()];
  const hidden = own.length - MAX_STATEMENTS;
  return [
    ...own.slice(0, MAX_STATEMENTS),
    ...(hidden > 0 ? [indented(6, faint(`and ${countText(hidden, 'more statement')}: --json has them all`))] : []),
    ...(own.length === 0 ? [indented(6, 'nothing')] : []),
  ];
}

function isSame(a: Sheet, b: Sheet): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function editText(world: World, edit: EditDocument): string {
  const label = (id: string): string => recordLabel(world, id);
  switch (edit.kind) {
    case 'add-rule': {
      const word = edit.direction === 'ingress' ? 'from' : 'to';
      const peer = nameOf(world, edit.peer) === undefined ? edit.peer : `the group ${label(edit.peer)}`;
      return `add to ${label(edit.group)} an ${edit.direction} rule ${edit.traffic} ${word} ${peer}`;
    }
    case 'remove-rules':
      return `remove ${edit.rules.map(({ group, rule }) => `${rule} of ${label(group)}`).join(', ')}`;
    case 'join-group':
      return `let ${label(edit.eni)} join ${label(edit.group)}`;
    case 'leave-group':
      return `let ${label(edit.eni)} leave ${label(edit.group)}`;
    case 'add-entry': {
      const word = edit.direction === 'ingress' ? 'from' : 'to';
      return `in ${label(edit.acl)}, ${edit.direction} entry ${edit.number} ${edit.action} ${edit.traffic} ${word} ${edit.cidr}`;
    }
    case 'add-route':
      return `in ${label(edit.routeTable)}, a route ${edit.destination} to ${label(edit.target)}`;
  }
}

function faint(text: string): Span {
  return { text, style: 'faint' };
}
