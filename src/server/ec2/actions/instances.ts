import type {
  DescribeInstancesRequest,
  DescribeInstanceStatusRequest,
  InstanceStatus,
  RunInstancesRequest,
  StopInstancesRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { sortTags, type Tags } from '../../../core/model/tag.ts';
import type { Draft } from '../../control/draft.ts';
import { type Realm, zonesOf } from '../../control/env.ts';
import { runInstances } from '../../control/instances/launch.ts';
import { instanceNotFound } from '../../control/instances/instance-refusals.ts';
import {
  rebootInstances,
  startInstances,
  type StateChange,
  stopInstances,
  terminateInstances,
} from '../../control/instances/instance-states.ts';
import { type Refusal, unsupported } from '../../control/refusal.ts';
import { templateFor, versionFor } from '../../control/templates/launch-templates.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import { instanceFilters } from '../instance-filters.ts';
import { type InstanceView, reservationShapes, stateShape, viewOf, zoneOfInstance } from '../instance-shapes.ts';
import { textOf } from '../interface-asks.ts';
import { launchAskOf, type LaunchInput, mergeLaunch } from '../launch-asks.ts';
import type { Actions, Call } from '../operations.ts';

export const instanceActions: Actions = {
  RunInstances: run,
  DescribeInstances: describe,
  DescribeInstanceStatus: describeStatus,
  StartInstances: (input, { draft, env }) => {
    const foreign = refuseGiven(input, ['AdditionalInfo']);
    if (foreign !== undefined) return foreign;
    return changesAnswer('StartingInstances', startInstances(draft, input.InstanceIds ?? [], env));
  },
  StopInstances: stop,
  RebootInstances: ({ InstanceIds: ids }, { draft, env }) => {
    const done = rebootInstances(draft, ids ?? [], env);
    return done.ok ? ok({}) : done;
  },
  // Nothing runs: what Force and SkipOsShutdown would hasten is over already.
  TerminateInstances: ({ InstanceIds: ids }, { draft, env }) =>
    changesAnswer('TerminatingInstances', terminateInstances(draft, ids ?? [], env)),
};

function stop(input: StopInstancesRequest, { draft, env }: Call): Result<object, Refusal> {
  if (input.Hibernate === true) return unsupported('hibernation');
  return changesAnswer('StoppingInstances', stopInstances(draft, input.InstanceIds ?? [], env));
}

function changesAnswer(member: string, done: Result<readonly StateChange[], Refusal>): Result<object, Refusal> {
  if (!done.ok) return done;
  const changes = done.value.map(({ instance, previous }) => ({
    InstanceId: instance.id,
    CurrentState: stateShape(instance.state),
    PreviousState: stateShape(previous),
  }));
  return ok({ [member]: changes });
}

function run(input: RunInstancesRequest, { draft, env }: Call): Result<object, Refusal> {
  const { MinCount: minCount = 0, MaxCount: maxCount = 0, LaunchTemplate: _, ...call } = input;
  const template = templateOf(input, draft);
  if (!template.ok) return template;
  const ask = launchAskOf(mergeLaunch(template.value.data, call), env.realm);
  if (!ask.ok) return ask;
  const { tags } = ask.value;
  const instance = sortTags([...tags.instance, ...template.value.tags]);
  const done = runInstances(draft, { ask: { ...ask.value, tags: { ...tags, instance } }, minCount, maxCount }, env);
  if (!done.ok) return done;
  const [reservation] = reservationShapes(draft, done.value.instances, env.realm);
  return ok(reservation ?? {});
}

type FromTemplate = { readonly data: LaunchInput; readonly tags: Tags };

/** What a launch template gives, and the tags by which AWS says which one it was; nothing without one. */
function templateOf({ LaunchTemplate: given }: RunInstancesRequest, draft: Draft): Result<FromTemplate, Refusal> {
  if (given === undefined) return ok({ data: {}, tags: [] });
  const template = templateFor(draft, {
    id: textOf(given.LaunchTemplateId),
    name: textOf(given.LaunchTemplateName),
  });
  if (!template.ok) return template;
  const version = versionFor(draft, template.value, textOf(given.Version));
  if (!version.ok) return version;
  const { templateId, version: number, data } = version.value;
  return ok({
    data,
    tags: [
      { key: 'aws:ec2launchtemplate:id', value: templateId },
      { key: 'aws:ec2launchtemplate:version', value: String(number) },
    ],
  });
}

function describe(input: DescribeInstancesRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.InstanceIds,
    find: (id) => viewFor(draft, id),
    all: () => allViews(draft),
    notFound: instanceNotFound,
    idOf: ({ instance }) => instance.id,
    view: instanceFilters(draft, env.realm),
    tagsOf: ({ instance }) => instance.tags,
  });
  if (!page.ok) return page;
  const instances = page.value.items.map(({ instance }) => instance);
  return ok({ Reservations: reservationShapes(draft, instances, env.realm), ...nextTokenOf(page.value) });
}

