// Claims: what the rules cost a packet does not depend on how many interfaces, rules and members there are, and is little. Needs root.
import { spawnSync } from 'node:child_process';
import { CLIENT, endRules, routerRules, SERVER, type Size } from './dataplane-host.ts';
import { type Claim, quantile, report } from './harness.ts';
import { Lanes, type Namespaces, runIn, type Timed } from './lanes.ts';
import { linearRules } from './linear-iptables.ts';

const USUAL = { enis: 1000, rules: 60, members: 100_000 };
const FEW = { ...USUAL, enis: 10, rules: 5 };

/** Ways that differ in their rules alone; the first has none. */
const LANES = {
  none: (): void => undefined,
  usual: ({ router }: Namespaces): void => loadRouter(router, USUAL),
  few: ({ router }: Namespaces): void => loadRouter(router, FEW),
  manyEnis: ({ router }: Namespaces): void => loadRouter(router, { ...FEW, enis: 10_000 }),
  manyRules: ({ router }: Namespaces): void => loadRouter(router, { ...FEW, rules: 1000 }),
  mixed: ({ router }: Namespaces): void => loadRouter(router, { ...FEW, wall: 'mixed' }),
  addresses: ({ router }: Namespaces): void => loadRouter(router, { ...FEW, wall: 'addresses' }),
  ranges: ({ router }: Namespaces): void => loadRouter(router, { ...FEW, wall: 'ranges' }),
  ends: ({ client, server }: Namespaces): void => {
    runIn(client, NFT, endRules(CLIENT, FEW));
    runIn(server, NFT, endRules(SERVER, FEW));
  },
  linear: (namespaces: Namespaces): void => (HAS_IPTABLES ? loadLinear(namespaces) : undefined),
};

type Lane = keyof typeof LANES;
const HAS_IPTABLES = hasPrograms('iptables-legacy-restore', 'ipset');
const OWN: readonly Lane[] = ['none', 'usual', 'few', 'manyEnis', 'manyRules', 'mixed', 'addresses', 'ranges', 'ends'];
const NFT = ['nft', '-f', '-'];

function loadRouter(router: string, size: Size): void {
  runIn(router, NFT, routerRules(size));
}

/** By the older of the two kinds of iptables: through the newer one a packet costs three times as much. */
function loadLinear({ router }: Namespaces): void {
  // Members do not matter to it, and loading many takes long.
  const { sets, rules } = linearRules({ ...USUAL, members: 1000 });
  runIn(router, ['ipset', 'restore'], sets);
  runIn(router, ['iptables-legacy-restore'], rules);
}

function hasPrograms(...programs: readonly string[]): boolean {
  return programs.every((program) => spawnSync('which', [program]).status === 0);
}

const STREAM = { mode: 'stream', count: 320, rounds: 301 } as const;
const EXCHANGE = { mode: 'exchange', count: 80, rounds: 201 } as const;
const CONNECT = { mode: 'connect', count: 30, rounds: 301 } as const;

type Times = Readonly<Record<string, readonly number[]>>;

/** What one lane costs against another: the median of the ratios of their rounds. */
function ratio(times: Times, subject: string, baseline: string): number {
  const others = times[baseline] ?? [];
  const ratios = (times[subject] ?? []).map((own, round) => own / (others[round] ?? Number.NaN));
  return quantile(ratios, 0.5);
}

/** Nanoseconds while little else ran: a ratio is taken within a round, but these are of all rounds together. */
function undisturbed(times: Times, lane: string): number {
  return quantile(times[lane] ?? [], 0.1);
}

