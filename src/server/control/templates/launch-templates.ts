import { ok, type Result } from '../../../core/net/result.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { LaunchTemplate, LaunchTemplateVersion } from '../details/instance-detail.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId, nowText } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import {
  templateEmpty,
  templateNamedTwice,
  templateNameMalformed,
  templateNameNotFound,
  templateNameTaken,
  templateNotFound,
  templateNotNamed,
  templateTooLarge,
  versionDescriptionTooLong,
  versionNotFound,
} from './template-refusals.ts';

/** Launch parameters as the API gives them, checked by the caller. */
export type TemplateData = LaunchTemplateVersion['data'];

/** What a request names a template by: its id or its name, not both. */
export type TemplateRef = { readonly id?: string | undefined; readonly name?: string | undefined };

/** What a new version is made of. */
export type VersionAsk = {
  readonly data: TemplateData;
  readonly description: string | undefined;
  /** The ARN of who makes it. */
  readonly createdBy: string;
};

/** A template and one of its versions. */
export type TemplateAt = { readonly template: LaunchTemplate; readonly version: LaunchTemplateVersion };

/** The template that a request names. */
export function templateFor(draft: Draft, { id, name }: TemplateRef): Result<LaunchTemplate, Refusal> {
  if (id !== undefined && name !== undefined) return templateNamedTwice();
  if (id !== undefined) {
    const template = draft.get('launchTemplates', id);
    return template === undefined ? templateNotFound(id) : ok(template);
  }
  if (name === undefined) return templateNotNamed();
  const template = templateNamed(draft, name);
  return template === undefined ? templateNameNotFound(name) : ok(template);
}

function templateNamed(draft: Draft, name: string): LaunchTemplate | undefined {
  for (const template of draft.list('launchTemplates')) if (template.name === name) return template;
  return undefined;
}

/** The version of a template that a text names: a number, `$Latest` or `$Default`, which is meant where nothing is said. */
export function versionFor(
  draft: Draft,
  template: LaunchTemplate,
  text = '$Default',
): Result<LaunchTemplateVersion, Refusal> {
  const number =
    text === '$Latest' ? template.latestVersion : text === '$Default' ? template.defaultVersion : numberOf(text);
  const version = draft.get('launchTemplateVersions', `${template.id}/${number}`);
  return version === undefined ? versionNotFound(text, template.id) : ok(version);
}

function numberOf(text: string): number {
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : 0;
}

/** A template with its first version (API CreateLaunchTemplate). */
export function createTemplate(
  draft: Draft,
  { name, tags, ...ask }: VersionAsk & { readonly name: string; readonly tags: Tags },
  env: Env,
): Result<TemplateAt, Refusal> {
  if (!/^[a-zA-Z0-9()./_-]{3,128}$/.test(name)) return templateNameMalformed();
  if (templateNamed(draft, name) !== undefined) return templateNameTaken();
  const template: LaunchTemplate = {
    id: newId(env, 'lt'),
    name,
    createTime: nowText(env),
    createdBy: ask.createdBy,
    defaultVersion: 1,
    latestVersion: 1,
    tags,
  };
  return addVersion(draft, { template, number: 1, ask }, env);
}

/** A further version (API CreateLaunchTemplateVersion); the source version's parameters stand where it says nothing. */
export function createVersion(
  draft: Draft,
  { ref, source, ...ask }: VersionAsk & { readonly ref: TemplateRef; readonly source: string | undefined },
  env: Env,
): Result<TemplateAt, Refusal> {
  const template = templateFor(draft, ref);
  if (!template.ok) return template;
  const from = source === undefined ? undefined : versionFor(draft, template.value, source);
  if (from?.ok === false) return from;
  const number = (template.value.lastVersion ?? template.value.latestVersion) + 1;
  const { lastVersion: _, ...rest } = template.value;
  const data = { ...from?.value.data, ...ask.data };
  return addVersion(draft, { template: { ...rest, latestVersion: number }, number, ask: { ...ask, data } }, env);
}

function addVersion(
  draft: Draft,
  { template, number, ask }: { readonly template: LaunchTemplate; readonly number: number; readonly ask: VersionAsk },
  env: Env,
): Result<TemplateAt, Refusal> {
  const { data, description, createdBy } = ask;
  if (Object.keys(data).length === 0) return templateEmpty();
  if (JSON.stringify(data).length > 0x1_0000) return templateTooLarge();
  if (description !== undefined && description.length > 255) return versionDescriptionTooLong();
  const version: LaunchTemplateVersion = {
    id: `${template.id}/${number}`,
    templateId: template.id,
    version: number,
    ...(description === undefined ? {} : { description }),
    createTime: nowText(env),
    createdBy,
    data,
  };
  draft.put('launchTemplates', template);
  draft.put('launchTemplateVersions', version);
  return ok({ template, version });
}

/** Makes another version the default one (API ModifyLaunchTemplate). */
export function setDefaultVersion(
  draft: Draft,
  ref: TemplateRef,
  version: string | undefined,
): Result<LaunchTemplate, Refusal> {
  const template = templateFor(draft, ref);
  if (!template.ok) return template;
  if (version === undefined) return template;
  const found = versionFor(draft, template.value, version);
  if (!found.ok) return found;
  const changed: LaunchTemplate = { ...template.value, defaultVersion: found.value.version };
  draft.put('launchTemplates', changed);
  return ok(changed);
}

/** Deletes a template with all of its versions (API DeleteLaunchTemplate). */
export function deleteTemplate(draft: Draft, ref: TemplateRef): Result<LaunchTemplate, Refusal> {
  const template = templateFor(draft, ref);
  if (!template.ok) return template;
  for (const { id } of versionsOf(draft, template.value)) draft.remove('launchTemplateVersions', id);
  draft.remove('launchTemplates', template.value.id);
  return template;
}

/** The versions of a template, the newest first. */
export function versionsOf(draft: Draft, template: LaunchTemplate): readonly LaunchTemplateVersion[] {
  const found: LaunchTemplateVersion[] = [];
  for (let number = template.latestVersion; number > 0; number -= 1) {
    const version = draft.get('launchTemplateVersions', `${template.id}/${number}`);
    if (version !== undefined) found.push(version);
  }
  return found;
}

/** What became of one version that was to be deleted: AWS tells it for each of them. */
export type DeletedVersion = { readonly version: number; readonly fault?: 'not-found' | 'is-default' };

/** Deletes versions, but never the default one (API DeleteLaunchTemplateVersions). */
export function deleteVersions(
  draft: Draft,
  ref: TemplateRef,
  numbers: readonly number[],
): Result<{ readonly template: LaunchTemplate; readonly deleted: readonly DeletedVersion[] }, Refusal> {
  const template = templateFor(draft, ref);
  if (!template.ok) return template;
  const { id, defaultVersion } = template.value;
  const deleted = numbers.map((version): DeletedVersion => {
    if (version === defaultVersion) return { version, fault: 'is-default' };
    if (draft.get('launchTemplateVersions', `${id}/${version}`) === undefined) return { version, fault: 'not-found' };
    draft.remove('launchTemplateVersions', `${id}/${version}`);
    return { version };
  });
  const [latest] = versionsOf(draft, template.value);
  const { latestVersion } = template.value;
  if (latest !== undefined && latest.version !== latestVersion)
    draft.put('launchTemplates', {
      ...template.value,
      latestVersion: latest.version,
      lastVersion: template.value.lastVersion ?? latestVersion,
    });
  return ok({ template: template.value, deleted });
}
