import type { GroupId, PrefixListId } from '../../core/model/ids.ts';
import { type Direction, type Rule, ruleIdentity, type SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import type { DenyReason, RuleRef, Stage, UnknownReason, Way } from '../../core/policy/verdict.ts';

/** The end of traffic that a cause is about. */
export type Side = 'from' | 'to';

/** What of a world makes the difference to another; read from the world that has the traffic. */
export type Cause =
  /** A rule that the other world does not have. */
  | { readonly kind: 'rule'; readonly groupId: GroupId; readonly rule: Rule }
  /** Interfaces with these groups that the other world does not have, or not with this address; `side`: as senders or receivers. */
  | { readonly kind: 'interface'; readonly side: Side; readonly groups: readonly GroupId[] }
  /** Groups that senders or receivers carry here and not in the other world, or there and not here. */
  | {
      readonly kind: 'membership';
      readonly side: Side;
      readonly joined: readonly GroupId[];
      readonly left: readonly GroupId[];
    }
  /** Entries of a prefix list that the other world does not have. */
  | { readonly kind: 'prefix-list'; readonly prefixListId: PrefixListId }
  /** A gate that refuses or doubts in the other world. */
  | {
      readonly kind: 'gate';
      readonly way: Way;
      readonly stage: Stage;
      readonly resource: string;
      readonly reason: DenyReason | UnknownReason;
      /** The entry or route that refuses there. */
      readonly winner?: RuleRef;
    };

/** A rule of one world, and its group. */
export type OwnedRule = { readonly group: SecurityGroup; readonly rule: Rule };

/** What only one of two worlds has, of what groups say. */
export type Novelties = {
  /** Rules that the other world does not have in this group, whatever their ids. */
  readonly rules: readonly OwnedRule[];
  /** Prefix lists of which the entries differ, and all rules that name one, in groups that both worlds have. */
  readonly listed: readonly OwnedRule[];
};

/** What of a world's groups another does not have. A rule that only got another id or description is no novelty. */
export function noveltiesOf(world: World, other: World): Novelties {
  const lists = changedLists(world, other);
  const rules: OwnedRule[] = [];
  const listed: OwnedRule[] = [];
  for (const group of listRecords(world, 'groups')) {
    const before = getRecord(other, 'groups', group.id);
    if (before === group && lists.size === 0) continue;
    const known = new Set(before?.rules.map(noveltyKey));
    for (const rule of group.rules) {
      if (!known.has(noveltyKey(rule))) rules.push({ group, rule });
      else if (rule.peer.kind === 'prefix-list' && lists.has(rule.peer.prefixListId)) listed.push({ group, rule });
    }
  }
  return { rules, listed };
}

/** A rule that is perhaps there in one world and for certain in the other is a novelty. */
function noveltyKey(rule: Rule): string {
  return `${ruleIdentity(rule)}${rule.doubt === undefined ? '' : ' perhaps'}`;
}

/** One text for causes that are the same. */
export function causeKey(cause: Cause): string {
  switch (cause.kind) {
    case 'rule':
      return `rule ${cause.groupId} ${ruleIdentity(cause.rule)}`;
    case 'interface':
      return `interface ${cause.side} ${cause.groups.join(' ')}`;
    case 'membership':
      return `membership ${cause.side} ${cause.joined.join(' ')} / ${cause.left.join(' ')}`;
    case 'prefix-list':
      return `prefix-list ${cause.prefixListId}`;
    case 'gate':
      return `gate ${cause.way} ${cause.stage} ${gateOwner(cause)} ${cause.reason} ${winnerKey(cause.winner)}`;
  }
}

/** The group rules of a direction among novelties. */
export function ofDirection(rules: readonly OwnedRule[], direction: Direction): readonly OwnedRule[] {
  return rules.filter(({ rule }) => rule.direction === direction);
}

/** Gates of one NACL or route table are one cause, whichever subnet they stand at; others are as many as their resources. */
function gateOwner(cause: Extract<Cause, { kind: 'gate' }>): string {
  if (cause.winner?.kind === 'entry' || cause.winner?.kind === 'default-entry') return cause.winner.aclId;
  return cause.winner?.kind === 'route' ? cause.winner.routeTableId : cause.resource;
}

function winnerKey(winner: RuleRef | undefined): string {
  if (winner?.kind === 'entry') return `${winner.entry.direction} ${winner.entry.number}`;
  if (winner?.kind === 'route')
    return winner.route.destination.kind === 'cidr'
      ? JSON.stringify(winner.route.destination.cidr)
      : winner.route.destination.prefixListId;
  return winner?.kind === 'rule' ? ruleIdentity(winner.rule) : '';
}

function changedLists(world: World, other: World): ReadonlySet<PrefixListId> {
  const changed = new Set<PrefixListId>();
  for (const list of listRecords(world, 'prefixLists'))
    if (getRecord(other, 'prefixLists', list.id)?.entries !== list.entries) changed.add(list.id);
  return changed;
}
