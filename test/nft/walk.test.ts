// However long a walk through hostile worlds, a layout that follows it in parts is the one that is made anew: in what the kernel holds, in what counters
// mean, in what is said to people, and in all that is kept for the next step, where what went stale would show only later.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Random } from '../../bench/random.ts';
import { generateWorld } from '../../bench/world.ts';
import type { EniId } from '../../src/core/model/ids.ts';
import { KINDS } from '../../src/core/model/records.ts';
import { applyChange, changeBetween, listRecords, rebuildWorld, type World } from '../../src/core/model/world.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import { CounterNames } from '../../src/agent/counter-names.ts';
import { amended } from '../../src/nft/amend.ts';
import { CannotHold } from '../../src/nft/cannot-hold.ts';
import { delta } from '../../src/nft/delta.ts';
import { followMembers } from '../../src/nft/follow.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { type Counts, listingOf } from '../../src/nft/listing.ts';
import { pastIn } from '../../src/nft/past.ts';
import { NUMBER_BITS } from '../../src/nft/plan.ts';
import { layoutAfter, layoutOver } from '../../src/nft/renumber.ts';
import type { Ruleset } from '../../src/nft/ruleset.ts';
import type { Attachment, Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { isSame, isWhole } from './follows.ts';
import { heldBy } from './held.ts';
import { plantOf } from './legs.ts';
import { afterCommands } from './table.ts';
import { type Attic, atticOf, STEPS } from './walks.ts';

/** A host in a walk: its wiring, what it has laid out, what its kernel holds, and what names its counters have by what follows and by what does not. */
type Host = {
  wiring: Wiring;
  laid: Layout;
  held: Ruleset;
  readonly numbers: Set<number>;
  readonly names: Readonly<Record<'short' | 'long', CounterNames>>;
};

/** The wirings of a world, as they are and in other ways. */
function wiringsOf(world: World, random: Random): readonly Wiring[] {
  return [...plantOf(world).wirings.values()].map((wiring): Wiring => {
    const some = random.chance(0.3) ? { ...wiring, fabric: new Set<string>() } : wiring;
    const { outside: _, ...bare } = some;
    return random.pick<Wiring>([
      some,
      some,
      bare,
      { ...bare, stateful: new Set(), natGateways: new Map() },
      { ...some, enis: few(some.enis) },
      { ...bare, mode: 'local', enis: few(some.enis), stateful: new Set(), natGateways: new Map() },
    ]);
  });
}

function few(enis: Wiring['enis']): ReadonlyMap<EniId, Attachment> {
  return new Map([...enis].slice(0, 2));
}

/** What a host knows of a world; of the groups that rules name some may not be known. What did not change is what the view before had, as an agent has it. */
function viewOf(world: World, wiring: Wiring, hidden: ReadonlySet<string>, before?: HostView): HostView {
  const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
  const known = [...view.members].filter(([id]) => !hidden.has(id));
  const members = known.map(([id, fresh]) => {
    const old = before?.members.get(id);
    return [id, isDeepStrictEqual(old, fresh) ? (old ?? fresh) : fresh] as const;
  });
  return { ...view, members: new Map(members), world: worldAfter(before?.world, view.world) };
}

/** A world whose tables are those of the one before where they hold the same. */
function worldAfter(before: World | undefined, world: World): World {
  if (before === undefined || !isDeepStrictEqual(before.missing, world.missing)) return world;
  const change = changeBetween(before, world);
  const records = Object.fromEntries(
    KINDS.map((kind) => [kind, (change[kind] === undefined ? before : world).records[kind]]),
  ) as World['records'];
  return { ...rebuildWorld({ ...world, records }), missing: before.missing };
}

type Seen = { followed: number; moved: number; anew: number; refused: number };

/** One step of one host. */
function take(host: Host, view: HostView, { random, seen, about }: Taken): void {
  const { laid } = host;
  // Now and then a device comes or goes.
  const wiring = random.chance(0.03) ? otherWiring(host.wiring, random) : host.wiring;
  const [made, kind] = refusedOr(() => stepOf(laid, view, { wiring, about })) ?? [undefined, 'refused' as const];
  seen[kind] += 1;
  if (made === undefined) {
    assert.throws(() => layout(view, wiring, laid.numbering), CannotHold, about);
    return;
  }
  // What fails before anything is done leaves the layout of before, and what comes next starts from there.
  if (random.chance(0.1)) return;
  const transactions = delta(listingOf(laid.ruleset), made.ruleset).transactions;
  // An agent that begins anew in the middle goes by what it finds.
  const isKilled = random.chance(0.05);
  const killedAt = isKilled ? random.below(transactions.length + 1) : transactions.length;
  // The kernel refuses what is not there and what is led to: so does this table.
  for (const transaction of transactions.slice(0, killedAt)) host.held = afterCommands(host.held, transaction);
  host.laid = isKilled ? overHeld(host, view, wiring) : made;
  host.wiring = wiring;
  assert.deepEqual(delta(listingOf(host.held), host.laid.ruleset).transactions, [], about);
  named(host, view, { random, about });
}

type Taken = { readonly random: Random; readonly seen: Seen; readonly about: string };

function refusedOr<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof CannotHold) return undefined;
    throw error;
  }
}

