import { fail, ok, type Result } from '../core/net/result.ts';
import type { Eni } from '../core/model/eni.ts';
import type { NetworkAcl } from '../core/model/network-acl.ts';
import type { SecurityGroup } from '../core/model/security-group.ts';
import type { Subnet } from '../core/model/vpc.ts';
import { getRecord, listRecords, type World } from '../core/model/world.ts';
import { type EndpointError, groupsNamed } from './endpoint.ts';
import { eniName, nameTag } from './names.ts';
import { enisOf, sortEnis } from './place.ts';
import { suggestNames } from './suggest.ts';

/** The group of an id or a name. */
export function findGroup(world: World, text: string): Result<SecurityGroup, EndpointError> {
  const names = (): string[] => [...listRecords(world, 'groups')].flatMap((group) => [group.id, group.name]);
  return one(groupsNamed(world, text), { what: 'group', text, names });
}

/** The interface of an id, of a Name tag, or the only one of an instance. */
export function findEni(world: World, text: string): Result<Eni, EndpointError> {
  const own = getRecord(world, 'enis', text);
  if (own !== undefined) return ok(own);
  const ofInstance = enisOf(world, 'enisByInstance', text);
  const found =
    ofInstance.length > 0
      ? ofInstance
      : sortEnis(
          world,
          [...listRecords(world, 'enis')].filter((eni) => eniName(world, eni) === text),
        );
  const names = (): string[] =>
    [...listRecords(world, 'enis')].flatMap((eni) => [eni.id, eniName(world, eni) ?? eni.id]);
  return one(found, { what: 'interface', text, names });
}

/** The subnet of an id or a Name tag. */
export function findSubnet(world: World, text: string): Result<Subnet, EndpointError> {
  const own = getRecord(world, 'subnets', text);
  if (own !== undefined) return ok(own);
  const subnets = [...listRecords(world, 'subnets')];
  const names = (): string[] => subnets.flatMap((subnet) => [subnet.id, nameTag(subnet.tags) ?? subnet.id]);
  return one(
    subnets.filter((subnet) => nameTag(subnet.tags) === text),
    { what: 'subnet', text, names },
  );
}

/** The NACL of an id or a Name tag. */
export function findAcl(world: World, text: string): Result<NetworkAcl, EndpointError> {
  const own = getRecord(world, 'acls', text);
  if (own !== undefined) return ok(own);
  const acls = [...listRecords(world, 'acls')];
  const names = (): string[] => acls.flatMap((acl) => [acl.id, nameTag(acl.tags) ?? acl.id]);
  return one(
    acls.filter((acl) => nameTag(acl.tags) === text),
    { what: 'network ACL', text, names },
  );
}

type Search = { readonly what: string; readonly text: string; readonly names: () => readonly string[] };

function one<R extends { readonly id: string }>(
  found: readonly R[],
  { what, text, names }: Search,
): Result<R, EndpointError> {
  const [first, ...others] = found;
  if (first === undefined)
    return fail({
      kind: 'unknown',
      message: `no ${what} is called ${JSON.stringify(text)}`,
      suggestions: suggestNames(text, names()),
    });
  if (others.length === 0) return ok(first);
  const ids = found.map((record) => record.id).toSorted();
  return fail({
    kind: 'ambiguous',
    message: `${found.length} ${what}s are called ${JSON.stringify(text)}: say which by id`,
    suggestions: ids.slice(0, 5),
  });
}
