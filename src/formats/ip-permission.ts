import { fail, ok, type Result } from '../core/net/result.ts';
import { ALL_TRAFFIC, protocolTraffic, type Traffic } from '../core/net/traffic.ts';
import type { Value } from './fields.ts';

const NAMES: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['icmp', 1],
  ['icmpv6', 58],
]);

/** The traffic of AWS's protocol text with its two numbers: ports, or ICMP type and code, −1 for any (API IpPermission). */
export function awsTraffic(protocol: string, from: number | undefined, to: number | undefined): Result<Traffic> {
  if (protocol === '-1') return ok(ALL_TRAFFIC);
  const number = NAMES.get(protocol.toLowerCase()) ?? (/^\d{1,3}$/.test(protocol) ? Number(protocol) : undefined);
  if (number === undefined) return fail(`${JSON.stringify(protocol)} is not a protocol`);
  const whole = protocolTraffic(number);
  if (!whole.ok || whole.value.kind === 'all' || whole.value.kind === 'protocol') return whole;
  if (whole.value.kind === 'icmp' || whole.value.kind === 'icmpv6') return icmp(whole.value.kind, from, to);
  if (from === undefined || to === undefined) return fail(`${protocol} needs a first and a last port`);
  if (from < 0 || to > 65_535 || from > to) return fail(`ports ${from}-${to} are no range in 0-65535`);
  return ok({ kind: whole.value.kind, ports: { from, to } });
}

/** The traffic of a rule or permission: `IpProtocol`, `FromPort`, `ToPort`. */
export function permissionTraffic(value: Value): Traffic {
  const protocol = value.get('IpProtocol').text();
  const from = value.has('FromPort') ? value.get('FromPort').integer(-1, 65_535) : undefined;
  const to = value.has('ToPort') ? value.get('ToPort').integer(-1, 65_535) : undefined;
  const key = `${protocol} ${from} ${to}`;
  const known = TRAFFICS.get(key);
  if (known !== undefined) return known;
  const traffic = value.parsed(awsTraffic(protocol, from, to));
  if (TRAFFICS.size >= MAX_TRAFFICS) TRAFFICS.clear();
  TRAFFICS.set(key, traffic);
  return traffic;
}

/** Memory of a pure function: rules say the same few traffics over and over. Bounded. */
const TRAFFICS = new Map<string, Traffic>();
const MAX_TRAFFICS = 10_000;

function icmp(kind: 'icmp' | 'icmpv6', type: number | undefined, code: number | undefined): Result<Traffic> {
  if (type === undefined || type === -1) return ok({ kind, type: 'any', code: 'any' });
  if (type > 255 || (code ?? -1) > 255) return fail(`ICMP type ${type} and code ${code ?? -1} are not in 0-255`);
  return ok({ kind, type, code: code === undefined || code === -1 ? 'any' : code });
}
