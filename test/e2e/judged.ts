// What may be seen while rules change and programs are killed: tables and packets, each at a time, judged by the revisions of that time.
import assert from 'node:assert/strict';
import type { Packet } from '../../src/core/net/packet.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';

/** A revision: when its call was first sent, and what it came to. `form` is the one that the kernel has when it holds its rules. */
export type Revision = { readonly says: string; readonly sentAt: number; readonly world: World; readonly form: string };

/** A table that was read between two moments. */
export type Seen = { readonly from: number; readonly to: number; readonly form: string };

/** A packet that was sent between two moments, and whether it arrived. */
export type Sending = {
  readonly from: number;
  readonly to: number;
  readonly packet: Packet;
  readonly sender: string;
  readonly arrived: boolean;
};

/** What all sightings came to. */
export type Judged = {
  readonly revisions: number;
  readonly passed: number;
  readonly refused: number;
  readonly either: number;
};

/**
 * Holds every table to the rules of a revision, none older than one that was seen before, and every packet to the revisions that may have been in
 * force: what a gate of all of them refuses must not have arrived, what all gates of all of them admit must have.
 */
export function judge(revisions: readonly Revision[], tables: readonly Seen[], sendings: readonly Sending[]): Judged {
  const inForce = revisionsSeen(revisions, tables);
  const count = { passed: 0, refused: 0, either: 0 };
  for (const sending of sendings) {
    const earliest = Math.max(0, ...inForce.filter(({ to }) => to <= sending.from).map(({ revision }) => revision));
    const latest = latestBefore(revisions, sending.to);
    const between = revisions.slice(earliest, latest + 1);
    const wanted = verdictOver(
      between.map(({ world }) => world),
      sending,
    );
    if (wanted === undefined) count.either += 1;
    else if (wanted) count.passed += 1;
    else count.refused += 1;
    const said = between.map(({ says }) => says).join('; ');
    if (wanted !== undefined)
      assert.equal(
        sending.arrived,
        wanted,
        `revisions ${earliest} to ${latest}: ${JSON.stringify(sending.packet)} (${said})`,
      );
  }
  return { ...count, revisions: new Set(inForce.map(({ revision }) => revision)).size };
}

/** The revision that each table holds the rules of. */
function revisionsSeen(
  revisions: readonly Revision[],
  tables: readonly Seen[],
): readonly { readonly to: number; readonly revision: number }[] {
  let last = 0;
  return tables.map(({ form, to }, index) => {
    const latest = latestBefore(revisions, to);
    const found = revisions.findIndex((one, at) => at >= last && at <= latest && one.form === form);
    assert.ok(found >= 0, `table ${index} holds the rules of none of the revisions ${last} to ${latest}`);
    last = found;
    return { to, revision: found };
  });
}

function latestBefore(revisions: readonly Revision[], moment: number): number {
  return revisions.findLastIndex(({ sentAt }) => sentAt <= moment);
}

/** True when every gate of every world admits, false when some gate refuses in every world, undefined otherwise. */
function verdictOver(worlds: readonly World[], { packet, sender }: Sending): boolean | undefined {
  const ways = worlds.map((world) => gatesOf(world, packet, sender));
  if (ways.every((gates) => [...gates.values()].every(Boolean))) return true;
  const [first = new Map<string, boolean>()] = ways;
  const isRefused = [...first.keys()].some((gate) => ways.every((gates) => gates.get(gate) === false));
  return isRefused ? false : undefined;
}

/** Memory of a pure function: worlds never change. */
const GATES = new WeakMap<World, Map<string, ReadonlyMap<string, boolean>>>();

function gatesOf(world: World, packet: Packet, sender: string): ReadonlyMap<string, boolean> {
  const known = GATES.get(world) ?? new Map<string, ReadonlyMap<string, boolean>>();
  GATES.set(world, known);
  const { transport } = packet;
  const key = `${transport.kind} ${'destinationPort' in transport ? transport.destinationPort : ''}`;
  const gates = known.get(key) ?? freshGates(world, packet, sender);
  known.set(key, gates);
  return gates;
}

function freshGates(world: World, packet: Packet, sender: string): ReadonlyMap<string, boolean> {
  const eni = getRecord(world, 'enis', sender);
  assert.ok(eni !== undefined);
  const { forward } = evaluate(world, { kind: 'eni', eni }, packet);
  return new Map(
    forward.gates.map(({ gate, decision }) => [`${gate.stage} ${gate.resource}`, decision.outcome === 'pass']),
  );
}
