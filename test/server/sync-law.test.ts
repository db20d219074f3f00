// The law of the stream: at each mark an agent has exactly the view that the definition gives of the world at that revision.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { asId } from '../../src/core/model/ids.ts';
import { type Kind, KINDS } from '../../src/core/model/records.ts';
import { getRecord, indexedIds, listRecords, rebuildWorld, type World, worldOf } from '../../src/core/model/world.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import { applyMembers, NO_MEMBERS } from '../../src/core/policy/members.ts';
import { decodeMessage, encodeLine } from '../../src/server/sync/codec.ts';
import { History } from '../../src/server/sync/history.ts';
import type { Holds, ServerMessage } from '../../src/server/sync/messages.ts';
import { Outbox } from '../../src/server/sync/outbox.ts';
import { heldEnis } from '../../src/server/sync/scope.ts';
import { ViewBuilder } from '../../src/server/sync/view-builder.ts';
import { checks } from '../property/checks.ts';
import { changeAtRandom, ENIS, firstWorld, INSTANCES, put } from './sync-worlds.ts';

const plain = ({ revision, world, members }: HostView): unknown => ({
  revision,
  worldRevision: world.revision,
  missing: [...world.missing],
  records: KINDS.map((kind) => [...listRecords(world, kind)].toSorted((a, b) => (a.id < b.id ? -1 : 1))),
  members: [...members].toSorted(([a], [b]) => (a < b ? -1 : 1)),
});

const randomHolds = (random: Random): Holds => ({
  enis: ENIS.filter(() => random.chance(0.3)).map((id) => asId(id)),
  instances: INSTANCES.filter(() => random.chance(0.3)).map((id) => asId(id)),
});

/** An agent and the server's end of its stream, over a wire that may break anywhere. */
class Agent {
  readonly builder = new ViewBuilder();
  holds: Holds;
  #outbox: Outbox | undefined;
  #inFlight: ServerMessage[] = [];
  #toldHolds: Holds;
  readonly seen = { marks: 0, resumes: 0, snapshots: 0, forgets: 0, gone: 0 };

  constructor(holds: Holds) {
    this.holds = holds;
    this.#toldHolds = holds;
  }

