import { type Address, parseAddress } from '../../core/net/address.ts';
import { type Cidr, parseCidr } from '../../core/net/cidr.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { type Change, changeOf } from '../../core/model/change.ts';
import type { GroupId } from '../../core/model/ids.ts';
import type { Kind, Records } from '../../core/model/records.ts';
import { tableKeys } from '../../core/model/table.ts';
import { applyToRecords, getRecord, type World, worldOf } from '../../core/model/world.ts';
import type { HostView } from '../../core/policy/host-view.ts';
import {
  applyMembers,
  memberCount,
  type Members,
  membersBetween,
  type MembersChange,
  membersWithout,
  NO_MEMBERS,
  packMembers,
} from '../../core/policy/members.ts';
import type { ServerMessage } from './messages.ts';
import { HOST_KINDS } from './record-shapes.ts';
import { Sharing } from './sharing.ts';

/** What led from the view before to this one: records, and members by group; a group that came or went is there with all it has. */
export type ViewChange = { readonly records: Change; readonly members: ReadonlyMap<GroupId, MembersChange> };

/** A view that is whole, what led to it, and the run of the server that told it. */
export type BuiltView = { readonly view: HostView; readonly change: ViewChange; readonly epoch: string };

type AnyRecord = Records[Kind];
/** What was said of one group since the last mark, in order. Packed at once: a snapshot may bring a million addresses. */
type GroupTalk = { isForgotten: boolean; isReset: boolean; readonly parts: MembersChange[] };

const NO_CHANGE: MembersChange = { added: NO_MEMBERS, removed: NO_MEMBERS };
const EMPTY_VIEW: HostView = { revision: 0, world: worldOf({}), members: new Map() };

/**
 * The agent's end of a stream: takes messages one by one, gives a view at each mark. What came since the last mark is kept apart, so
 * that a broken connection leaves the last whole view. Messages may come twice; what is said last holds.
 */
export class ViewBuilder {
  #view: HostView | undefined;
  #epoch: string | undefined;
  #newEpoch = '';
  #isBegun = false;
  #startsAnew = false;
  #records = new Map<Kind, Map<string, AnyRecord | undefined>>();
  #groups = new Map<GroupId, GroupTalk>();
  /** Of the records since the last mark. */
  #sharing = new Sharing();

  /** The newest whole view; undefined before the first snapshot is complete. */
  get view(): HostView | undefined {
    return this.#view;
  }