async function measure(lanes: Lanes<Lane>): Promise<readonly Claim[]> {
  const guards = { mode: 'guards', count: 1, rounds: 1 } as const;
  await lanes.time({ ...guards, family: 4 }, [...OWN.slice(1), ...(HAS_IPTABLES ? (['linear'] as const) : [])]);
  await lanes.time({ ...guards, family: 6 }, OWN.slice(1));
  const both = async (what: Omit<Timed, 'family'>): Promise<{ readonly ipv4: Times; readonly ipv6: Times }> => ({
    ipv4: await lanes.time({ ...what, family: 4 }, OWN),
    ipv6: await lanes.time({ ...what, family: 6 }, OWN),
  });
  const [stream, exchange, connect] = [await both(STREAM), await both(EXCHANGE), await both(CONNECT)];
  const claims = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    costClaims(family, { stream: stream[family], exchange: exchange[family], connect: connect[family] }),
  );
  if (!HAS_IPTABLES) {
    process.stderr.write('dataplane: iptables-legacy-restore and ipset are needed to compare with linear rules\n');
    return claims;
  }
  const beside = ['none', 'usual', 'linear'] as const;
  const linear = {
    stream: await lanes.time({ ...STREAM, family: 4, rounds: 61 }, beside),
    connect: await lanes.time({ ...CONNECT, family: 4, rounds: 61 }, beside),
  };
  return [...claims, ...linearClaims(linear)];
}

type Measured = { readonly stream: Times; readonly exchange: Times; readonly connect: Times };

function costClaims(family: 'ipv4' | 'ipv6', { stream, exchange, connect }: Measured): readonly Claim[] {
  const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
  const size = '1,000 interfaces of 60 rules, 100,000 members';
  const against = (claim: string, times: Times, atMost: number): Claim => ({
    claim: `${name}: ${claim} against no firewall: ${size}`,
    unit: '×',
    target: { atMost },
    measured: ratio(times, 'usual', 'none'),
    details: { 'nanoseconds with rules': undisturbed(times, 'usual'), without: undisturbed(times, 'none') },
  });
  const growth = (claim: string, subject: Lane): Claim => ({
    claim: `${name}: ${claim}`,
    unit: '×',
    target: { atMost: 1.15 },
    measured: ratio(stream, subject, 'few'),
    details: {
      'nanoseconds a packet': undisturbed(stream, subject),
      before: undisturbed(stream, 'few'),
      'new connections': ratio(connect, subject, 'few'),
    },
  });
  return [
    against('small UDP packets', stream, 1.3),
    against('request and response over UDP', exchange, 1.3),
    against('connect, ask, answer, close', connect, 1.25),
    growth('growth of the cost of a packet from 10 to 10,000 interfaces', 'manyEnis'),
    growth('growth of the cost of a packet from 5 to 1,000 rules', 'manyRules'),
    growth('a NACL of 40 entries on top, single ports and addresses', 'mixed'),
    growth('a NACL of 40 entries on top, addresses alone', 'addresses'),
    growth('a NACL of 40 entries on top, ranges of ports and addresses', 'ranges'),
    {
      claim: `${name}: small UDP packets, when both machines enforce their own rules, against no firewall`,
      unit: '×',
      target: { atMost: 1.3 },
      measured: ratio(stream, 'ends', 'none'),
      details: { 'new connections': ratio(connect, 'ends', 'none') },
    },
  ];
}

function linearClaims({ stream, connect }: Omit<Measured, 'exchange'>): readonly Claim[] {
  return [linearClaim('connect, ask, answer, close', connect), linearClaim('small UDP packets', stream)];
}

function linearClaim(claim: string, times: Times): Claim {
  return {
    claim: `${claim} against chains of iptables for each port, one after another: 1,000 interfaces of 60 rules`,
    unit: '×',
    target: { atLeast: 2.5 },
    measured: ratio(times, 'linear', 'usual'),
    details: {
      'nanoseconds here': undisturbed(times, 'usual'),
      there: undisturbed(times, 'linear'),
      'there against no firewall': ratio(times, 'linear', 'none'),
    },
  };
}

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) {
    process.stdout.write('dataplane\n  needs root: it makes network namespaces\n');
    return;
  }
  const lanes = new Lanes(LANES);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      lanes.close();
      process.exit(1);
    });
  try {
    report('dataplane', await measure(lanes));
  } finally {
    lanes.close();
  }
}

await main();