function allViews(draft: Draft): readonly InstanceView[] {
  return Array.from(draft.list('instances'), (instance) => viewOf(draft, instance));
}

function viewFor(draft: Draft, id: string): InstanceView | undefined {
  const instance = draft.get('instances', id);
  return instance === undefined ? undefined : viewOf(draft, instance);
}

function describeStatus(input: DescribeInstanceStatusRequest, { draft, env }: Call): Result<object, Refusal> {
  const isShown = ({ instance }: InstanceView): boolean =>
    input.IncludeAllInstances === true || instance.state === 'running';
  const page = describeRecords(input, {
    ids: input.InstanceIds,
    find: (id) => viewFor(draft, id),
    all: () => allViews(draft).filter(isShown),
    notFound: instanceNotFound,
    idOf: ({ instance }) => instance.id,
    view: statusFilters(instanceFilters(draft, env.realm)),
  });
  if (!page.ok) return page;
  const shown = page.value.items.filter(isShown);
  return ok({
    InstanceStatuses: shown.map((view) => statusShape(view, zoneOfInstance(draft, view), env.realm)),
    ...nextTokenOf(page.value),
  });
}

/** Filters that DescribeInstances has too. */
const STATUS_FILTERS = [
  'availability-zone',
  'availability-zone-id',
  'instance-state-code',
  'instance-state-name',
  'operator.managed',
  'operator.principal',
] as const;

/** Nothing is ever planned for an instance. */
const EVENT_FILTERS = [
  'code',
  'description',
  'instance-event-id',
  'not-after',
  'not-before',
  'not-before-deadline',
] as const;

function none(): readonly string[] {
  return [];
}

function health({ instance }: InstanceView): readonly string[] {
  return [instance.state === 'running' ? 'ok' : 'not-applicable'];
}

function reachability({ instance }: InstanceView): readonly string[] {
  return instance.state === 'running' ? ['passed'] : [];
}

function statusFilters(base: FilterView<InstanceView>): FilterView<InstanceView> {
  return {
    ...Object.fromEntries(STATUS_FILTERS.map((name) => [name, base[name] ?? none])),
    ...Object.fromEntries(EVENT_FILTERS.map((name) => [`event.${name}`, none])),
    'attached-ebs-status.status': health,
    'instance-status.reachability': reachability,
    'instance-status.status': health,
    'system-status.reachability': reachability,
    'system-status.status': health,
  };
}

/** What waits for an instance to be well waits for this; a record is always well. */
function statusShape({ instance }: InstanceView, zone: string | undefined, { region }: Realm): InstanceStatus {
  const zoneId = zonesOf(region).find(({ name }) => name === zone)?.id;
  const summary =
    instance.state === 'running'
      ? { Status: 'ok' as const, Details: [{ Name: 'reachability' as const, Status: 'passed' as const }] }
      : { Status: 'not-applicable' as const, Details: [] };
  return {
    InstanceId: instance.id,
    ...(zone === undefined ? {} : { AvailabilityZone: zone }),
    ...(zoneId === undefined ? {} : { AvailabilityZoneId: zoneId }),
    InstanceState: stateShape(instance.state),
    InstanceStatus: summary,
    SystemStatus: summary,
    AttachedEbsStatus: summary,
    Events: [],
  };
}
