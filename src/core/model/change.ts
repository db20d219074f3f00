import { KINDS, type Kind, type Records } from './records.ts';

/** What happened to the records of one kind. A record stands in one of the three at most. */
export type KindChange<R> = {
  readonly added: readonly R[];
  readonly updated: readonly (readonly [from: R, to: R])[];
  readonly removed: readonly R[];
};

/** A difference between two worlds; kinds without any change are absent. */
export type Change = { readonly [K in Kind]?: KindChange<Records[K]> };

type AnyRecord = Records[Kind];
type Step = { readonly from?: AnyRecord; readonly to?: AnyRecord };

/** Whether the change changes nothing. */
export function isEmptyChange(change: Change): boolean {
  return KINDS.every((kind) => change[kind] === undefined);
}

/** The change that undoes this one. */
export function reverseChange(change: Change): Change {
  return mapSteps(change, ({ from, to }) => step(to, from));
}

/** One change that does what `first` then `second` do. `second` must start where `first` ends. */
export function squashChanges(first: Change, second: Change): Change {
  const steps = new Map<Kind, Map<string, Step>>();
  for (const change of [first, second]) {
    for (const kind of KINDS) {
      const byId = steps.get(kind) ?? new Map<string, Step>();
      for (const [id, next] of stepsOf(change, kind))
        byId.set(id, step(byId.has(id) ? byId.get(id)?.from : next.from, next.to));
      steps.set(kind, byId);
    }
  }
  return changeOf(steps);
}

/** A change from the steps of single records: `from` alone is a removal, `to` alone an addition. Equal ends are left out. */
export function changeOf(steps: ReadonlyMap<Kind, ReadonlyMap<string, Step>>): Change {
  const change: { [K in Kind]?: KindChange<AnyRecord> } = {};
  for (const kind of KINDS) {
    const real = [...(steps.get(kind)?.values() ?? [])].filter(({ from, to }) => from !== to);
    if (real.length === 0) continue;
    change[kind] = {
      added: real.flatMap(({ from, to }) => (from === undefined && to !== undefined ? [to] : [])),
      updated: real.flatMap(({ from, to }) => (from !== undefined && to !== undefined ? [[from, to] as const] : [])),
      removed: real.flatMap(({ from, to }) => (from !== undefined && to === undefined ? [from] : [])),
    };
  }
  // The map is keyed by kind, so each entry holds records of its own kind.
  return change as Change;
}

/** The change that adds, updates or removes one record. */
export function recordChange<K extends Kind>(
  kind: K,
  from: Records[K] | undefined,
  to: Records[K] | undefined,
): Change {
  const id = (to ?? from)?.id ?? '';
  return changeOf(new Map([[kind, new Map([[id, step(from, to)]])]]));
}

/** The steps of one kind by record id. */
export function* stepsOf(change: Change, kind: Kind): Generator<readonly [string, Step], void, undefined> {
  const part: KindChange<AnyRecord> | undefined = change[kind];
  if (part === undefined) return;
  for (const to of part.added) yield [to.id, { to }];
  for (const [from, to] of part.updated) yield [from.id, { from, to }];
  for (const from of part.removed) yield [from.id, { from }];
}

function step(from: AnyRecord | undefined, to: AnyRecord | undefined): Step {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function mapSteps(change: Change, map: (step: Step) => Step): Change {
  return changeOf(
    new Map(KINDS.map((kind) => [kind, new Map([...stepsOf(change, kind)].map(([id, one]) => [id, map(one)]))])),
  );
}
