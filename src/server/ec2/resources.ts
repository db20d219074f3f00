import { arnOf, type Realm } from '../control/env.ts';
import { TAGGABLE } from '../control/tags/taggable.ts';
import type { Input } from './decode.ts';

/**
 * The ARNs that a request touches, for policies: `*` for reading, as on AWS; else what its ids name, and what it makes as a type with any
 * id. A policy must allow all of them.
 */
export function resourcesOf(action: string, input: Input, realm: Realm): readonly string[] {
  if (/^(?:Describe|Get)/.test(action)) return ['*'];
  if (['Enforce', 'EnrolHost', 'RemoveHost'].includes(action)) return ofHost(input, realm);
  const found = new Set<string>();
  const made = /^(?:Create|Allocate|Import|Run)(?:Default)?(.+?)s?$/.exec(action)?.[1];
  if (made !== undefined && made !== 'Tag') found.add(arnOf(realm, typeOf(made), '*'));
  for (const text of textsIn(input)) {
    const prefix = /^([a-z]+)-[0-9a-f]{8,17}$/.exec(text)?.[1];
    const type = prefix === undefined ? undefined : TAGGABLE.get(prefix)?.type;
    if (type !== undefined) found.add(arnOf(realm, type, text));
  }
  return found.size === 0 ? [arnOf(realm, '*', '*')] : [...found];
}

/** What is done to or by a host: the host, by name, and each interface and instance that is named, whether they exist or not. */
function ofHost(input: Input, realm: Realm): readonly string[] {
  const { accountId, region } = realm;
  return [
    ...[...textsIn(input['HostName'])].map((host) => `arn:aws:crenel:${region}:${accountId}:host/${host}`),
    ...[...textsIn(input['NetworkInterfaceIds'])].map((id) => arnOf(realm, 'network-interface', id)),
    ...[...textsIn(input['InstanceIds'])].map((id) => arnOf(realm, 'instance', id)),
  ];
}

/** `SecurityGroup` → `security-group`; a few have names of their own. */
function typeOf(made: string): string {
  const words = made.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  return (
    { address: 'elastic-ip', addres: 'elastic-ip', 'nat-gateway': 'natgateway', 'managed-prefix-list': 'prefix-list' }[
      words
    ] ?? words
  );
}

function* textsIn(value: unknown): Generator<string, void, undefined> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) yield* textsIn(one);
}
