import { ok, type Result } from '../../../core/net/result.ts';
import type { Instance } from '../../../core/model/eni.ts';
import type { Draft } from '../draft.ts';
import { releaseEni } from '../enis/attach-eni.ts';
import { removeEni } from '../enis/delete-eni.ts';
import { eniDetailOf } from '../enis/eni-details.ts';
import { modifyEni, withoutPublicAddress } from '../enis/modify-eni.ts';
import { type Env, nowText } from '../env.ts';
import { missingParameter, type Refusal } from '../refusal.ts';
import { depart } from '../sweep.ts';
import { enisOf, instanceDetailOf } from './instance-details.ts';
import { instanceNotFound, isProtected, wrongState } from './instance-refusals.ts';
import { releaseVolumes } from './launch-volumes.ts';

/** An instance after a call, and the state that it was in before. */
export type StateChange = { readonly instance: Instance; readonly previous: string };

type Step = (draft: Draft, instance: Instance, env: Env) => Result<Instance, Refusal>;

/** Starts what is stopped; what runs already stays as it is (API StartInstances). */
export function startInstances(
  draft: Draft,
  ids: readonly string[],
  env: Env,
): Result<readonly StateChange[], Refusal> {
  return forEach(draft, ids, { step: start, env });
}

/** Stops what runs (API StopInstances). */
export function stopInstances(draft: Draft, ids: readonly string[], env: Env): Result<readonly StateChange[], Refusal> {
  return forEach(draft, ids, { step: stop, env });
}

/** Ends instances for good; they are shown for an hour more (API TerminateInstances). */
export function terminateInstances(
  draft: Draft,
  ids: readonly string[],
  env: Env,
): Result<readonly StateChange[], Refusal> {
  return forEach(draft, ids, { step: terminate, env });
}

/** Reboots what runs, which changes nothing (API RebootInstances). */
export function rebootInstances(
  draft: Draft,
  ids: readonly string[],
  env: Env,
): Result<readonly StateChange[], Refusal> {
  return forEach(draft, ids, {
    step: (_, instance) => (instance.state === 'running' ? ok(instance) : wrongState(instance.id, 'rebooted')),
    env,
  });
}

/** All or none. */
function forEach(
  draft: Draft,
  ids: readonly string[],
  { step, env }: { readonly step: Step; readonly env: Env },
): Result<readonly StateChange[], Refusal> {
  if (ids.length === 0) return missingParameter('InstanceId');
  const changes: StateChange[] = [];
  for (const id of new Set(ids)) {
    const instance = instanceOf(draft, id);
    if (!instance.ok) return instance;
    const changed = step(draft, instance.value, env);
    if (!changed.ok) return changed;
    changes.push({ instance: changed.value, previous: instance.value.state });
  }
  return ok(changes);
}

/** The instance of an id. */
export function instanceOf(draft: Draft, id: string): Result<Instance, Refusal> {
  const instance = draft.get('instances', id);
  return instance === undefined ? instanceNotFound(id) : ok(instance);
}

/** One that was given a public address at its launch gets another, unless it has an Elastic one or several interfaces (E2:using-instance-addressing). */
function start(draft: Draft, instance: Instance, env: Env): Result<Instance, Refusal> {
  if (instance.state === 'running' || instance.state === 'pending') return ok(instance);
  if (instance.state !== 'stopped') return wrongState(instance.id, 'started');
  const started: Instance = { ...instance, state: 'running' };
  draft.put('instances', started);
  const { endTime: _, ...detail } = instanceDetailOf(draft, instance);
  draft.put('instanceDetails', { ...detail, launchTime: nowText(env) });
  const [eni, ...others] = enisOf(draft, instance.id);
  const isBare = eni?.attachment?.deviceIndex === 0 && eni.addresses[0]?.isPrimary === true;
  if (!detail.hasPublicAddress || !isBare || others.length > 0) return ok(started);
  const given = modifyEni(draft, { eniId: eni.id, change: { kind: 'public-address', isOn: true } }, env);
  return given.ok ? ok(started) : given;
}

/** Public addresses of the pool go; Elastic ones stay. */
function stop(draft: Draft, instance: Instance, env: Env): Result<Instance, Refusal> {
  if (instance.state === 'stopped' || instance.state === 'stopping') return ok(instance);
  if (instance.state !== 'running' && instance.state !== 'pending') return wrongState(instance.id, 'stopped');
  const detail = instanceDetailOf(draft, instance);
  if (detail.disableApiStop) return isProtected(instance.id, 'stopped');
  for (const eni of enisOf(draft, instance.id)) draft.put('enis', withoutPublicAddress(eni));
  const stopped: Instance = { ...instance, state: 'stopped' };
  draft.put('instances', stopped);
  draft.put('instanceDetails', { ...detail, endTime: nowText(env) });
  return ok(stopped);
}

/** Interfaces and volumes go with it, or stay and are free, as each was told. */
function terminate(draft: Draft, instance: Instance, env: Env): Result<Instance, Refusal> {
  if (instance.state === 'terminated') return ok(instance);
  const detail = instanceDetailOf(draft, instance);
  if (detail.disableApiTermination) return isProtected(instance.id, 'terminated');
  for (const eni of enisOf(draft, instance.id))
    if (eniDetailOf(draft, eni).deleteOnTermination) removeEni(draft, eni);
    else releaseEni(draft, eni);
  releaseVolumes(draft, detail.volumeIds);
  const ended: Instance = { ...instance, state: 'terminated' };
  draft.put('instances', ended);
  draft.put('instanceDetails', { ...detail, volumeIds: [], endTime: nowText(env) });
  depart(draft, { kind: 'instances', id: instance.id }, env.now);
  return ok(ended);
}
