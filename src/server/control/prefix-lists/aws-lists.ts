import type { Family } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import { AWS_OWNER } from '../../../core/model/limits.ts';
import type { PrefixList } from '../../../core/model/prefix-list.ts';
import type { Draft } from '../draft.ts';
import { derivedId, type Env, type Realm } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { prefixListNotFound } from './list-refusals.ts';

/** Names of AWS's lists, `{region}` for the region's own (V:working-with-aws-managed-prefix-lists); weights are with core's limits. */
const NAMES: readonly string[] = [
  'com.amazonaws.global.cloudfront.origin-facing',
  'com.amazonaws.global.ipv6.cloudfront.origin-facing',
  'com.amazonaws.{region}.dynamodb',
  'com.amazonaws.{region}.ec2-instance-connect',
  'com.amazonaws.{region}.ipv6.ec2-instance-connect',
  'com.amazonaws.global.groundstation',
  'com.amazonaws.{region}.route53-healthchecks',
  'com.amazonaws.{region}.ipv6.route53-healthchecks',
  'com.amazonaws.{region}.s3',
  'com.amazonaws.{region}.s3express',
  'com.amazonaws.{region}.secretsmanager-managed-external-secrets',
  'com.amazonaws.{region}.vpc-lattice',
  'com.amazonaws.{region}.ipv6.vpc-lattice',
];

/** The lists that AWS keeps in a region. Their ids are this server's, the same in a region each time; their entries are not known here. */
export function awsLists({ region }: Realm): readonly PrefixList[] {
  return NAMES.map((pattern): PrefixList => {
    const name = pattern.replace('{region}', region);
    const family: Family = name.includes('.ipv6.') ? 'ipv6' : 'ipv4';
    const id = asId<PrefixList['id']>(derivedId('pl', `${region} ${name}`));
    return { id, name, ownerId: AWS_OWNER, family, versions: [], state: 'create-complete', tags: [] };
  });
}

/** Every list that a realm sees: its own records, and AWS's lists that no record stands for (one may have come with an import). */
export function allLists(draft: Draft, env: Env): readonly PrefixList[] {
  const records = [...draft.list('prefixLists')];
  const known = new Set(records.filter(({ ownerId }) => ownerId === AWS_OWNER).map(({ name }) => name));
  return [...records, ...awsLists(env.realm).filter(({ name }) => !known.has(name))];
}

/** The list of an id, be it the realm's or AWS's. */
export function listFor(draft: Draft, listId: string, env: Env): Result<PrefixList, Refusal> {
  const list = draft.get('prefixLists', listId) ?? allLists(draft, env).find(({ id }) => id === listId);
  return list === undefined ? prefixListNotFound(listId) : ok(list);
}

/** The same for what is about to refer to it: one of AWS's lists gets a record, so that its weight and family count. */
export function referredList(draft: Draft, listId: string, env: Env): Result<PrefixList, Refusal> {
  const list = listFor(draft, listId, env);
  if (list.ok && draft.get('prefixLists', listId) === undefined) draft.put('prefixLists', list.value);
  return list;
}
