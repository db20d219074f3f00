import { fail, ok, type Result } from '../../core/net/result.ts';
import { type Ran, runProgram } from '../run-program.ts';
import { PREFIX } from './names.ts';
import type { Thing, Topology, TopologyDelta } from './topology.ts';

/** Carries out what leads from one topology to the next. An error says which command was refused and why. */
export async function applyTopology(delta: TopologyDelta, desired: Topology): Promise<Result<void>> {
  for (const step of [
    async () => await takeDown(delta.remove),
    async () => await makeNamespaces(delta.add, desired),
    async () => await loadGateways(delta.gatewayRules),
    async () =>
      await batch(
        undefined,
        delta.add.filter(({ kind }) => kind === 'link').map(({ add }) => add),
      ),
    async () => await fillNamespaces(delta.add),
  ]) {
    const done = await step();
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** Removes every namespace whose name is the lab's; devices in them go along. Gives the names. */
export async function removeLeftovers(): Promise<Result<readonly string[]>> {
  const listed = await runProgram(['ip', '-j', 'netns', 'list']);
  if (!listed.ok) return fail(listed.error.message);
  if (listed.value.code !== 0) return fail(refusal('ip netns list', listed.value));
  const names = namesIn(listed.value.stdout).filter((name) => name.startsWith(PREFIX));
  const done = await batch(
    undefined,
    names.map((name) => `netns delete ${name}`),
  );
  return done.ok ? ok(names) : done;
}

function namesIn(text: string): readonly string[] {
  const list: unknown = text.trim() === '' ? [] : JSON.parse(text);
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown): readonly string[] =>
    typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string' ? [one.name] : [],
  );
}

/** Sets kernel settings in a namespace. */
export async function setSysctls(namespace: string, settings: readonly string[]): Promise<Result<void>> {
  if (settings.length === 0) return ok(undefined);
  return settled('sysctl', await runProgram(['ip', 'netns', 'exec', namespace, 'sysctl', '-q', '-w', ...settings]));
}

/** Things that may have gone by themselves meanwhile are no fault. */
async function takeDown(things: readonly Thing[]): Promise<Result<void>> {
  const inside = things.filter(({ kind }) => kind !== 'namespace');
  for (const [namespace, own] of Map.groupBy(inside, (thing) => thing.namespace))
    for (const family of [undefined, 'ipv6'] as const) {
      const lines = own.filter((thing) => thing.family === family).flatMap(({ remove }) => remove ?? []);
      if (lines.length > 0) await runProgram(command(namespace, family, ['-force', '-batch', '-']), lines);
    }
  const namespaces = things.filter(({ kind }) => kind === 'namespace').flatMap(({ remove }) => remove ?? []);
  return await batch(undefined, namespaces);
}

async function makeNamespaces(things: readonly Thing[], desired: Topology): Promise<Result<void>> {
  const fresh = things.filter(({ kind }) => kind === 'namespace');
  const made = await batch(
    undefined,
    fresh.map(({ add }) => add),
  );
  if (!made.ok) return made;
  return await each(fresh, async ({ namespace }) => await setSysctls(namespace, desired.sysctls.get(namespace) ?? []));
}

/** The table is made anew in one transaction; a gateway is closed before it is open. */
async function loadGateways(rules: ReadonlyMap<string, string>): Promise<Result<void>> {
  return await each([...rules], async ([namespace, text]) => {
    const lines = ['add table inet gateway', 'delete table inet gateway', text];
    return settled('nft', await runProgram(['ip', 'netns', 'exec', namespace, 'nft', '-f', '-'], lines));
  });
}

async function fillNamespaces(things: readonly Thing[]): Promise<Result<void>> {
  const inside = things.filter(({ kind }) => kind !== 'namespace' && kind !== 'link');
  return await each([...Map.groupBy(inside, ({ namespace }) => namespace)], async ([namespace, own]) => {
    for (const family of [undefined, 'ipv6'] as const) {
      const lines = own.filter((thing) => thing.family === family).map(({ add }) => add);
      const done = await batch(namespace, lines, family);
      if (!done.ok) return done;
    }
    return ok(undefined);
  });
}

/** So many programs run at once: more would only wait for the kernel's one lock. */
const AT_ONCE = 4;

async function each<T>(items: readonly T[], act: (item: T) => Promise<Result<void>>): Promise<Result<void>> {
  const waiting = [...items];
  let refused: Result<void> = ok(undefined);
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && refused.ok; item = waiting.shift()) {
      const done = await act(item);
      if (!done.ok) refused = done;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return refused;
}

function command(
  namespace: string | undefined,
  family: 'ipv6' | undefined,
  args: readonly string[],
): readonly string[] {
  return [
    'ip',
    ...(family === undefined ? [] : ['-6']),
    ...(namespace === undefined ? [] : ['-netns', namespace]),
    ...args,
  ];
}

async function batch(namespace: string | undefined, lines: readonly string[], family?: 'ipv6'): Promise<Result<void>> {
  if (lines.length === 0) return ok(undefined);
  const done = await runProgram(command(namespace, family, ['-batch', '-']), lines);
  if (done.ok && done.value.code === 0) return ok(undefined);
  if (!done.ok) return fail(done.error.message);
  const place = /:(\d+)\s*$/u.exec(done.value.stderr.trim())?.[1];
  const line = place === undefined ? '' : ` (${lines[Number(place) - 1] ?? ''})`;
  return fail(`${refusal(`ip in ${namespace ?? 'the machine'}`, done.value)}${line}`);
}

function settled(what: string, ran: Awaited<ReturnType<typeof runProgram>>): Result<void> {
  if (!ran.ok) return fail(ran.error.message);
  return ran.value.code === 0 ? ok(undefined) : fail(refusal(what, ran.value));
}

function refusal(what: string, { stderr }: Ran): string {
  return `${what}: ${stderr.trim().split('\n').slice(0, 3).join(' ')}`;
}