/** What comes after a layout, as an agent goes on, and by which way. */
function stepOf(
  laid: Layout,
  view: HostView,
  { wiring, about }: { readonly wiring: Wiring; readonly about: string },
): readonly [Layout, 'moved' | 'followed' | 'anew'] {
  const kind = isWhole(laid, view, { wiring, about }) ? 'followed' : 'anew';
  const known = laid.kept.made;
  const moved = known?.wiring === wiring ? followMembers(laid, known.view, view) : undefined;
  if (moved === undefined) return [layoutAfter(laid, view, wiring), kind];
  isSame(moved.layout, layout(view, wiring, laid.numbering), about);
  return [moved.layout, 'moved'];
}

function otherWiring(wiring: Wiring, random: Random): Wiring {
  const enis = [...wiring.enis];
  return { ...wiring, enis: new Map(random.chance(0.5) ? enis.toReversed() : random.sample(enis, enis.length - 1)) };
}

function overHeld(host: Host, view: HostView, wiring: Wiring): Layout {
  const previous = { ...host.laid.numbering, past: pastIn(host.held.sets) ?? host.laid.numbering.past };
  const made = layoutOver(view, wiring, { actual: listingOf(host.held), previous });
  for (const transaction of delta(listingOf(host.held), made.ruleset).transactions)
    host.held = afterCommands(host.held, transaction);
  return made;
}

/** Counters have the same names whether what they mean is asked in full or where it changed. */
function named({ laid: { meaning }, names, numbers }: Host, { world }: HostView, of: Omit<Taken, 'seen'>): void {
  names.short.follow(world, meaning);
  names.long.follow(world, { classes: new Map(meaning.classes), entries: new Map(meaning.entries) });
  for (const number of meaning.classes.keys()) numbers.add(number);
  if (!of.random.chance(0.2)) return;
  const count = { packets: 1, bytes: 1 };
  const counts: Counts = {
    hits: new Map([...numbers].flatMap((number) => [1, 2].map((place) => [number + place * 2 ** NUMBER_BITS, count]))),
    rules: new Map([...names.short.chains].map((chain) => [`${chain} 0`, { ...count, handle: 1 }])),
  };
  assert.deepEqual(names.short.staleMarks(counts), names.long.staleMarks(counts), of.about);
  assert.deepEqual(names.short.readings(counts), names.long.readings(counts), of.about);
  assert.deepEqual([...names.short.chains].toSorted(), [...meaning.entries.keys()].toSorted(), of.about);
  numbers.clear();
}

