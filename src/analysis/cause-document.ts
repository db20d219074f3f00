import type { World } from '../core/model/world.ts';
import type { DenyReason, Stage, UnknownReason, Way } from '../core/policy/verdict.ts';
import { recordLabel } from './names.ts';
import { type RuleDocument, ruleDocument } from './part-documents.ts';
import type { Statement } from './pairs/difference.ts';

/** Why traffic is there in one world and not in the other. `label` names the record for people. */
export type CauseDocument =
  | {
      readonly kind: 'rule';
      readonly change: 'added' | 'removed';
      readonly rule: RuleDocument;
      readonly label: string;
    }
  | {
      readonly kind: 'interface';
      readonly side: 'from' | 'to';
      readonly change: 'added' | 'removed';
      readonly groups: readonly string[];
      readonly label: string;
    }
  | {
      readonly kind: 'membership';
      readonly side: 'from' | 'to';
      /** Groups that the interfaces carry after and not before, and the other way round. */
      readonly joined: readonly string[];
      readonly left: readonly string[];
      readonly label: string;
    }
  | { readonly kind: 'prefix-list'; readonly prefixList: string; readonly label: string }
  | {
      readonly kind: 'gate';
      /** `opened`: what refused or was in doubt before lets it pass now. */
      readonly change: 'opened' | 'closed';
      readonly way: Way;
      readonly stage: Stage;
      readonly resource: string;
      readonly reason: DenyReason | UnknownReason;
      readonly refusedBy: RuleDocument | null;
      readonly label: string;
    };

type Worlds = { readonly before: World; readonly after: World };

/** The cause of a statement as its document. */
export function causeDocument(worlds: Worlds, { cause, effect }: Statement): CauseDocument {
  const isOpening = effect === 'opens';
  const has = isOpening ? worlds.after : worlds.before;
  const change = isOpening ? 'added' : 'removed';
  switch (cause.kind) {
    case 'rule':
      return {
        kind: 'rule',
        change,
        rule: ruleDocument({ kind: 'rule', groupId: cause.groupId, rule: cause.rule }),
        label: recordLabel(has, cause.groupId),
      };
    case 'interface':
      return { kind: 'interface', side: cause.side, change, groups: cause.groups, label: labels(has, cause.groups) };
    case 'membership': {
      const [joined, left] = isOpening ? [cause.joined, cause.left] : [cause.left, cause.joined];
      return { kind: 'membership', side: cause.side, joined, left, label: labels(has, [...joined, ...left]) };
    }
    case 'prefix-list':
      return { kind: 'prefix-list', prefixList: cause.prefixListId, label: recordLabel(has, cause.prefixListId) };
    case 'gate':
      return gateDocument(worlds, cause, isOpening);
  }
}

function gateDocument(
  worlds: Worlds,
  cause: Extract<Statement['cause'], { kind: 'gate' }>,
  isOpening: boolean,
): CauseDocument {
  const refusing = isOpening ? worlds.before : worlds.after;
  const refusedBy = cause.winner === undefined ? null : ruleDocument(cause.winner);
  return {
    kind: 'gate',
    change: isOpening ? 'opened' : 'closed',
    way: cause.way,
    stage: cause.stage,
    resource: cause.resource,
    reason: cause.reason,
    refusedBy,
    label: recordLabel(refusing, ownerOf(refusedBy) ?? cause.resource),
  };
}

function ownerOf(rule: RuleDocument | null): string | undefined {
  switch (rule?.kind) {
    case undefined:
      return undefined;
    case 'rule':
      return rule.group;
    case 'entry':
    case 'default-entry':
      return rule.acl;
    case 'route':
      return rule.routeTable;
  }
}

function labels(world: World, ids: readonly string[]): string {
  return ids.map((id) => recordLabel(world, id)).join(', ');
}
