import type {
  CreateNetworkAclRequest,
  DescribeNetworkAclsRequest,
  NetworkAclEntry,
  ReplaceNetworkAclAssociationRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { protocolName } from '../../../core/net/protocol.ts';
import type { NetworkAcl } from '../../../core/model/network-acl.ts';
import { aclNotFound } from '../../control/acls/acl-refusals.ts';
import {
  aclAssociationIdOf,
  createAcl,
  deleteAcl,
  replaceAclAssociation,
  subnetsUnder,
} from '../../control/acls/acls.ts';
import { createEntry, deleteEntry, replaceEntry } from '../../control/acls/entries.ts';
import type { Draft } from '../../control/draft.ts';
import { missingParameter, type Refusal } from '../../control/refusal.ts';
import { entryOf } from '../acl-entries.ts';
import { aclShape, entryShapes } from '../acl-shapes.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor } from '../tags.ts';

export const aclActions: Actions = {
  CreateNetworkAcl: create,
  DeleteNetworkAcl: ({ NetworkAclId: aclId }, { draft }) => {
    if (aclId === undefined) return missingParameter('NetworkAclId');
    const gone = deleteAcl(draft, aclId);
    return gone.ok ? ok({}) : gone;
  },
  DescribeNetworkAcls: describe,
  CreateNetworkAclEntry: (input, { draft, env }) => {
    const entry = entryOf(input);
    if (!entry.ok) return entry;
    const done = createEntry(draft, entry.value, env);
    return done.ok ? ok({}) : done;
  },
  ReplaceNetworkAclEntry: (input, { draft, env }) => {
    const entry = entryOf(input);
    if (!entry.ok) return entry;
    const done = replaceEntry(draft, entry.value, env);
    return done.ok ? ok({}) : done;
  },
  DeleteNetworkAclEntry: ({ NetworkAclId: aclId, RuleNumber: number, Egress: isEgress }, { draft, env }) => {
    if (aclId === undefined) return missingParameter('NetworkAclId');
    if (number === undefined) return missingParameter('RuleNumber');
    if (isEgress === undefined) return missingParameter('Egress');
    const done = deleteEntry(draft, { aclId, number, direction: isEgress ? 'egress' : 'ingress' }, env);
    return done.ok ? ok({}) : done;
  },
  ReplaceNetworkAclAssociation: replaceAssociation,
};

function create(input: CreateNetworkAclRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('network-acl', input.TagSpecifications);
  if (!tags.ok) return tags;
  if (input.VpcId === undefined) return missingParameter('VpcId');
  const acl = createAcl(draft, { vpcId: input.VpcId, tags: tags.value }, env);
  if (!acl.ok) return acl;
  return ok({
    NetworkAcl: aclShape(draft, acl.value),
    ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }),
  });
}

function replaceAssociation(input: ReplaceNetworkAclAssociationRequest, { draft, env }: Call): Result<object, Refusal> {
  const { AssociationId: associationId, NetworkAclId: aclId } = input;
  if (associationId === undefined) return missingParameter('AssociationId');
  if (aclId === undefined) return missingParameter('NetworkAclId');
  const replaced = replaceAclAssociation(draft, { associationId, aclId }, env);
  return replaced.ok ? ok({ NewAssociationId: replaced.value }) : replaced;
}

function describe(input: DescribeNetworkAclsRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.NetworkAclIds,
    find: (id) => draft.get('acls', id),
    all: () => draft.list('acls'),
    notFound: aclNotFound,
    idOf: ({ id }) => id,
    view: aclFilters(draft, env.realm.accountId),
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  return ok({ NetworkAcls: page.value.items.map((acl) => aclShape(draft, acl)), ...nextTokenOf(page.value) });
}

/** The filters of DescribeNetworkAcls. Those on entries read the implied denies too, for they are listed. */
function aclFilters(draft: Draft, accountId: string): FilterView<NetworkAcl> {
  const entries =
    (read: (entry: NetworkAclEntry) => readonly (string | number | boolean | undefined)[]) =>
    (acl: NetworkAcl): readonly string[] =>
      entryShapes(draft, acl).flatMap((entry) =>
        read(entry).flatMap((value) => (value === undefined ? [] : [`${value}`])),
      );
  return {
    'association.association-id': (acl) => subnetsUnder(draft, acl).map(aclAssociationIdOf),
    'association.network-acl-id': (acl) => (subnetsUnder(draft, acl).length === 0 ? [] : [acl.id]),
    'association.subnet-id': (acl) => subnetsUnder(draft, acl).map(({ id }) => id),
    default: ({ isDefault }) => [String(isDefault)],
    'entry.cidr': entries((entry) => [entry.CidrBlock]),
    'entry.ipv6-cidr': entries((entry) => [entry.Ipv6CidrBlock]),
    'entry.egress': entries((entry) => [entry.Egress]),
    'entry.icmp.code': entries((entry) => [entry.IcmpTypeCode?.Code]),
    'entry.icmp.type': entries((entry) => [entry.IcmpTypeCode?.Type]),
    'entry.port-range.from': entries((entry) => [entry.PortRange?.From]),
    'entry.port-range.to': entries((entry) => [entry.PortRange?.To]),
    'entry.protocol': entries((entry) => [entry.Protocol, protocolName(Number(entry.Protocol))]),
    'entry.rule-action': entries((entry) => [entry.RuleAction]),
    'entry.rule-number': entries((entry) => [entry.RuleNumber]),
    'network-acl-id': ({ id }) => [id],
    'owner-id': ({ ownerId }) => [ownerId ?? accountId],
    'vpc-id': ({ vpcId }) => [vpcId],
  };
}
