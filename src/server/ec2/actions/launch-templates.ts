import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateVersionRequest,
  DeleteLaunchTemplateVersionsRequest,
  DescribeLaunchTemplatesRequest,
  DescribeLaunchTemplateVersionsRequest,
  LaunchTemplate as TemplateShape,
  RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { LaunchTemplate, LaunchTemplateVersion } from '../../control/details/instance-detail.ts';
import type { Draft } from '../../control/draft.ts';
import type { Realm } from '../../control/env.ts';
import { invalidParameter, missingParameter, type Refusal } from '../../control/refusal.ts';
import {
  createTemplate,
  createVersion,
  deleteTemplate,
  deleteVersions,
  setDefaultVersion,
  type TemplateAt,
  type TemplateData,
  templateFor,
  versionFor,
  versionsOf,
} from '../../control/templates/launch-templates.ts';
import { templateEmpty, versionNotFound } from '../../control/templates/template-refusals.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import { launchAskOf } from '../launch-asks.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const launchTemplateActions: Actions = {
  CreateLaunchTemplate: create,
  CreateLaunchTemplateVersion: addVersion,
  ModifyLaunchTemplate: (input, { draft }) => {
    const changed = setDefaultVersion(draft, refOf(input), input.DefaultVersion);
    return changed.ok ? ok({ LaunchTemplate: templateShape(changed.value) }) : changed;
  },
  DeleteLaunchTemplate: (input, { draft }) => {
    const gone = deleteTemplate(draft, refOf(input));
    return gone.ok ? ok({ LaunchTemplate: templateShape(gone.value) }) : gone;
  },
  DeleteLaunchTemplateVersions: removeVersions,
  DescribeLaunchTemplates: describe,
  DescribeLaunchTemplateVersions: describeVersions,
};

function refOf(input: {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
}): {
  readonly id: string | undefined;
  readonly name: string | undefined;
} {
  return { id: input.LaunchTemplateId, name: input.LaunchTemplateName };
}

function create(input: CreateLaunchTemplateRequest, { draft, env, caller }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['Operator']);
  if (foreign !== undefined) return foreign;
  const data = dataOf(input.LaunchTemplateData, env.realm);
  if (!data.ok) return data;
  if (Object.keys(input.LaunchTemplateData ?? {}).length === 0) return templateEmpty();
  const tags = tagsFor('launch-template', input.TagSpecifications);
  if (!tags.ok) return tags;
  const ask = { data: data.value, description: input.VersionDescription, createdBy: caller.arn };
  const made = createTemplate(draft, { name: input.LaunchTemplateName ?? '', tags: tags.value, ...ask }, env);
  return made.ok ? ok({ LaunchTemplate: templateShape(made.value.template) }) : made;
}

function addVersion(input: CreateLaunchTemplateVersionRequest, { draft, env, caller }: Call): Result<object, Refusal> {
  if (input.ResolveAlias === true) return refuseGiven(input, ['ResolveAlias']) ?? ok({});
  const data = dataOf(input.LaunchTemplateData, env.realm);
  if (!data.ok) return data;
  const ask = { data: data.value, description: input.VersionDescription, createdBy: caller.arn };
  const source = input.SourceVersion === '' ? undefined : input.SourceVersion;
  const made = createVersion(draft, { ref: refOf(input), source, ...ask }, env);
  return made.ok ? ok({ LaunchTemplateVersion: versionShape(made.value) }) : made;
}

/** The parameters of a version, checked as a launch would check them, whatever the world has. Clients send empty text for none. */
function dataOf(given: RequestLaunchTemplateData | undefined, realm: Realm): Result<TemplateData, Refusal> {
  const data: TemplateData = { ...given };
  const ask = launchAskOf(data, realm);
  return ask.ok ? ok(data) : ask;
}

/** Clients send empty text for what they leave open; AWS does not show it. */
function withoutEmpty(data: TemplateData): TemplateData {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined && value !== ''));
}

function removeVersions(input: DeleteLaunchTemplateVersionsRequest, { draft }: Call): Result<object, Refusal> {
  const texts = input.Versions ?? [];
  if (texts.length === 0) return missingParameter('LaunchTemplateVersion');
  if (texts.length > 200)
    return invalidParameter('LaunchTemplateVersion', texts.length, 'A call deletes at most 200 versions.');
  const strange = texts.find((text) => !/^[1-9][0-9]{0,9}$/.test(text));
  if (strange !== undefined)
    return invalidParameter('LaunchTemplateVersion', strange.slice(0, 80), 'Expecting a version number.');
  const done = deleteVersions(draft, refOf(input), [...new Set(texts)].map(Number));
  if (!done.ok) return done;
  const { id, name } = done.value.template;
  const shape = { LaunchTemplateId: id, LaunchTemplateName: name };
  return ok({
    SuccessfullyDeletedLaunchTemplateVersions: done.value.deleted
      .filter(({ fault }) => fault === undefined)
      .map(({ version }) => ({ ...shape, VersionNumber: version })),
    UnsuccessfullyDeletedLaunchTemplateVersions: done.value.deleted.flatMap(({ version, fault }) =>
      fault === undefined
        ? []
        : [
            {
              ...shape,
              VersionNumber: version,
              ResponseError:
                fault === 'not-found'
                  ? {
                      Code: 'launchTemplateVersionDoesNotExist',
                      Message: versionNotFound(String(version), id).error.message,
                    }
                  : { Code: 'unexpectedError', Message: 'The default version of a launch template cannot be deleted.' },
            },
          ],
    ),
  });
}

