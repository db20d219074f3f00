import assert from 'node:assert/strict';
import { formatAddress, parseAddress } from '../../src/core/net/address.ts';
import { formatCidr, parseCidr } from '../../src/core/net/cidr.ts';
import type { Result } from '../../src/core/net/result.ts';
import { formatTraffic, parseTraffic } from '../../src/core/net/traffic.ts';
import { violations } from '../../src/core/model/invariants.ts';
import { ruleWeights } from '../../src/core/model/quota.ts';
import { getRecord, indexedIds } from '../../src/core/model/world.ts';
import { compactWorld } from '../compact.ts';
import type { Case } from './read-cases.ts';

/** Runs a case on records alone; throws where they differ from what it expects. */
export function runModel(one: Case): void {
  const { check = '', input = {}, expect } = one.data;
  assert.ok(expect !== undefined, 'a model case has an expectation');
  const run = CHECKS[check];
  assert.ok(run !== undefined, `no check is called ${check}`);
  run(one, input, expect);
}

type Expected = NonNullable<Case['data']['expect']>;

const CHECKS: Readonly<
  Record<string, (one: Case, input: Readonly<Record<string, unknown>>, expect: Expected) => void>
> = {
  canonical: (_, input, expect) => {
    const found = canonical(input);
    if (expect.error === true) assert.equal(found.ok, false);
    else assert.deepEqual(found, { ok: true, value: expect.value });
  },
  quota: (one, input, expect) => {
    const world = compactWorld(one.compact);
    const group = getRecord(world, 'groups', String(input['group']));
    assert.ok(group !== undefined);
    const { ipv4, ipv6 } = ruleWeights(world, group, input['direction'] === 'egress' ? 'egress' : 'ingress');
    assert.deepEqual({ ipv4, ipv6 }, { ipv4: expect.ipv4, ipv6: expect.ipv6 });
  },
  members: (one, input, expect) => {
    const world = compactWorld(one.compact);
    const enis = [...indexedIds(world, 'enisByGroup', String(input['group']))].flatMap(
      (id) => getRecord(world, 'enis', id) ?? [],
    );
    const addresses = enis.flatMap((eni) => [
      ...eni.addresses.map((own) => formatAddress(own.address)),
      ...eni.prefixes.map(formatCidr),
    ]);
    assert.deepEqual(addresses.toSorted(), expect.addresses?.toSorted());
  },
  invariants: (one, _, expect) => {
    const found = new Set(violations(compactWorld(one.compact)).map((violation) => violation.name));
    assert.deepEqual([...found].toSorted(), expect.violations?.toSorted());
  },
};

function canonical(input: Readonly<Record<string, unknown>>): Result<string> {
  const [kind = '', text = ''] = Object.entries(input)[0] ?? [];
  switch (kind) {
    case 'cidr':
      return mapped(parseCidr(String(text)), formatCidr);
    case 'address':
      return mapped(parseAddress(String(text)), formatAddress);
    case 'traffic':
      return mapped(parseTraffic(String(text)), formatTraffic);
    default:
      throw new Error(`nothing canonical is known of ${kind}`);
  }
}

function mapped<T>(result: Result<T>, format: (value: T) => string): Result<string> {
  return result.ok ? { ok: true, value: format(result.value) } : result;
}
