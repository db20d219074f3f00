// What the oracle says of a pair as a formula over one symbolic packet, for a solver that knows nothing of networks.
import type { Filter, Say } from './filters.ts';
import type { Ways } from './packet-oracle.ts';
import type { Step } from './trip.ts';

/** The packet's parts as solver variables: protocol, destination and source port, ICMP type and code. */
export const DECLARATIONS: string = ['p', 'd', 's', 't', 'c'].map((name) => `(declare-const ${name} Int)`).join('\n');

/** The names under which a way sees the parts: the answer comes from the destination port and goes to the source port. */
type View = { readonly port: string; readonly type: string; readonly code: string };

const TRUE = 'true';
const FALSE = 'false';
const NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };

/** What every packet of the family satisfies: other protocols have no ports, and only the family's own ICMP has types. */
export function packetTerm(bits: 32 | 128): string {
  const own = ownIcmp(bits);
  const ports = `(and (<= 0 d 65535) (<= 0 s 65535) (= t 0) (= c 0))`;
  const types = `(and (<= 0 t 255) (<= 0 c 255) (= d 0) (= s 0))`;
  return `(and (<= 0 p 255) (ite (or (= p 6) (= p 17)) ${ports} (ite (= p ${own}) ${types} (= d s t c 0))))`;
}

/** When a packet is delivered and answered: for certain, or possibly. */
export function waysTerm(ways: Ways, certainty: 'sure' | 'possible'): string {
  const { bits } = ways;
  const forward = stepsTerm(ways, { steps: ways.forward, view: { port: 'd', type: 't', code: 'c' }, certainty });
  if (ways.reply === 'service' || ways.reply === 'nowhere') return forward;
  const [request, reply] = bits === 32 ? [8, 0] : [128, 129];
  const back = stepsTerm(ways, { steps: ways.reply, view: { port: 's', type: String(reply), code: '0' }, certainty });
  const isAnswered = `(or (not (= p ${ownIcmp(bits)})) (= t ${request}))`;
  return `(and ${forward} (=> ${isAnswered} ${back}))`;
}

type Way = { readonly steps: readonly Step[]; readonly view: View; readonly certainty: 'sure' | 'possible' };

function stepsTerm(ways: Ways, way: Way): string {
  return all(way.steps.map((step) => stepTerm(ways, step, way)));
}

function stepTerm(ways: Ways, { filter, isHidden }: Step, { view, certainty }: Way): string {
  const term = (port: string): string => filterTerm(filter, { bits: ways.bits, view: { ...view, port }, certainty });
  if (!isHidden) return term(view.port);
  // One port of all that the gateway may pick is not known: for certain all must pass, possibly is anything but a refusal of all.
  const picked = ways.ports.map((port) => term(String(port)));
  return `(ite (or (= p 6) (= p 17)) ${certainty === 'sure' ? all(picked) : any(picked)} ${term(view.port)})`;
}

type Seen = { readonly bits: 32 | 128; readonly view: View; readonly certainty: 'sure' | 'possible' };

function filterTerm(filter: Filter, seen: Seen): string {
  const passes = (say: Say): boolean => say === 'pass' || (say === 'unknown' && seen.certainty === 'possible');
  switch (filter.kind) {
    case 'settled':
      return passes(filter.say) ? TRUE : FALSE;
    case 'groups':
      if (passes(filter.otherwise)) return TRUE;
      return any(filter.rules.filter((rule) => passes(rule.peer)).map((rule) => trafficTerm(rule.traffic, seen)));
    case 'acl':
      return filter.entries.reduceRight(
        (rest, entry) => `(ite ${trafficTerm(entry.traffic, seen)} ${entry.say === 'pass' ? TRUE : FALSE} ${rest})`,
        FALSE,
      );
    case 'nat':
      return '(or (= p 6) (= p 17) (= p 1))';
  }
}

function trafficTerm(traffic: string, { bits, view }: Seen): string {
  if (traffic === 'all') return TRUE;
  const [word = '', first, second] = traffic.split('/');
  const number = word === 'protocol' ? Number(first) : (NUMBERS[word] ?? -1);
  const isProtocol = `(= p ${number})`;
  if (word === 'protocol' || first === undefined) return isProtocol;
  if (word === 'tcp' || word === 'udp') {
    const [from = '', to = from] = first.split('-');
    return `(and ${isProtocol} (<= ${from} ${view.port} ${to}))`;
  }
  // Types of the other family's ICMP say nothing: it is a number there.
  if (number !== ownIcmp(bits)) return isProtocol;
  const code = second === undefined ? TRUE : `(= ${view.code} ${second})`;
  return `(and ${isProtocol} (= ${view.type} ${first}) ${code})`;
}

function ownIcmp(bits: 32 | 128): number {
  return bits === 32 ? 1 : 58;
}

/** The conjunction of terms. */
export function all(terms: readonly string[]): string {
  return terms.length === 0 ? TRUE : `(and ${terms.join(' ')})`;
}

/** The disjunction of terms. */
export function any(terms: readonly string[]): string {
  return terms.length === 0 ? FALSE : `(or ${terms.join(' ')})`;
}
