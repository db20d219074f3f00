import { fail, ok, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { readSent } from '../../formats/any-world.ts';
import type { Finding } from '../../formats/describe.ts';
import { overlayPlan } from '../../formats/terraform/overlay.ts';

/** Two worlds to compare, and what there is to say of the documents that they come from. */
export type SentWorlds = { readonly before: World; readonly after: World; readonly findings: readonly Finding[] };

const MEMBERS = ['before', 'after', 'plan', 'over'] as const;
type Sent = { readonly [M in (typeof MEMBERS)[number]]?: unknown };

const EXPECTED =
  'expected JSON: {"before": document, "after": document}, where one that is not there is the running world, or {"plan": document, "over": document}, where over is the running world if it is not there and null for the plan alone';

/** Reads two worlds out of a text; what is not sent is the running world. Errors: what is wrong, and where. */
export function readSentWorlds(text: string, running: World): Result<SentWorlds> {
  const sent = membersOf(text);
  if (!sent.ok) return sent;
  const { plan } = sent.value;
  if (plan !== undefined) return planWorlds(plan, sent.value, running);
  const before = sideOf('before', sent.value.before, running);
  if (!before.ok) return before;
  const after = sideOf('after', sent.value.after, running);
  if (!after.ok) return after;
  const findings = [...before.value.findings, ...after.value.findings];
  return ok({ before: before.value.world, after: after.value.world, findings });
}

function membersOf(text: string): Result<Sent> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail(EXPECTED);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return fail(EXPECTED);
  const sent: Sent = Object.fromEntries(Object.entries(document));
  const names = Object.keys(sent);
  const isPlan = sent.plan !== undefined;
  const allowed: readonly string[] = isPlan ? ['plan', 'over'] : ['before', 'after'];
  return names.length === 0 || names.some((name) => !allowed.includes(name)) ? fail(EXPECTED) : ok(sent);
}

type Side = { readonly world: World; readonly findings: readonly Finding[] };

function sideOf(name: string, document: unknown, running: World): Result<Side> {
  if (document === undefined) return ok({ world: running, findings: [] });
  const read = readSent(document, name);
  return read.ok ? ok(read.value.after) : read;
}

function planWorlds(document: unknown, sent: Sent, running: World): Result<SentWorlds> {
  const read = readSent(document, 'plan');
  if (!read.ok) return read;
  const { plan } = read.value;
  if (plan === undefined) return fail('plan is no Terraform plan: send two worlds as before and after');
  if (sent.over === null)
    return ok({ before: plan.before.world, after: plan.after.world, findings: plan.findings.alone });
  const over = sideOf('over', sent.over, running);
  if (!over.ok) return over;
  const laid = overlayPlan(over.value.world, plan);
  return ok({ ...laid, findings: [...over.value.findings, ...plan.findings.over] });
}
