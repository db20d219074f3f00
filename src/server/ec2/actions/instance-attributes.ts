import type {
  DescribeInstanceAttributeRequest,
  DescribeInstanceCreditSpecificationsRequest,
  ModifyInstanceAttributeRequest,
  ModifyInstanceCreditSpecificationRequest,
  ModifyInstanceMetadataOptionsRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { base64Text } from '../../control/base64.ts';
import { ROOT_DEVICE } from '../../control/instances/images.ts';
import { creditsUnsupported, instanceNotFound } from '../../control/instances/instance-refusals.ts';
import { instanceOf } from '../../control/instances/instance-states.ts';
import {
  type InstanceChange,
  modifyInstance,
  modifyMetadata,
  setCredits,
  setMonitoring,
} from '../../control/instances/modify-instance.ts';
import { invalidCombination, invalidParameter, missingParameter, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import { groupShapes } from '../eni-shapes.ts';
import { refuseGiven } from '../given.ts';
import { blockShapes, type InstanceView, metadataShape, viewOf } from '../instance-shapes.ts';
import { creditsOf, metadataOf, shutdownBehaviorOf, userDataOf } from '../launch-asks.ts';
import type { Actions, Call } from '../operations.ts';

export const instanceAttributeActions: Actions = {
  DescribeInstanceAttribute: describe,
  ModifyInstanceAttribute: modify,
  ModifyInstanceMetadataOptions: modifyOptions,
  MonitorInstances: ({ InstanceIds: ids }, call) => monitor(ids, true, call),
  UnmonitorInstances: ({ InstanceIds: ids }, call) => monitor(ids, false, call),
  DescribeInstanceCreditSpecifications: describeCredits,
  ModifyInstanceCreditSpecification: modifyCredits,
};

type Read = (view: InstanceView, call: Call) => object;

/** Attributes by the names of the API (API InstanceAttributeName). */
const ATTRIBUTES: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['blockDeviceMapping', ({ detail }, { draft }) => ({ BlockDeviceMappings: blockShapes(draft, detail) })],
  ['disableApiStop', ({ detail }) => ({ DisableApiStop: { Value: detail.disableApiStop } })],
  ['disableApiTermination', ({ detail }) => ({ DisableApiTermination: { Value: detail.disableApiTermination } })],
  ['ebsOptimized', ({ detail }) => ({ EbsOptimized: { Value: detail.isEbsOptimized } })],
  ['enaSupport', () => ({ EnaSupport: { Value: true } })],
  ['enclaveOptions', () => ({ EnclaveOptions: { Enabled: false } })],
  ['groupSet', ({ enis: [eni] }, { draft }) => ({ Groups: eni === undefined ? [] : groupShapes(draft, eni) })],
  [
    'instanceInitiatedShutdownBehavior',
    ({ detail }) => ({ InstanceInitiatedShutdownBehavior: { Value: detail.shutdownBehavior } }),
  ],
  [
    'instanceType',
    ({ detail: { instanceType } }) => ({ InstanceType: instanceType === undefined ? {} : { Value: instanceType } }),
  ],
  ['kernel', () => ({ KernelId: {} })],
  ['productCodes', () => ({ ProductCodes: [] })],
  ['ramdisk', () => ({ RamdiskId: {} })],
  ['rootDeviceName', () => ({ RootDeviceName: { Value: ROOT_DEVICE.name } })],
  [
    'sourceDestCheck',
    ({ enis: [eni] }) => ({ SourceDestCheck: eni === undefined ? {} : { Value: eni.sourceDestCheck } }),
  ],
  ['sriovNetSupport', () => ({ SriovNetSupport: {} })],
  ['userData', ({ detail: { userData } }) => ({ UserData: userData === undefined ? {} : { Value: userData } })],
]);

function describe(input: DescribeInstanceAttributeRequest, call: Call): Result<object, Refusal> {
  const found = instanceOf(call.draft, input.InstanceId ?? '');
  if (!found.ok) return found;
  const name: string = input.Attribute ?? '';
  const read = ATTRIBUTES.get(name);
  if (read === undefined) return invalidParameter('attribute', name.slice(0, 80), 'Unknown attribute.');
  return ok({ InstanceId: found.value.id, ...read(viewOf(call.draft, found.value), call) });
}

function modify(input: ModifyInstanceAttributeRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['EnaSupport', 'EnclaveOptions', 'Kernel', 'Ramdisk', 'SriovNetSupport']);
  if (foreign !== undefined) return foreign;
  const change = changeOf(input);
  if (!change.ok) return change;
  const done = modifyInstance(draft, { instanceId: input.InstanceId ?? '', change: change.value }, env);
  return done.ok ? ok({}) : done;
}

/** The one change that a call asks for, in its own member or as `Attribute` with `Value`. */
function changeOf(input: ModifyInstanceAttributeRequest): Result<InstanceChange, Refusal> {
  const named = input.Attribute === undefined ? [] : [() => namedChange(input)];
  const readers = [...memberChanges(input), ...named];
  const [read, ...others] = readers;
  if (read === undefined || others.length > 0)
    return invalidCombination('Exactly one attribute of the instance must be specified.');
  return read();
}

type Reader = () => Result<InstanceChange, Refusal>;

function memberChanges(input: ModifyInstanceAttributeRequest): readonly Reader[] {
  const readers: Reader[] = [];
  const flags = {
    'source-dest-check': input.SourceDestCheck?.Value,
    'ebs-optimized': input.EbsOptimized?.Value,
    'disable-termination': input.DisableApiTermination?.Value,
    'disable-stop': input.DisableApiStop?.Value,
  } as const;
  for (const kind of ['source-dest-check', 'ebs-optimized', 'disable-termination', 'disable-stop'] as const) {
    const isOn = flags[kind];
    if (isOn !== undefined) readers.push(() => ok({ kind, isOn }));
  }
  const { Groups: groupIds, InstanceType: type, InstanceInitiatedShutdownBehavior: behavior, UserData: data } = input;
  if (groupIds !== undefined) readers.push(() => ok({ kind: 'groups', groupIds }));
  if (type !== undefined) readers.push(() => ok({ kind: 'type', type: type.Value ?? '' }));
  if (behavior !== undefined) readers.push(() => behaviorChange(behavior.Value));
  if (data !== undefined)
    readers.push(() => userDataChange(data.Value === undefined ? undefined : base64Text(data.Value)));
  if (input.BlockDeviceMappings !== undefined && input.Attribute === undefined)
    readers.push(() => volumesChange(input));
  return readers;
}

function namedChange({
  Attribute: attribute,
  Value: value = '',
  ...input
}: ModifyInstanceAttributeRequest): Result<InstanceChange, Refusal> {
  const kinds: Readonly<
    Record<string, 'source-dest-check' | 'ebs-optimized' | 'disable-termination' | 'disable-stop'>
  > = {
    sourceDestCheck: 'source-dest-check',
    ebsOptimized: 'ebs-optimized',
    disableApiTermination: 'disable-termination',
    disableApiStop: 'disable-stop',
  };
  const name: string = attribute ?? '';
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind !== undefined) {
    if (!/^(?:true|false)$/i.test(value)) return invalidParameter('value', value.slice(0, 80), 'Use true or false.');
    return ok({ kind, isOn: value.toLowerCase() === 'true' });
  }
  if (name === 'instanceType') return ok({ kind: 'type', type: value });
  if (name === 'instanceInitiatedShutdownBehavior') return behaviorChange(value);
  if (name === 'userData') return userDataChange(value);
  if (name === 'blockDeviceMapping') return volumesChange(input);
  return invalidParameter('attribute', name.slice(0, 80), 'It cannot be changed in this way.');
}

function behaviorChange(text: string | undefined): Result<InstanceChange, Refusal> {
  const behavior = shutdownBehaviorOf(text);
  if (!behavior.ok) return behavior;
  if (behavior.value === undefined) return missingParameter('InstanceInitiatedShutdownBehavior');
  return ok({ kind: 'shutdown-behavior', behavior: behavior.value });
}

