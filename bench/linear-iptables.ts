// The baseline: what OpenStack Neutron's hybrid firewall writes, with the program that it calls.
import { CLIENT, PORT, SERVER, type Size } from './dataplane-host.ts';

/** The input of `ipset restore` and of `iptables-restore`. */
export type LinearRules = { readonly sets: string; readonly rules: string };

/**
 * Chains for each port, which packets find by one comparison after another: once in `FORWARD`, and again in the chain of all ports. Each
 * port has a chain for what comes to it, one for what it sends, one for the addresses that it may send from; answers pass by the state that
 * each of them looks at first. Members are an ipset. Neutron compares devices as ports of bridges, which costs more than the plain `-i` and `-o`
 * of a router. The real ports are in the middle of the list, as the average port is.
 */
export function linearRules({ enis, rules, members }: Size): LinearRules {
  const middle = Math.floor(enis / 2);
  const ports = Array.from({ length: enis }, (_, index): Port => {
    if (index === middle) return { index, ...CLIENT, rules: 0 };
    if (index === middle + 1) return { index, ...SERVER, rules };
    return { index, device: `e${index}`, ipv4: `10.1.${index >> 8}.${index & 255}`, mac: CLIENT.mac, rules };
  });
  const others = Array.from({ length: members }, (_, at) => `10.${128 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`);
  return {
    sets: ['create members hash:ip maxelem 1000000', ...[CLIENT.ipv4, ...others].map((ip) => `add members ${ip}`)].join(
      '\n',
    ),
    rules: [
      '*filter',
      ':FORWARD DROP',
      ...['forward', 'ports', 'fallback'].map((name) => `:${name} -`),
      ...ports.flatMap(({ index }) => [`:i${index} -`, `:o${index} -`, `:s${index} -`]),
      '-A FORWARD -j forward',
      ...ports.flatMap(({ device }) => [`-A forward -o ${device} -j ports`, `-A forward -i ${device} -j ports`]),
      ...ports.flatMap(({ device, index }) => [
        `-A ports -o ${device} -j i${index}`,
        `-A ports -i ${device} -j o${index}`,
      ]),
      '-A ports -j ACCEPT',
      '-A fallback -j DROP',
      ...ports.flatMap(portRules),
      'COMMIT',
      '',
    ].join('\n'),
  };
}

type Port = {
  readonly index: number;
  readonly device: string;
  readonly ipv4: string;
  readonly mac: string;
  readonly rules: number;
};

const ANSWERS = '-m state --state RELATED,ESTABLISHED -j RETURN';
const INVALID = '-m state --state INVALID -j DROP';

function portRules({ index, device, ipv4, mac, rules }: Port): readonly string[] {
  const opened = [
    ...Array.from({ length: Math.max(0, rules - 2) }, (_, at) => ['tcp', 6000 + at] as const),
    ...(rules > 0 ? ([['tcp', PORT] as const, ['udp', PORT] as const] as const) : []),
  ];
  return [
    `-A i${index} ${ANSWERS}`,
    ...opened.map(
      ([protocol, port]) => `-A i${index} -p ${protocol} --dport ${port} -m set --match-set members src -j RETURN`,
    ),
    `-A i${index} ${INVALID}`,
    `-A i${index} -j fallback`,
    `-A s${index} -s ${ipv4} -m mac --mac-source ${mac} -j RETURN`,
    `-A s${index} -j DROP`,
    `-A o${index} -p udp --sport 68 --dport 67 -j RETURN`,
    `-A o${index} -j s${index}`,
    `-A o${index} -p udp --sport 67 --dport 68 -j DROP`,
    `-A o${index} ${ANSWERS}`,
    ...(device === CLIENT.device ? [`-A o${index} -j RETURN`] : []),
    `-A o${index} ${INVALID}`,
    `-A o${index} -j fallback`,
  ];
}
