// The kernel by the nft program: what it prints while the kernel gives a set another size is not taken for what the set holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import type { NftProgram } from '../../src/agent/nft-program.ts';
import { ok } from '../../src/core/net/result.ts';
import { delta } from '../../src/nft/delta.ts';
import type { NftSet, Ruleset } from '../../src/nft/ruleset.ts';

const MEMBERS: NftSet = {
  name: 'members',
  key: ['ipv4_addr'],
  isInterval: false,
  content: { kind: 'packed', family: 'ipv4', words: Uint32Array.of(0x0a00_0001, 0x0a00_0002, 0x0a00_0003) },
};
const NUMBERS: NftSet = {
  name: 'numbers',
  key: ['ifname'],
  data: 'mark',
  isInterval: false,
  content: {
    kind: 'texts',
    elements: new Map([
      ['"e0"', '1'],
      ['"e1"', '2'],
    ]),
  },
};
const RULESET: Ruleset = {
  chains: new Map(),
  sets: new Map([MEMBERS, NUMBERS].map((set) => [set.name, set])),
  timeouts: new Map(),
};

/** What nft prints of the two sets. */
function printed(members: readonly string[], numbers: readonly (readonly [string, number])[]): string {
  const head = { family: 'inet', table: 'crenel' };
  return JSON.stringify({
    nftables: [
      { set: { ...head, name: 'members', type: 'ipv4_addr', elem: members } },
      { map: { ...head, name: 'numbers', type: 'ifname', map: 'mark', elem: numbers } },
    ],
  });
}

const [A, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;
const [E0, E1] = [
  ['e0', 1],
  ['e1', 2],
] as const;
const WHOLE = printed([A, B, C], [E0, E1]);

async function done(): ReturnType<NftProgram['apply']> {
  return await Promise.resolve(ok(undefined));
}

/** A program that prints these texts of the table for packets, the last one ever after. */
function printing(texts: readonly string[]): { readonly program: NftProgram; readonly asked: () => number } {
  let asked = 0;
  const program: NftProgram = {
    apply: done,
    check: done,
    list: async (args) => {
      if (args.includes('arp')) return await Promise.resolve(ok(''));
      asked += 1;
      return await Promise.resolve(ok(texts[Math.min(asked, texts.length) - 1] ?? ''));
    },
  };
  return { program, asked: () => asked };
}

for (const [name, torn] of [
  ['a member', printed([A, C, A], [E0, E1])],
  ['an element of a map', printed([A, B, C], [E1, E1])],
] as const)
  test(`${name} that is told twice stands for one that is not told: nft is asked again`, async () => {
    const { program, asked } = printing([torn, torn, WHOLE]);
    const read = await new NftKernel(program).read(() => RULESET);
    assert.ok(read.ok);
    assert.equal(asked(), 3);
    assert.deepEqual(delta(read.value.listing, RULESET).transactions, [], 'nothing has drifted');
  });

test('what is never whole is a fault, and no drift', async () => {
  const { program, asked } = printing([printed([A, A, B], [E0, E1])]);
  const read = await new NftKernel(program).read(() => RULESET);
  assert.ok(!read.ok && read.error.kind === 'failed');
  assert.match(read.error.message, /twice/u);
  assert.equal(asked(), 10);
});

test('what is missing and not told twice is missing', async () => {
  const { program, asked } = printing([printed([A, B], [E0, E1])]);
  const read = await new NftKernel(program).read(() => RULESET);
  assert.ok(read.ok);
  assert.equal(asked(), 1);
  assert.equal(delta(read.value.listing, RULESET).transactions.length, 1);
});