test('a walk of many steps through hostile worlds is followed as if all were made anew at each', () => {
  const seen: Seen = { followed: 0, moved: 0, anew: 0, refused: 0 };
  for (let seed = 1; seed <= checks(3); seed += 1) walk(seed, 50, seen);
  assert.ok(seen.followed > seen.anew / 2 && seen.anew > 20, JSON.stringify(seen));
});

test('after hundreds of changes, each on top of those before it, a layout holds little more than one that is made anew', () => {
  let world = generateWorld({ enis: 60, groups: 15, subnets: 3, isDualStack: true });
  const attic = atticOf(world);
  const ids = [...listRecords(world, 'enis')].map(({ id }) => id);
  const enis = new Map(
    ids.map((id, at) => [id, { device: `d${at}`, mac: `02:00:00:00:00:${String(at).padStart(2, '0')}` }]),
  );
  const wiring: Wiring = { mode: 'forward', enis, fabric: new Set(), stateful: new Set(), natGateways: new Map() };
  const random = new Random(1);
  let laid = layout(hostViewOf(world, ids), wiring);
  let followed = 0;
  const most = { objects: 0, places: 0, letters: 0 };
  for (let step = 1; step <= checks(400); step += 1) {
    const name = random.pick(LASTING);
    world = applyChange(world, STEPS[name]?.(world, random, attic) ?? assert.fail(name));
    const view = hostViewOf(world, ids);
    followed += amended(laid, view, wiring) === undefined ? 0 : 1;
    laid = layoutAfter(laid, view, wiring);
    if (step % 40 > 0) continue;
    const [now, anew] = [laid, layout(view, wiring, laid.numbering)].map((one) => heldBy(one, view, wiring));
    for (const what of ['objects', 'places', 'letters'] as const)
      most[what] = Math.max(most[what], (now?.[what] ?? 0) / (anew?.[what] ?? 0));
  }
  assert.ok(followed > checks(300), String(followed));
  // A map may have an eighth of what is in it on top, each in objects of its own.
  assert.ok(most.objects < 1.75 && most.places < 1.4 && most.letters < 1.25, JSON.stringify(most));
});

/** Steps that are followed, and that leave a world as large as it was. */
const LASTING = [
  'a rule comes',
  'a rule goes',
  'a rule gets another name',
  'a rule is about something else',
  'a group goes',
  'a group comes back',
  'a list holds something else',
  'an interface has the groups of another',
  'an interface has another address',
  'an interface has another prefix',
  'an interface is attached anew',
  'an interface is as it once was',
  'an entry comes',
  'an entry goes',
];

function walk(seed: number, steps: number, seen: Seen): void {
  const random = new Random(seed);
  let world = compactWorld(randomWorld(seed));
  const attic: Attic = atticOf(world);
  const hidden = new Set<string>();
  const hosts = wiringsOf(world, random).map((wiring): Host => {
    const laid = layout(viewOf(world, wiring, hidden), wiring);
    return {
      wiring,
      laid,
      held: laid.ruleset,
      numbers: new Set(),
      names: { short: new CounterNames(), long: new CounterNames() },
    };
  });
  for (let step = 0; step < steps; step += 1) {
    const whats: string[] = [];
    while (whats.length === 0 || random.chance(0.4)) {
      const [what, change] = random.pick(Object.entries(STEPS));
      world = applyChange(world, change(world, random, attic));
      whats.push(what);
    }
    if (random.chance(0.05)) {
      const { id } = random.pick(attic.groups ?? []);
      if (!hidden.delete(id)) hidden.add(id);
      whats.push('members come to be known, or not');
    }
    for (const host of hosts)
      take(host, viewOf(world, host.wiring, hidden, host.laid.kept.made?.view), {
        random,
        seen,
        about: `seed ${seed}, step ${step}: ${whats.join(', ')}`,
      });
  }
}
