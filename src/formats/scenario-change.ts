import { parseCidr } from '../core/net/cidr.ts';
import { parseTraffic } from '../core/net/traffic.ts';
import type { ConnectionTimeouts } from '../core/model/eni.ts';
import { type AclEntry, ENTRY_NUMBERS } from '../core/model/network-acl.ts';
import type { Direction } from '../core/model/security-group.ts';
import { TIMEOUT_RANGES } from '../core/model/eni.ts';
import type { ScenarioChange, ScenarioPeer } from '../core/track/scenario.ts';
import type { Value } from './fields.ts';

/** Reads what a `change` step of a scenario changes: an object with one field, which names the change. */
export function decodeChange(value: Value): ScenarioChange {
  const names = Object.keys(CHANGES).filter((name) => value.get(name).isPresent);
  const [name = ''] = names;
  const decode = CHANGES[name];
  value.only(Object.keys(CHANGES));
  if (names.length !== 1 || decode === undefined)
    return value.fail(`expected one of ${Object.keys(CHANGES).join(', ')}`);
  return decode(value.get(name));
}

const CHANGES: Readonly<Record<string, (value: Value) => ScenarioChange>> = {
  authorize: (value) => decodeRule(value, 'authorize'),
  revoke: (value) => decodeRule(value, 'revoke'),
  setGroups: (value) => {
    value.only(['interface', 'groups']);
    const groups = value
      .get('groups')
      .list()
      .map((group) => group.text());
    if (groups.length === 0) value.get('groups').fail('expected at least one group: an interface always has one');
    return { kind: 'set-groups', interface: value.get('interface').text(), groups };
  },
  setEntry: (value) => {
    value.only(['acl', 'ingress', 'egress']);
    const direction = directionOf(value);
    return { kind: 'set-entry', acl: value.get('acl').text(), entry: decodeEntry(value.get(direction), direction) };
  },
  removeEntry: (value) => {
    value.only(['acl', 'ingress', 'egress']);
    const direction = directionOf(value);
    const number = value.get(direction).integer(ENTRY_NUMBERS.from, ENTRY_NUMBERS.to);
    return { kind: 'remove-entry', acl: value.get('acl').text(), direction, number };
  },
  setPrefixList: (value) => {
    value.only(['list', 'entries']);
    const entries = value
      .get('entries')
      .list()
      .map((entry) => entry.cidr());
    return { kind: 'set-prefix-list', list: value.get('list').text(), entries };
  },
  setTimeouts: (value) => {
    value.only(['interface', 'tcpEstablished', 'udpStream', 'udp']);
    return { kind: 'set-timeouts', interface: value.get('interface').text(), timeouts: decodeTimeouts(value) };
  },
  addInterface: decodeInterface,
  removeInterface: (value) => {
    value.only(['interface']);
    return { kind: 'remove-interface', interface: value.get('interface').text() };
  },
  setPeering: (value) => {
    value.only(['peering', 'status']);
    return { kind: 'set-peering', peering: value.get('peering').text(), status: value.get('status').text() };
  },
};

function decodeInterface(value: Value): ScenarioChange {
  value.only(['id', 'subnet', 'addresses', 'groups', 'name', 'instance']);
  const addresses = value
    .get('addresses')
    .list()
    .map((address) => address.address());
  const groups = value
    .get('groups')
    .list()
    .map((group) => group.text());
  if (addresses.length === 0) value.get('addresses').fail('expected at least one address');
  if (groups.length === 0) value.get('groups').fail('expected at least one group: an interface always has one');
  const [name, instance] = [value.get('name'), value.get('instance')];
  return {
    kind: 'add-interface',
    id: value.get('id').text(),
    subnet: value.get('subnet').text(),
    addresses,
    groups,
    ...(name.isPresent ? { name: name.text() } : {}),
    ...(instance.isPresent ? { instance: instance.text() } : {}),
  };
}

/** A rule as `tcp/22 203.0.113.0/24`. */
function decodeRule(value: Value, kind: 'authorize' | 'revoke'): ScenarioChange {
  value.only(['group', 'ingress', 'egress']);
  const direction = directionOf(value);
  const rule = value.get(direction);
  const [traffic = '', peer = '', ...rest] = rule.text().split(' ');
  if (peer === '' || rest.length > 0)
    rule.fail('expected a traffic and a peer, as "tcp/22 203.0.113.0/24" or "all group:web"');
  return {
    kind,
    group: value.get('group').text(),
    direction,
    traffic: rule.parsed(parseTraffic(traffic)),
    peer: decodePeer(rule, peer),
  };
}

function decodePeer(value: Value, text: string): ScenarioPeer {
  const [, word, name = ''] = /^(group|list):(.+)$/s.exec(text) ?? [];
  if (word === 'group') return { kind: 'group', name };
  return word === 'list' ? { kind: 'prefix-list', name } : { kind: 'cidr', cidr: value.parsed(parseCidr(text)) };
}

/** An entry as `90 deny tcp/22 203.0.113.0/24`. */
function decodeEntry(value: Value, direction: Direction): AclEntry {
  const [number = '', action = '', traffic = '', cidr = '', ...rest] = value.text().split(' ');
  const isNumber =
    /^[0-9]{1,5}$/.test(number) && Number(number) >= ENTRY_NUMBERS.from && Number(number) <= ENTRY_NUMBERS.to;
  if (!isNumber || (action !== 'allow' && action !== 'deny') || rest.length > 0)
    return value.fail(
      `expected a number in ${ENTRY_NUMBERS.from}-${ENTRY_NUMBERS.to}, allow or deny, a traffic and a CIDR, as "90 deny all 203.0.113.7/32"`,
    );
  return {
    number: Number(number),
    direction,
    action,
    traffic: value.parsed(parseTraffic(traffic)),
    cidr: value.parsed(parseCidr(cidr)),
  };
}

function decodeTimeouts(value: Value): ConnectionTimeouts {
  const fields = { tcpEstablished: 'tcpEstablishedSeconds', udpStream: 'udpStreamSeconds', udp: 'udpSeconds' } as const;
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => value.get(name).isPresent)
      .map(([name, field]) => {
        const { from, to } = TIMEOUT_RANGES[field];
        return [field, value.get(name).integer(from, to)];
      }),
  );
}

/** The one direction that an object speaks of, by the field that it has. */
function directionOf(value: Value): Direction {
  const [ingress, egress] = [value.get('ingress').isPresent, value.get('egress').isPresent];
  if (ingress === egress) value.fail('expected either ingress or egress');
  return ingress ? 'ingress' : 'egress';
}
