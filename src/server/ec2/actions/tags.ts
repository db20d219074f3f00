import type { DescribeTagsRequest, ResourceType, TagDescription } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { derivedId } from '../../control/env.ts';
import { missingParameter, type Refusal } from '../../control/refusal.ts';
import { createTags, deleteTags } from '../../control/tags/change-tags.ts';
import { taggedRecords } from '../../control/tags/taggable.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsOf, unwantedTagsOf } from '../tags.ts';

export const tagActions: Actions = {
  CreateTags: ({ Resources: ids, Tags: given }, { draft }) => {
    const tags = tagsOf(given);
    if (!tags.ok) return tags;
    const done = createTags(draft, { ids: ids ?? [], tags: tags.value });
    return done.ok ? ok({}) : done;
  },
  DeleteTags: ({ Resources: ids, Tags: given }, { draft }) => {
    const tags = unwantedTagsOf(given);
    if (!tags.ok) return tags;
    const done = deleteTags(draft, { ids: ids ?? [], tags: tags.value });
    return done.ok ? ok({}) : done;
  },
  DescribeTags: describe,
};

type OneTag = { readonly id: string; readonly type: string; readonly key: string; readonly value: string };

function describe(input: DescribeTagsRequest, { draft }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    find: () => undefined,
    all: () =>
      [...taggedRecords(draft)].flatMap(({ id, type, tags }) =>
        tags.map(({ key, value }): OneTag => ({ id, type, key, value })),
      ),
    notFound: () => missingParameter('ResourceId'),
    // Keys may have any characters and be long: a page's token has what they lead to.
    idOf: ({ id, key }) => `${id} ${derivedId('tag', key)}`,
    view: {
      key: ({ key }) => [key],
      'resource-id': ({ id }) => [id],
      'resource-type': ({ type }) => [type],
      value: ({ value }) => [value],
    },
    tagsOf: ({ key, value }) => [{ key, value }],
  });
  if (!page.ok) return page;
  return ok({ Tags: page.value.items.map(tagShape), ...nextTokenOf(page.value) });
}

function tagShape({ id, type, key, value }: OneTag): TagDescription {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table of what can be tagged has the SDK's words
  return { ResourceId: id, ResourceType: type as ResourceType, Key: key, Value: value };
}
