import { spawnSync } from 'node:child_process';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { attachedAs } from '../../core/model/eni.ts';
import type { EniId, InstanceId, VpcId } from '../../core/model/ids.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { hostViewOf } from '../../core/policy/host-view.ts';
import { type Drift, Enforcer } from '../enforcer.ts';
import { kernelOf } from '../kernel-choice.ts';
import { isNamespace } from '../namespaces.ts';
import { nftProgram } from '../nft-program.ts';
import { applyTopology, removeLeftovers, setSysctls } from './executor.ts';
import { type LabPlan, planLab, type Router } from './plan-lab.ts';
import { EMPTY_TOPOLOGY, type Topology, topologyDelta } from './topology.ts';

/** What the lab looks like after a world was built. */
export type Built = {
  readonly instances: ReadonlyMap<InstanceId, string>;
  readonly warnings: readonly string[];
  readonly milliseconds: number;
};

const FORWARD = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];

/** Why there can be no lab here; undefined when there can. */
export function whyNoLab(): string | undefined {
  if (process.getuid?.() !== 0) return 'a lab makes network namespaces: run it as root';
  const missing = ['ip', 'nft', 'sysctl'].find((program) => spawnSync(program, ['--version']).error !== undefined);
  return missing === undefined ? undefined : `a lab needs the program ${missing} (packages iproute2, nftables, procps)`;
}

/**
 * Instances as network namespaces, and a router with the rules of its VPC between them. Worlds are built one after another. A router forwards
 * nothing before its rules are in place; a world that cannot be built leaves the rules of the one before.
 */
export class Lab {
  #known: Topology = EMPTY_TOPOLOGY;
  #plan: LabPlan | undefined;
  /** The world that `#plan` is of. */
  #world: World | undefined;
  readonly #enforcers: Map<VpcId, Enforcer> = new Map();
  #building: Promise<unknown> = Promise.resolve();

  /** Removes what an earlier lab left behind. Gives how many namespaces there were. */
  static async clean(): Promise<Result<number>> {
    const removed = await removeLeftovers();
    return removed.ok ? ok(removed.value.length) : removed;
  }

  /** What stands; undefined when nothing does. */
  get plan(): LabPlan | undefined {
    return this.#plan;
  }

  /** Makes the machine look like a world. */
  async build(world: World): Promise<Result<Built>> {
    const built = this.#building.then(async () => await this.#build(world));
    this.#building = built;
    return await built;
  }

  async #build(world: World): Promise<Result<Built>> {
    const started = performance.now();
    const plan = planLab(world);
    const parted = await this.#part(world, plan);
    if (!parted.ok) return parted;
    const done = await applyTopology(topologyDelta(this.#known, plan.topology), plan.topology);
    if (!done.ok) return await this.#abandon(done.error);
    this.#known = plan.topology;
    this.#plan = plan;
    this.#world = world;
    this.#forget((id) => !plan.routers.has(id));
    for (const [id, router] of plan.routers) {
      const enforced = await this.#enforce(world, id, router);
      if (!enforced.ok) return fail(`the rules of ${id} are not in force: ${enforced.error}`);
    }
    return ok({
      instances: plan.instances,
      warnings: plan.warnings,
      milliseconds: performance.now() - started,
    });
  }

  /** Takes down what stands where it is not known any more what that is: the next build starts from nothing. */
  async #abandon(why: string): Promise<Result<never>> {
    this.#known = EMPTY_TOPOLOGY;
    this.#plan = undefined;
    this.#forget();
    const cleaned = await removeLeftovers();
    return fail(cleaned.ok ? why : `${why}; and the namespaces cannot be removed: ${cleaned.error}`);
  }

  /**
   * Where interfaces go or come, the rules know it before the devices do: nothing passes any more at the ones, nothing yet at the others. Else whoever
   * comes with an address would get the packets of the flows that the one before it had.
   */
  async #part(world: World, plan: LabPlan): Promise<Result<void>> {
    for (const [id, enforcer] of this.#enforcers) {
      const [before, after] = [this.#plan?.routers.get(id)?.wiring, plan.routers.get(id)?.wiring];
      if (before === undefined || after === undefined) continue;
      const staying = [...after.enis.keys()].filter((eni) => before.enis.has(eni) && this.#stays(world, eni));
      if (staying.length === before.enis.size && staying.length === after.enis.size) continue;
      const view = hostViewOf(world, staying, before.natGateways.values());
      const enforced = await enforcer.enforce(view, { ...before, enis: new Map([...before.enis, ...after.enis]) });
      if (!enforced.ok) return fail(`the rules of ${id} cannot follow its interfaces: ${enforced.error.message}`);
    }
    return ok(undefined);
  }

  /** Whether an interface is attached as before. */
  #stays(world: World, id: EniId): boolean {
    const [before, after] = [this.#world, world].map((one) => one && getRecord(one, 'enis', id));
    return before !== undefined && after !== undefined && attachedAs(before) === attachedAs(after);
  }

  async #enforce(world: World, id: VpcId, { namespace, wiring }: Router): Promise<Result<void>> {
    const known = this.#enforcers.get(id);
    const enforcer =
      known ?? new Enforcer(await kernelOf(nftProgram({ namespace }), { mode: 'tap', namespace }), wiring);
    const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
    const enforced = await enforcer.enforce(view, wiring);
    if (!enforced.ok && known === undefined) enforcer.close();
    if (!enforced.ok) return fail(enforced.error.message);
    if (known !== undefined) return ok(undefined);
    this.#enforcers.set(id, enforcer);
    return await setSysctls(namespace, FORWARD);
  }

  /**
   * Compares all routers with what they should hold, and repairs them, when no world is being built. Where somebody deleted a namespace of the lab
   * that is said, and nothing stands any more.
   */
  async verify(): Promise<Result<ReadonlyMap<VpcId, Drift>>> {
    const verified = this.#building.then(async () => await this.#verify());
    this.#building = verified;
    return await verified;
  }

  async #verify(): Promise<Result<ReadonlyMap<VpcId, Drift>>> {
    const gone = [...this.#known.things.values()].find(({ namespace }) => !isNamespace(namespace));
    if (gone !== undefined) return await this.#abandon(`somebody deleted the namespace ${gone.namespace}`);
    const drifts = new Map<VpcId, Drift>();
    for (const [id, enforcer] of this.#enforcers) {
      const drift = await enforcer.verify();
      if (!drift.ok) return fail(drift.error.message);
      drifts.set(id, drift.value);
    }
    return ok(drifts);
  }

  /** Takes everything down. */
  async close(): Promise<Result<number>> {
    await this.#building;
    this.#known = EMPTY_TOPOLOGY;
    this.#plan = undefined;
    this.#forget();
    return await Lab.clean();
  }

  /** Looks after routers no more: what reaches into their namespaces would keep them there. */
  #forget(which: (id: VpcId) => boolean = () => true): void {
    for (const [id, enforcer] of this.#enforcers) {
      if (!which(id)) continue;
      enforcer.close();
      this.#enforcers.delete(id);
    }
  }
}
