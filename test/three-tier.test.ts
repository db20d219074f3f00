import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAddress } from '../src/core/net/address.ts';
import { packetOf } from '../src/core/net/packet.ts';
import { expectOk } from '../src/core/net/result.ts';
import type { Eni } from '../src/core/model/eni.ts';
import { recordChange } from '../src/core/model/change.ts';
import { asId, type InstanceId } from '../src/core/model/ids.ts';
import { applyChange, getRecord, indexedIds, listRecords, type World } from '../src/core/model/world.ts';
import { evaluate } from '../src/core/policy/evaluate.ts';
import { readWorld } from '../src/cli/world-source.ts';
import { packetTransport } from './cases/packet-question.ts';

const EXPORT = await readWorld(fileURLToPath(new URL('../examples/three-tier/world', import.meta.url)));
assert.ok(EXPORT.ok);
const { world: WORLD, findings: FINDINGS } = EXPORT.value;

/** The interface of an instance by its Name tag. */
function eniOf(world: World, name: string): Eni {
  for (const instance of listRecords(world, 'instances')) {
    if (!instance.tags.some((tag) => tag.key === 'Name' && tag.value === name)) continue;
    for (const id of indexedIds(world, 'enisByInstance', instance.id)) {
      const eni = getRecord(world, 'enis', id);
      if (eni !== undefined) return eni;
    }
  }
  throw new Error(`no instance is called ${name}`);
}

type Ask = { readonly from: string; readonly to: string; readonly traffic: string; readonly family?: 'ipv4' | 'ipv6' };

/** The outcome for a packet between two instances, or from an address of the internet. */
function outcome(world: World, { from, to, traffic, family = 'ipv4' }: Ask): string {
  const address = (eni: Eni): Eni['addresses'][number] | undefined =>
    eni.addresses.find((own) => own.address.family === family);
  const external = parseAddress(from);
  const target = parseAddress(to);
  const own = target.ok ? undefined : address(eniOf(world, to));
  const destination = target.ok ? target.value : external.ok ? (own?.public?.address ?? own?.address) : own?.address;
  const sender = external.ok ? undefined : eniOf(world, from);
  const source = external.ok ? external.value : sender === undefined ? undefined : address(sender)?.address;
  assert.ok(source !== undefined && destination !== undefined);
  const packet = expectOk(packetOf(source, destination, packetTransport(traffic, 50_000)));
  return evaluate(world, sender === undefined ? { kind: 'internet' } : { kind: 'eni', eni: sender }, packet).outcome;
}

test('the export is complete and its two forms of rules agree', () => {
  assert.deepEqual(FINDINGS, []);
  assert.equal(WORLD.missing.size, 0);
});

const STORY: readonly (Ask & { readonly is: string })[] = [
  { from: '203.0.113.12', to: 'web-1', traffic: 'tcp/443', is: 'allow' },
  { from: '203.0.113.12', to: 'web-1', traffic: 'tcp/80', is: 'allow' },
  { from: '2001:db8:9::9', to: 'web-1', traffic: 'tcp/443', family: 'ipv6', is: 'allow' },
  { from: '203.0.113.25', to: 'web-1', traffic: 'tcp/22', is: 'allow' },
  { from: '203.0.113.12', to: 'web-1', traffic: 'tcp/22', is: 'deny' },
  { from: '203.0.113.66', to: 'web-1', traffic: 'tcp/443', is: 'deny' },
  { from: '2001:db8:bad::66', to: 'web-1', traffic: 'tcp/443', family: 'ipv6', is: 'deny' },
  { from: '203.0.113.12', to: 'bastion', traffic: 'tcp/22', is: 'allow' },
  { from: 'web-1', to: 'app-1', traffic: 'tcp/8443', is: 'allow' },
  { from: 'web-1', to: 'app-1', traffic: 'tcp/8443', family: 'ipv6', is: 'allow' },
  { from: 'web-1', to: 'db-1', traffic: 'tcp/5432', is: 'deny' },
  { from: 'app-1', to: 'db-1', traffic: 'tcp/5432', is: 'allow' },
  { from: 'app-2', to: 'db-1', traffic: 'tcp/22', is: 'deny' },
  { from: 'db-1', to: 'app-1', traffic: 'tcp/8443', is: 'deny' },
  { from: 'batch-1', to: 'batch-2', traffic: 'tcp/7777', is: 'allow' },
  { from: 'app-1', to: 'batch-1', traffic: 'tcp/7777', is: 'deny' },
  { from: 'batch-1', to: 'app-1', traffic: 'tcp/9100', is: 'allow' },
  { from: 'app-1', to: '192.0.2.80', traffic: 'tcp/443', is: 'allow' },
  { from: 'app-1', to: '192.0.2.81', traffic: 'tcp/443', is: 'deny' },
  { from: 'app-1', to: '2001:db8:fee::80', traffic: 'tcp/443', family: 'ipv6', is: 'allow' },
  { from: 'db-1', to: '192.0.2.80', traffic: 'tcp/443', is: 'deny' },
];
for (const { is, ...ask } of STORY) {
  test(`${ask.from} → ${ask.to} ${ask.traffic}: ${is}`, () => assert.equal(outcome(WORLD, ask), is));
}

test('a web server that joins reaches the application with no rule edited', () => {
  const first = eniOf(WORLD, 'web-1');
  const instance = { id: asId<InstanceId>('i-new'), state: 'running', tags: [{ key: 'Name', value: 'web-2' }] };
  const joined: Eni = {
    ...first,
    id: asId('eni-new'),
    addresses: [{ address: expectOk(parseAddress('10.0.1.12')), isPrimary: true }],
    attachment: { instanceId: instance.id, deviceIndex: 0 },
  };
  const grown = applyChange(
    applyChange(WORLD, recordChange('instances', undefined, instance)),
    recordChange('enis', undefined, joined),
  );
  assert.equal(outcome(grown, { from: 'web-2', to: 'app-1', traffic: 'tcp/8443' }), 'allow');
  const left = applyChange(grown, recordChange('enis', joined, undefined));
  assert.ok(![...listRecords(left, 'enis')].some((eni) => eni.id === joined.id));
});