  /** Where the stream can go on after a break; undefined before the first snapshot is complete. */
  get resumePoint(): { readonly epoch: string; readonly revision: number } | undefined {
    return this.#view === undefined || this.#epoch === undefined
      ? undefined
      : { epoch: this.#epoch, revision: this.#view.revision };
  }

  /** Forgets what came since the last mark: the connection broke, and a new one begins. */
  reset(): void {
    this.#isBegun = false;
    this.#startsAnew = false;
    this.#records = new Map();
    this.#groups = new Map();
    this.#sharing = new Sharing();
  }

  /** Takes the next message; gives a view when it is a mark. Fails on what no server says at that place. */
  take(message: ServerMessage): Result<BuiltView | undefined> {
    if (message.type === 'begin') return this.#begin(message);
    if (message.type === 'alive') return ok(undefined);
    if (!this.#isBegun) return fail('the stream does not begin with begin');
    switch (message.type) {
      case 'record':
        this.#put(message.kind, message.record.id, this.#sharing.of(message.record));
        return ok(undefined);
      case 'gone':
        this.#put(message.kind, message.id, undefined);
        return ok(undefined);
      case 'members':
        return this.#members(message);
      case 'forget':
        this.#groups.set(message.group, { isForgotten: true, isReset: true, parts: [] });
        return ok(undefined);
      case 'mark':
        return this.#mark(message.revision);
    }
  }

  #begin({ epoch, from }: Extract<ServerMessage, { type: 'begin' }>): Result<undefined> {
    if (this.#isBegun) return fail('a stream begins once');
    if (from === 'resume' && (this.#view === undefined || this.#epoch !== epoch))
      return fail('the server goes on from what this agent does not have');
    this.reset();
    this.#isBegun = true;
    this.#startsAnew = from === 'nothing';
    this.#newEpoch = epoch;
    return ok(undefined);
  }

  #put(kind: Kind, id: string, record: AnyRecord | undefined): void {
    const ofKind = this.#records.get(kind) ?? new Map<string, AnyRecord | undefined>();
    this.#records.set(kind, ofKind);
    ofKind.set(id, record);
  }

  #members({ group, added, removed }: Extract<ServerMessage, { type: 'members' }>): Result<undefined> {
    const talk = this.#groups.get(group) ?? { isForgotten: false, isReset: false, parts: [] };
    talk.isForgotten = false;
    this.#groups.set(group, talk);
    const part = { added: packed(added), removed: packed(removed) };
    if (part.added === undefined || part.removed === undefined) return fail('a member is no address and no prefix');
    // Of one message, what joins holds over what leaves.
    const left = membersWithout(part.removed, part.added);
    talk.parts.push({ added: part.added, removed: left });
    return ok(undefined);
  }

  #mark(revision: number): Result<BuiltView> {
    const base = this.#view ?? EMPTY_VIEW;
    const records = this.#recordChange(base.world);
    const { members, change } = this.#memberChange(base.members);
    const world = { ...applyToRecords(base.world, records), revision };
    this.#view = { revision, world, members };
    this.#epoch = this.#newEpoch;
    this.#startsAnew = false;
    this.#records = new Map();
    this.#groups = new Map();
    this.#sharing = new Sharing();
    return ok({ view: this.#view, change: { records, members: change }, epoch: this.#epoch });
  }

  #recordChange(world: World): Change {
    const steps = new Map<Kind, Map<string, { from?: AnyRecord; to?: AnyRecord }>>();
    const add = (kind: Kind, id: string, to: AnyRecord | undefined): void => {
      const from: AnyRecord | undefined = getRecord(world, kind, id);
      const ofKind = steps.get(kind) ?? new Map<string, { from?: AnyRecord; to?: AnyRecord }>();
      steps.set(kind, ofKind);
      // A record that was said again, word for word, did not change.
      const same = from !== undefined && to !== undefined && JSON.stringify(from) === JSON.stringify(to) ? from : to;
      ofKind.set(id, { ...(from === undefined ? {} : { from }), ...(same === undefined ? {} : { to: same }) });
    };
    if (this.#startsAnew)
      for (const [kind, id] of allIds(world)) if (this.#records.get(kind)?.has(id) !== true) add(kind, id, undefined);
    for (const [kind, ofKind] of this.#records) for (const [id, to] of ofKind) add(kind, id, to);
    return changeOf(steps);
  }

  #memberChange(known: HostView['members']): {
    readonly members: HostView['members'];
    readonly change: Map<GroupId, MembersChange>;
  } {
    const members = new Map(known);
    const change = new Map<GroupId, MembersChange>();
    if (this.#startsAnew)
      for (const group of known.keys())
        if (!this.#groups.has(group)) this.#groups.set(group, { isForgotten: true, isReset: true, parts: [] });
    for (const [group, talk] of this.#groups) {
      const before = known.get(group);
      const isKnown = before !== undefined;
      const between = changeOfTalk(before ?? NO_MEMBERS, talk, this.#startsAnew);
      if (talk.isForgotten) members.delete(group);
      else members.set(group, applyMembers(before ?? NO_MEMBERS, between));
      if (memberCount(between.added) + memberCount(between.removed) > 0 || isKnown === talk.isForgotten)
        change.set(group, between);
    }
    return { members, change };
  }
}

/** What a talk changes in the members that are known. */
function changeOfTalk(before: Members, { isForgotten, isReset, parts }: GroupTalk, startsAnew: boolean): MembersChange {
  const { added, removed } = together(parts);
  if (isForgotten) return { added: NO_MEMBERS, removed: before };
  if (isReset || startsAnew) return membersBetween(before, added);
  return {
    added: membersWithout(added, before),
    removed: membersWithout(removed, membersWithout(removed, before)),
  };
}

/** Changes one after another as one: what is said last holds. In halves, for each step copies what it has. */
function together(parts: readonly MembersChange[]): MembersChange {
  const [first = NO_CHANGE] = parts;
  if (parts.length <= 1) return first;
  const middle = Math.ceil(parts.length / 2);
  const [one, next] = [together(parts.slice(0, middle)), together(parts.slice(middle))];
  return {
    added: applyMembers(one.added, next),
    removed: applyMembers(next.removed, { added: membersWithout(one.removed, next.added), removed: NO_MEMBERS }),
  };
}

function packed(texts: readonly string[]): Members | undefined {
  const addresses: Address[] = [];
  const prefixes: Cidr[] = [];
  for (const text of texts) {
    const member = memberOf(text);
    if (member === undefined) return undefined;
    if ('length' in member) prefixes.push(member);
    else addresses.push(member);
  }
  return packMembers(addresses, prefixes);
}

function memberOf(text: string): Address | Cidr | undefined {
  const read: Result<Address | Cidr> = text.includes('/') ? parseCidr(text) : parseAddress(text);
  return read.ok ? read.value : undefined;
}

function* allIds(world: World): Generator<readonly [Kind, string], void, undefined> {
  for (const kind of HOST_KINDS) for (const id of tableKeys(world.records[kind])) yield [kind, id];
}