  connect(epoch: string, history: History, newest: { readonly world: World; readonly revision: number }): void {
    const point = this.builder.resumePoint;
    const world = point?.epoch === epoch ? history.worldAt('realm', point.revision, newest) : undefined;
    this.builder.reset();
    this.#inFlight = [];
    this.#outbox =
      point === undefined || world === undefined
        ? new Outbox(this.holds, epoch)
        : new Outbox(this.holds, epoch, { world, revision: point.revision, holds: this.#toldHolds });
  }

  /** Asks for what is to be said, when everything before was taken. */
  refill(newest: { readonly world: World; readonly revision: number }): void {
    if (this.#inFlight.length === 0) this.#inFlight = [...(this.#outbox?.next(newest) ?? [])];
  }

  /** Takes so many messages; some of them twice. */
  take(count: number, random: Random, worlds: ReadonlyMap<number, World>): void {
    for (const message of this.#inFlight.splice(0, count)) {
      const line = encodeLine(message).trimEnd();
      const read = expectOk(decodeMessage(line));
      assert.deepEqual(read, message);
      const built = expectOk(this.builder.take(read));
      if (read.type !== 'begin' && read.type !== 'mark' && random.chance(0.1)) expectOk(this.builder.take(read));
      if (read.type === 'begin') this.seen[read.from === 'resume' ? 'resumes' : 'snapshots'] += 1;
      if (read.type === 'forget') this.seen.forgets += 1;
      if (read.type === 'gone') this.seen.gone += 1;
      if (built !== undefined) this.#hold(built.view, worlds);
    }
  }

  #hold(view: HostView, worlds: ReadonlyMap<number, World>): void {
    const world = worlds.get(view.revision);
    assert.ok(world !== undefined);
    this.seen.marks += 1;
    this.#toldHolds = this.holds;
    const wanted = hostViewOf({ ...world, revision: view.revision }, heldEnis(world, this.holds));
    assert.deepEqual(plain(view), plain(wanted));
    const anew = rebuildWorld(view.world);
    for (const id of [...ENIS, 'sg-1', 'sg-2', 'sg-3'])
      assert.deepEqual(
        [...indexedIds(view.world, 'enisByGroup', id)].toSorted(),
        [...indexedIds(anew, 'enisByGroup', id)].toSorted(),
      );
  }
}

test('at each mark the view is what the definition gives, whatever was coalesced, lost, resumed or said twice', () => {
  const totals = { marks: 0, resumes: 0, snapshots: 0, forgets: 0, gone: 0 };
  for (let seed = 0; seed < checks(60); seed += 1) {
    const random = new Random(seed);
    let world = firstWorld();
    let revision = 7;
    let epoch = 'first';
    let history = new History(revision, 40);
    const worlds = new Map([[revision, world]]);
    const agents = Array.from({ length: 4 }, () => new Agent(randomHolds(random)));
    for (const agent of agents) agent.connect(epoch, history, { world, revision });
    for (let step = 0; step < 120; step += 1) {
      const before = world;
      world = changeAtRandom(random, world);
      revision += random.between(1, 2);
      worlds.set(revision, world);
      history.note('realm', revision, { before, after: world });
      if (random.chance(0.01)) {
        // The server begins anew: it knows no old worlds.
        epoch = `epoch-${step}`;
        history = new History(revision, 40);
        for (const agent of agents) agent.connect(epoch, history, { world, revision });
      }
      for (const agent of agents) {
        const isBroken = random.chance(0.08);
        if (isBroken && random.chance(0.3)) agent.holds = randomHolds(random);
        if (isBroken) agent.connect(epoch, history, { world, revision });
        agent.refill({ world, revision });
        agent.take(random.chance(0.5) ? 1000 : random.between(0, 4), random, worlds);
      }
    }
    for (const { seen } of agents)
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += seen[name];
  }
  for (const [name, count] of Object.entries(totals)) assert.ok(count > 50, `too few ${name}: ${count}`);
});

test('after each message every reference resolves', () => {
  for (let seed = 0; seed < checks(40); seed += 1) {
    const random = new Random(1000 + seed);
    let world = firstWorld();
    let told = worldOf({});
    const outbox = new Outbox(randomHolds(random), 'epoch');
    const members = new Set<string>();
    for (let step = 0; step < 60; step += 1) {
      for (let count = random.between(1, 5); count > 0; count -= 1) world = changeAtRandom(random, world);
      for (const message of outbox.next({ world, revision: step }) ?? []) {
        if (message.type === 'record') told = put(told, message.kind, message.record.id, message.record);
        if (message.type === 'gone') told = put(told, message.kind, message.id);
        if (message.type === 'members') members.add(message.group);
        if (message.type === 'forget') members.delete(message.group);
        assert.deepEqual([...danglingOf(told, members)], [], `after ${message.type}`);
      }
    }
  }
});

function* danglingOf(told: World, members: ReadonlySet<string>): Generator<string> {
  const has = (kind: Kind, id: string): boolean => getRecord(told, kind, id) !== undefined;
  for (const { id, vpcId, subnetId, groups } of listRecords(told, 'enis'))
    if (!has('vpcs', vpcId) || !has('subnets', subnetId) || !groups.every((one) => has('groups', one))) yield id;
  for (const { id, networkAcl } of listRecords(told, 'subnets'))
    if (networkAcl !== undefined && !has('acls', networkAcl.aclId)) yield id;
  for (const { id, rules } of listRecords(told, 'groups'))
    for (const { peer } of rules) {
      if (peer.kind === 'prefix-list' && !has('prefixLists', peer.prefixListId)) yield id;
      if (peer.kind === 'group' && !members.has(peer.groupId)) yield `${id} ${peer.groupId}`;
    }
}

test('a change between two views, applied to the first, gives the second', () => {
  const random = new Random(5);
  let world = firstWorld();
  const holds: Holds = { enis: ENIS.slice(0, 4).map((id) => asId(id)), instances: [] };
  const outbox = new Outbox(holds, 'epoch');
  const builder = new ViewBuilder();
  let before: HostView | undefined;
  for (let step = 1; step < 200; step += 1) {
    world = changeAtRandom(random, world);
    for (const message of outbox.next({ world, revision: step }) ?? []) {
      const built = expectOk(builder.take(message));
      if (built === undefined) continue;
      for (const [group, members] of built.view.members) {
        const change = built.change.members.get(group);
        const known = before?.members.get(group);
        assert.deepEqual(change === undefined ? known : applyMembers(known ?? NO_MEMBERS, change), members);
      }
      before = built.view;
    }
  }
});
