import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatAddress } from '../../core/net/address.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import type { LabPlan } from './plan-lab.ts';
import { runningEnis } from './router.ts';

/** Where the lab says which instance is which namespace; only root may write there, and the lab is root's. */
export const REGISTER_PATH = '/run/crenel/lab.json';

/** What the process that has the lab of this machine holds. */
export const LAB_LOCK = 'lab';

/** An instance as people look for it. */
export type Registered = {
  readonly id: string;
  /** The Name tag; the id where there is none. */
  readonly name: string;
  readonly namespace: string;
  readonly addresses: readonly string[];
};

/** The instances of a lab in the order of their names. */
export function registerOf(world: World, plan: LabPlan): readonly Registered[] {
  const enis = runningEnis(world);
  const instances = [...plan.instances].map(([id, namespace]): Registered => {
    const own = enis.filter((eni) => eni.attachment?.instanceId === id);
    const name = getRecord(world, 'instances', id)?.tags.find((tag) => tag.key === 'Name')?.value ?? id;
    const addresses = own.flatMap((eni) => eni.addresses).map(({ address }) => formatAddress(address));
    return { id, name, namespace, addresses };
  });
  return instances.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Writes the register. `source`: the path of what the lab's world was read from; absent when that has none. */
export function writeRegister(instances: readonly Registered[], source?: string): void {
  mkdirSync(dirname(REGISTER_PATH), { recursive: true, mode: 0o755 });
  writeFileSync(REGISTER_PATH, `${JSON.stringify({ process: process.pid, source, instances })}\n`, { mode: 0o600 });
}

/** Takes the register away. */
export function removeRegister(): void {
  rmSync(REGISTER_PATH, { force: true });
}

/** The instances of the lab that is up, or was when its process was killed; undefined when there is none. */
export function readRegister(): readonly Registered[] | undefined {
  const document = readDocument();
  if (document === undefined || !('instances' in document)) return undefined;
  const { instances } = document;
  // Root wrote it, by `writeRegister`.
  return Array.isArray(instances) ? (instances as readonly Registered[]) : undefined;
}

/** The process that wrote the register; undefined when there is none. */
export function readHolder(): number | undefined {
  const document = readDocument();
  return document !== undefined && 'process' in document && typeof document.process === 'number'
    ? document.process
    : undefined;
}

/** What the world of the lab was read from; undefined when that has no path. */
export function readSource(): string | undefined {
  const document = readDocument();
  return document !== undefined && 'source' in document && typeof document.source === 'string'
    ? document.source
    : undefined;
}

function readDocument(): object | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(REGISTER_PATH, 'utf8'));
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}

/** The instances that a name, an id or an address means. */
export function findRegistered(instances: readonly Registered[], text: string): readonly Registered[] {
  return instances.filter(({ id, name, addresses }) => id === text || name === text || addresses.includes(text));
}
