// The packet oracle for many packets of one pair: each filter's rules as numbers, still asked one by one for every packet.
import type { Ways } from './packet-oracle.ts';
import { type Load, load } from './traffic.ts';
import type { Filter, Say } from './filters.ts';
import type { Step } from './trip.ts';

/** What is said of one packet with all that it needs to come back: as `oracleVerdict`. Numbers instead of words: this is asked millions of times. */
export type QuickVerdict = typeof DENY | typeof UNKNOWN | typeof ALLOW;
export const DENY = 0;
export const UNKNOWN = 1;
export const ALLOW = 2;

/** The verdict on a packet of one pair: its protocol, and its two numbers as in `Load`. */
export type QuickOracle = (number: number, first: number, second: number) => QuickVerdict;

type QuickStep = (number: number, first: number, second: number) => QuickVerdict;

const SAYS: Readonly<Record<Say, QuickVerdict>> = { deny: DENY, unknown: UNKNOWN, pass: ALLOW };
/** Words of a rule: protocol or −1, first and last of the first number, first and last of the second, what it says. */
const WORDS = 6;

/** The oracle for the packets of one pair. */
export function quickOracle(ways: Ways): QuickOracle {
  const { bits, reply } = ways;
  const forward = stepsOf(ways, ways.forward);
  if (reply === 'nowhere' || reply === 'service') return forward;
  const back = stepsOf(ways, reply);
  const [own, ask, answer] = bits === 32 ? [1, 8, 0] : [58, 128, 129];
  return (number, first, second) => {
    const there = forward(number, first, second);
    if (there === DENY) return DENY;
    if (number === 6 || number === 17) return least(there, back(number, second, first));
    if (number !== own) return least(there, back(number, first, second));
    return first === ask ? least(there, back(number, answer, 0)) : there;
  };
}

function stepsOf({ bits, ports }: Ways, steps: readonly Step[]): QuickStep {
  const all = steps.map(({ filter, isHidden }) => {
    const says = filterOf(filter, bits);
    return isHidden ? hidden(says, ports) : says;
  });
  return (number, first, second) => {
    let said: QuickVerdict = ALLOW;
    for (const says of all) said = least(said, says(number, first, second));
    return said;
  };
}

/** Before a NAT gateway on the way back the packet goes to any of these ports. */
function hidden(says: QuickStep, ports: readonly number[]): QuickStep {
  return (number, first, second) => {
    if (number !== 6 && number !== 17) return says(number, first, second);
    const [only = ALLOW, ...others] = ports.map((port) => says(number, port, second));
    return others.every((one) => one === only) ? only : UNKNOWN;
  };
}

function filterOf(filter: Filter, bits: 32 | 128): QuickStep {
  switch (filter.kind) {
    case 'settled': {
      const said = SAYS[filter.say];
      return () => said;
    }
    case 'nat':
      return (number) => (number === 6 || number === 17 || number === 1 ? ALLOW : DENY);
    case 'acl': {
      const entries = wordsOf(filter.entries, bits);
      return (number, first, second) => {
        for (let at = 0; at < entries.length; at += WORDS)
          if (isMatch(entries, at, { number, first, second })) return entries[at + 5] as QuickVerdict;
        return DENY;
      };
    }
    case 'groups': {
      const rules = wordsOf(
        filter.rules.map(({ traffic, peer }) => ({ traffic, say: peer })),
        bits,
      );
      const otherwise = filter.otherwise === 'unknown' ? UNKNOWN : DENY;
      return (number, first, second) => {
        let said: QuickVerdict = otherwise;
        for (let at = 0; at < rules.length; at += WORDS)
          if ((rules[at + 5] ?? 0) > said && isMatch(rules, at, { number, first, second }))
            said = rules[at + 5] as QuickVerdict;
        return said;
      };
    }
  }
}

function isMatch(rules: Int32Array, at: number, { number, first, second }: Load): boolean {
  const protocol = rules[at] ?? 0;
  return (
    protocol < 0 ||
    (protocol === number &&
      (rules[at + 1] ?? 0) <= first &&
      first <= (rules[at + 2] ?? 0) &&
      (rules[at + 3] ?? 0) <= second &&
      second <= (rules[at + 4] ?? 0))
  );
}

function wordsOf(rules: readonly { readonly traffic: string; readonly say: Say }[], bits: 32 | 128): Int32Array {
  return Int32Array.from(rules.flatMap(({ traffic, say }) => [...boundsOf(traffic, bits), SAYS[say]]));
}

function boundsOf(traffic: string, bits: 32 | 128): readonly number[] {
  const any = [0, 65_535, 0, 65_535];
  if (traffic === 'all') return [-1, ...any];
  const [word = '', first, second] = traffic.split('/');
  const { number } = load(`${word}/${first ?? 0}`, 0);
  if (word === 'protocol' || first === undefined) return [number, ...any];
  if (number === 6 || number === 17) {
    const [from = 0, to = from] = first.split('-').map(Number);
    return [number, from, to, 0, 65_535];
  }
  // The other family's ICMP has no types here.
  if (number !== (bits === 32 ? 1 : 58)) return [number, ...any];
  const [type, code] = [Number(first), second === undefined ? undefined : Number(second)];
  return [number, type, type, code ?? 0, code ?? 65_535];
}

function least(a: QuickVerdict, b: QuickVerdict): QuickVerdict {
  return a < b ? a : b;
}
