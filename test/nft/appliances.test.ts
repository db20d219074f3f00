// An interface that checks no source is filtered like any other where packets are its own, whichever of its addresses they have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectOk } from '../../src/core/net/result.ts';
import { type Address, parseAddress } from '../../src/core/net/address.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { layout } from '../../src/nft/layout.ts';
import type { Frame } from '../../src/nft/trace.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from './legs.ts';
import { verdictAt } from './table.ts';

const WORLD = compactWorld({
  vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] } },
  subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:1::/64'] } },
  groups: { A: { vpc: 'V1', ingress: ['tcp/22 ::/0'], egress: ['tcp/22 ::/0'] } },
  enis: {
    a: {
      subnet: 'S1',
      addresses: ['10.0.1.10', '2001:db8:1::10'],
      prefixes: ['2001:db8:1:0:1::/80'],
      groups: ['A'],
      sourceDestCheck: false,
    },
    b: { subnet: 'S1', addresses: ['10.0.1.20', '2001:db8:1::20'], groups: ['A'] },
  },
});

const OTHER = '2001:db8:1::20';

for (const own of ['2001:db8:1::10', '2001:db8:1:0:1::5', '2001:db8:2::5'])
  for (const [port, verdict] of [
    [22, 'accept'],
    [80, 'drop'],
  ] as const)
    test(`an appliance with ${own} is asked for port ${port} both ways`, () => {
      const [wiring] = [...plantOf(WORLD).wirings.values()];
      assert.ok(wiring !== undefined);
      const { ruleset } = layout(hostViewOf(WORLD, wiring.enis.keys()), wiring);
      const said = (base: string, frame: Frame): string => verdictAt(ruleset, { base, memory: new Map(), frame });
      assert.equal(said('egress', frameOf(port, { from: ['e0', own], to: ['e1', OTHER] })), verdict);
      assert.equal(said('ingress', frameOf(port, { from: ['e1', OTHER], to: ['e0', own] })), verdict);
    });

type End = readonly [device: string, address: string];

function frameOf(port: number, { from, to }: { readonly from: End; readonly to: End }): Frame {
  return {
    iifname: from[0],
    oifname: to[0],
    etherSource: '',
    source: addressOf(from[1]),
    destination: addressOf(to[1]),
    transport: { kind: 'tcp', sourcePort: 40_000, destinationPort: port },
    opens: true,
    connection: { direction: 'original', mark: 0, isRelated: false },
  };
}

function addressOf(text: string): Address {
  return expectOk(parseAddress(text));
}
