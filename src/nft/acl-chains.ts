import { trafficInterval } from '../core/net/axis.ts';
import { type Cidr, isAnyCidr } from '../core/net/cidr.ts';
import type { AclEntry, NetworkAcl } from '../core/model/network-acl.ts';
import { orderedEntries } from '../core/policy/match.ts';
import { addressNumber, prefixKeys, spanOf } from './address-keys.ts';
import { type AxisForm, axisRules } from './axis-rules.ts';
import { nameOf } from './names.ts';
import type { Plan } from './plan.ts';
import type { Rule, Verdict } from './ruleset.ts';
import { familyName, fieldsOf, type Side, sideName } from './side.ts';
import { COUNT, end, verdictBy } from './steps.ts';
import { cover, type Stretch } from './stretches.ts';

/**
 * A NACL on one side: `return` where it allows. Numbered order is worked out here: addresses fall into classes by the prefixes of the
 * entries, each class has its stretches of traffic, each stretch the one entry that decides. So a packet costs two lookups, not one
 * comparison for each entry.
 */
export function layAcl(plan: Plan, acl: NetworkAcl, side: Side): string {
  const name = nameOf(acl.id, sideName(side));
  if (plan.hasChain(name)) return name;
  const entries = ownEntries(acl, side);
  const classes = addressClasses(entries, side);
  const rules = (indexes: readonly number[]): readonly Rule[] => classRules(plan, { acl, entries, side }, indexes);
  const fallback = leaf(plan, { acl, side }, undefined);
  const [only] = classes.length === 1 && isAnyCidr(classes[0]?.cidr ?? NOWHERE) ? classes : [];
  if (only !== undefined) return plan.chain(name, [...rules(only.entries), [end(`goto ${fallback}`)]]);
  const { peer } = fieldsOf(side, plan.wiring.mode);
  const keys = prefixKeys(
    side.family,
    classes.map(({ cidr, entries: indexes }) => {
      const chain = `${name}.${indexes.map((index) => entries[index]?.number ?? 0).join('_')}`;
      if (!plan.hasChain(chain)) plan.chain(chain, [...rules(indexes), [end(`goto ${fallback}`)]]);
      return [cidr, `goto ${chain}`];
    }),
  );
  return plan.chain(name, [...(keys.length === 0 ? [] : [[verdictBy([peer], keys)]]), [end(`goto ${fallback}`)]]);
}

const NOWHERE: Cidr = { family: 'ipv4', base: { family: 'ipv4', w0: 0, w1: 0, w2: 0, w3: 0 }, length: 32 };

function ownEntries(acl: NetworkAcl, side: Side): readonly AclEntry[] {
  return orderedEntries(acl, side.direction).filter((entry) => entry.cidr.family === side.family);
}

/** The prefixes of the entries, each with the entries that hold inside it where no longer prefix does. */
function addressClasses(
  entries: readonly AclEntry[],
  side: Side,
): readonly { readonly cidr: Cidr; readonly entries: readonly number[] }[] {
  return entries.map(({ cidr }) => ({
    cidr,
    entries: [...entries.keys()].filter((index) => covers(entries[index]?.cidr ?? NOWHERE, cidr, side)),
  }));
}

function covers(outer: Cidr, inner: Cidr, side: Side): boolean {
  if (outer.family !== side.family) return false;
  const { from, to } = spanOf(outer);
  const first = addressNumber(inner.base);
  return outer.length <= inner.length && from <= first && first <= to;
}

type Inside = { readonly acl: NetworkAcl; readonly entries: readonly AclEntry[]; readonly side: Side };

function classRules(plan: Plan, { acl, entries, side }: Inside, indexes: readonly number[]): readonly Rule[] {
  const placed = indexes.map((index) => {
    const [from, to] = trafficInterval(entries[index]?.traffic ?? { kind: 'all' }, side.family);
    return { from, to, index };
  });
  const stretches = cover(placed).map(({ from, to, value }): Stretch<string> => {
    const first = entries[value[0]?.index ?? 0];
    return { from, to, value: `goto ${leaf(plan, { acl, side }, first)}` };
  });
  return axisRules(stretches, side.family, AS_VERDICTS);
}

const AS_VERDICTS: AxisForm = {
  lookup: (key, elements) => [verdictBy(key, elements)],
  // Values of this form are verdicts.
  all: (value) => [end(value as Verdict)],
};

/** The chain of one entry, where its packets are counted; without an entry that of the final deny. */
function leaf(plan: Plan, { acl, side }: Pick<Inside, 'acl' | 'side'>, entry: AclEntry | undefined): string {
  const number = entry === undefined ? '*' : String(entry.number);
  const name = `${nameOf(acl.id, sideName(side))}.entry-${entry === undefined ? 'last' : number}`;
  if (plan.hasChain(name)) return name;
  plan.entries.set(name, { aclId: acl.id, direction: side.direction, number });
  const isAllow = entry?.action === 'allow';
  const deny: Verdict = plan.wiring.mode === 'forward' ? `goto lost.${familyName(side.family)}` : 'drop';
  return plan.chain(name, [[COUNT, end(isAllow ? 'return' : deny)]]);
}