function templateShape(template: LaunchTemplate): TemplateShape {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    CreateTime: new Date(template.createTime),
    CreatedBy: template.createdBy,
    DefaultVersionNumber: template.defaultVersion,
    LatestVersionNumber: template.latestVersion,
    Tags: tagShapes(template.tags),
  };
}

function versionShape({ template, version }: TemplateAt): object {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    VersionNumber: version.version,
    ...(version.description === undefined ? {} : { VersionDescription: version.description }),
    CreateTime: new Date(version.createTime),
    CreatedBy: version.createdBy,
    DefaultVersion: version.version === template.defaultVersion,
    LaunchTemplateData: withoutEmpty(version.data),
  };
}

function describe(input: DescribeLaunchTemplatesRequest, { draft }: Call): Result<object, Refusal> {
  const chosen: LaunchTemplate[] = [];
  for (const found of [
    ...(input.LaunchTemplateIds ?? []).map((id) => templateFor(draft, { id })),
    ...(input.LaunchTemplateNames ?? []).map((name) => templateFor(draft, { name })),
  ]) {
    if (!found.ok) return found;
    chosen.push(found.value);
  }
  const page = describeRecords(input, {
    find: () => undefined,
    all: () => (chosen.length === 0 ? draft.list('launchTemplates') : new Set(chosen)),
    notFound: () => missingParameter('LaunchTemplateId'),
    idOf: ({ id }) => id,
    view: { 'create-time': ({ createTime }) => [createTime], 'launch-template-name': ({ name }) => [name] },
    tagsOf: ({ tags }) => tags,
    sizes: { least: 1, most: 200 },
  });
  return page.ok ? ok({ LaunchTemplates: page.value.items.map(templateShape), ...nextTokenOf(page.value) }) : page;
}

function describeVersions(input: DescribeLaunchTemplateVersionsRequest, { draft }: Call): Result<object, Refusal> {
  if (input.ResolveAlias === true) return refuseGiven(input, ['ResolveAlias']) ?? ok({});
  const chosen = chosenVersions(input, draft);
  if (!chosen.ok) return chosen;
  const page = describeRecords(input, {
    find: () => undefined,
    all: () => chosen.value,
    notFound: () => missingParameter('LaunchTemplateId'),
    // The newest first, as AWS lists them.
    idOf: ({ template, version }) => `${template.id}/${String(1e10 - version.version).padStart(11, '0')}`,
    view: VERSION_FILTERS,
    sizes: { least: 1, most: 200 },
  });
  return page.ok
    ? ok({ LaunchTemplateVersions: page.value.items.map(versionShape), ...nextTokenOf(page.value) })
    : page;
}

/** Versions of one template; or, without one, the newest or the default versions of all. */
function chosenVersions(
  input: DescribeLaunchTemplateVersionsRequest,
  draft: Draft,
): Result<readonly TemplateAt[], Refusal> {
  const names = [...new Set(input.Versions ?? [])];
  const isAnyTemplate = input.LaunchTemplateId === undefined && input.LaunchTemplateName === undefined;
  const template = isAnyTemplate && names.length > 0 ? undefined : templateFor(draft, refOf(input));
  if (template?.ok === false) return template;
  if (template === undefined) {
    const strange = names.find((name) => name !== '$Latest' && name !== '$Default');
    if (strange !== undefined)
      return invalidParameter('Version', strange.slice(0, 80), 'Without a launch template use $Latest or $Default.');
  }
  const found = new Map<string, TemplateAt>();
  for (const one of template === undefined ? draft.list('launchTemplates') : [template.value]) {
    const versions = names.length === 0 ? ok(versionsOf(draft, one)) : versionsNamed(draft, one, names);
    if (!versions.ok) return versions;
    for (const version of versions.value) found.set(version.id, { template: one, version });
  }
  const { MinVersion: least, MaxVersion: most } = input;
  for (const bound of [least, most])
    if (bound !== undefined && !/^[0-9]{1,10}$/.test(bound))
      return invalidParameter('MinVersion, MaxVersion', bound.slice(0, 80), 'Expecting a version number.');
  return ok(
    [...found.values()].filter(
      ({ version: { version } }) => version >= Number(least ?? 0) && version <= Number(most ?? Infinity),
    ),
  );
}

function versionsNamed(
  draft: Draft,
  template: LaunchTemplate,
  names: readonly string[],
): Result<readonly LaunchTemplateVersion[], Refusal> {
  const found: LaunchTemplateVersion[] = [];
  for (const name of names) {
    const version = versionFor(draft, template, name);
    if (!version.ok) return version;
    found.push(version.value);
  }
  return ok(found);
}

/** A member of the parameters as a filter sees it. */
function member(...path: readonly string[]): (at: TemplateAt) => readonly string[] {
  return ({ version }) => {
    let value: unknown = version.data;
    for (const name of path)
      value = typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
    return typeof value === 'string' || typeof value === 'boolean' ? [String(value)] : [];
  };
}

const VERSION_FILTERS: FilterView<TemplateAt> = {
  'create-time': ({ version }) => [version.createTime],
  'ebs-optimized': member('EbsOptimized'),
  'http-endpoint': member('MetadataOptions', 'HttpEndpoint'),
  'http-protocol-ipv4': member('MetadataOptions', 'HttpEndpoint'),
  'http-tokens': member('MetadataOptions', 'HttpTokens'),
  'iam-instance-profile': (at) => [
    ...member('IamInstanceProfile', 'Arn')(at),
    ...member('IamInstanceProfile', 'Name')(at),
  ],
  'image-id': member('ImageId'),
  'instance-type': member('InstanceType'),
  'is-default-version': ({ template, version }) => [String(version.version === template.defaultVersion)],
  'kernel-id': () => [],
  'network-card-index': () => [],
  'ram-disk-id': () => [],
};