function userDataChange(text: string | undefined): Result<InstanceChange, Refusal> {
  const userData = userDataOf(text);
  return userData.ok ? ok({ kind: 'user-data', userData: userData.value }) : userData;
}

/** Of volumes only DeleteOnTermination can be changed (API ModifyInstanceAttribute). */
function volumesChange({
  BlockDeviceMappings: given = [],
}: ModifyInstanceAttributeRequest): Result<InstanceChange, Refusal> {
  const kept = new Map<string, boolean>();
  for (const { DeviceName: name, Ebs: ebs, NoDevice: none, VirtualName: virtual } of given) {
    const isOn = ebs?.DeleteOnTermination;
    if (name === undefined || isOn === undefined || none !== undefined || virtual !== undefined)
      return invalidCombination('Of a block device only DeleteOnTermination can be changed: give it with DeviceName.');
    kept.set(name, isOn);
  }
  return kept.size === 0 ? missingParameter('BlockDeviceMapping') : ok({ kind: 'volumes', kept });
}

function modifyOptions(input: ModifyInstanceMetadataOptionsRequest, { draft }: Call): Result<object, Refusal> {
  const change = metadataOf(input);
  if (!change.ok) return change;
  const done = modifyMetadata(draft, input.InstanceId ?? '', change.value);
  if (!done.ok) return done;
  return ok({ InstanceId: input.InstanceId, InstanceMetadataOptions: metadataShape(done.value) });
}

function monitor(ids: readonly string[] | undefined, isOn: boolean, { draft }: Call): Result<object, Refusal> {
  if (ids === undefined || ids.length === 0) return missingParameter('InstanceId');
  const done = setMonitoring(draft, ids, isOn);
  if (!done.ok) return done;
  const Monitoring = { State: isOn ? 'enabled' : 'disabled' };
  return ok({ InstanceMonitorings: done.value.map(({ id }) => ({ InstanceId: id, Monitoring })) });
}

function describeCredits(input: DescribeInstanceCreditSpecificationsRequest, { draft }: Call): Result<object, Refusal> {
  const present = (id: string): string | undefined => draft.get('instanceDetails', id)?.cpuCredits;
  const strange = input.InstanceIds?.find(
    (id) => draft.get('instances', id) !== undefined && present(id) === undefined,
  );
  if (strange !== undefined) return creditsUnsupported(`The instance ${strange}`);
  const page = describeRecords(input, {
    ids: input.InstanceIds,
    find: (id) => draft.get('instances', id),
    // Without ids those come that differ from the default of t2 (API DescribeInstanceCreditSpecifications).
    all: () =>
      [...draft.list('instances')].filter(({ id, state }) => state !== 'terminated' && present(id) === 'unlimited'),
    notFound: instanceNotFound,
    idOf: ({ id }) => id,
    view: { 'instance-id': ({ id }) => [id] },
  });
  if (!page.ok) return page;
  return ok({
    InstanceCreditSpecifications: page.value.items.map(({ id }) => ({ InstanceId: id, CpuCredits: present(id) })),
    ...nextTokenOf(page.value),
  });
}

/** What became of each instance is told one by one; one that cannot change does not keep the others from it. */
function modifyCredits(input: ModifyInstanceCreditSpecificationRequest, { draft }: Call): Result<object, Refusal> {
  const asked = input.InstanceCreditSpecifications ?? [];
  if (asked.length === 0) return missingParameter('InstanceCreditSpecification');
  const done: object[] = [];
  const undone: object[] = [];
  for (const { InstanceId: id = '', CpuCredits: text } of asked) {
    const credits = creditsOf(text);
    if (!credits.ok) return credits;
    if (credits.value === undefined) return missingParameter('CpuCredits');
    const changed = setCredits(draft, id, credits.value);
    if (changed.ok) done.push({ InstanceId: id });
    else undone.push({ InstanceId: id, Error: { Code: changed.error.code, Message: changed.error.message } });
  }
  return ok({ SuccessfulInstanceCreditSpecifications: done, UnsuccessfulInstanceCreditSpecifications: undone });
}
