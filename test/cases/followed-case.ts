// A case's world as a classifier meets it that was compiled before the patch and then followed it as one change.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { FAMILIES, formatAddress } from '../../src/core/net/address.ts';
import { type Change, changeOf } from '../../src/core/model/change.ts';
import { type Kind, KINDS, type Records } from '../../src/core/model/records.ts';
import { DIRECTIONS } from '../../src/core/model/security-group.ts';
import { applyChange, eniAt, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { Classifier, decideBy } from '../../src/core/policy/classifier.ts';
import { evaluateBy } from '../../src/core/policy/evaluate.ts';
import { compactWorld } from '../compact.ts';
import { packetQuestion } from './packet-question.ts';
import type { Case } from './read-cases.ts';

/** Compares the verdict of a classifier that followed the patch with what the case expects, and its members with the world's; throws where they differ. */
export function runFollowed(one: Case): void {
  const { packet, expect } = one.data;
  assert.ok(packet !== undefined && expect !== undefined, 'a packet case has a packet and an expectation');
  const patched = compactWorld(one.compact);
  const before: World = { ...compactWorld(one.base), missing: patched.missing };
  const classifier = new Classifier(before);
  for (const eni of listRecords(before, 'enis'))
    for (const direction of DIRECTIONS) for (const family of FAMILIES) classifier.profileOf(eni, direction, family);
  const change = differenceOf(before, patched);
  const world = applyChange(before, change);
  classifier.apply(change, world);
  const verdict = evaluateBy(decideBy(classifier), world, packetQuestion(world, packet));
  assert.equal(verdict.outcome, expect.verdict);
  assertMembers(classifier, [before, world]);
}

/** The change from one world to another; records that are equal stay the same ones, as in a change that somebody makes. */
function differenceOf(before: World, after: World): Change {
  type Step = { readonly from?: Records[Kind]; readonly to?: Records[Kind] };
  return changeOf(
    new Map(
      KINDS.map((kind) => {
        const steps = new Map<string, Step>();
        for (const from of listRecords(before, kind)) {
          const to = getRecord(after, kind, from.id);
          if (!isDeepStrictEqual(from, to)) steps.set(from.id, to === undefined ? { from } : { from, to });
        }
        for (const to of listRecords(after, kind))
          if (getRecord(before, kind, to.id) === undefined) steps.set(to.id, { to });
        return [kind, steps];
      }),
    ),
  );
}

/** Behind each address of both worlds stand the groups of the interface that owns it now. */
function assertMembers({ membership, sets, world }: Classifier, worlds: readonly World[]): void {
  for (const eni of worlds.flatMap((each) => [...listRecords(each, 'enis')])) {
    const addresses = [...eni.addresses.map((own) => own.address), ...eni.prefixes.map((prefix) => prefix.base)];
    for (const address of addresses) {
      const owner = eniAt(world, eni.vpcId, address);
      const set = membership.setAt(membership.vpcNumber(eni.vpcId), address.family, address);
      assert.deepEqual(
        set < 0 ? undefined : sets.groupsOf(set),
        owner === undefined ? undefined : [...new Set(owner.groups)].toSorted(),
        `groups behind ${formatAddress(address)}`,
      );
    }
  }
}
