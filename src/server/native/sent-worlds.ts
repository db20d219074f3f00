import { fail, ok, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { readSent } from '../../formats/any-text.ts';
import { type Given, givenIn, isParameter } from '../../formats/cloudformation/parameters.ts';
import type { Export, Finding } from '../../formats/describe.ts';
import { overlayPlan } from '../../formats/terraform/overlay.ts';

/** Two worlds to compare, and what there is to say of the documents that they come from. */
export type SentWorlds = { readonly before: World; readonly after: World; readonly findings: readonly Finding[] };

const MEMBERS = ['before', 'after', 'plan', 'over', 'parameters'] as const;
type Sent = { readonly [M in (typeof MEMBERS)[number]]?: unknown };

const EXPECTED =
  'expected JSON: {"before": document, "after": document}, where one that is not there is the running world, or {"plan": document, "over": document}, where over is the running world if it is not there and null for the plan alone; "parameters": {"Name": "value"} for templates';

/** Reads two worlds out of a text; what is not sent is the running world. Errors: what is wrong, and where. */
export function readSentWorlds(text: string, running: World): Result<SentWorlds> {
  const sent = membersOf(text);
  if (!sent.ok) return sent;
  const { plan } = sent.value;
  if (plan !== undefined) return planWorlds(plan, sent.value, running);
  const { parameters } = sent.value;
  const given = parameters === undefined ? new Map<string, string>() : givenIn(parameters);
  if (given === undefined) return fail(EXPECTED);
  const before = sideOf('before', sent.value.before, { running, given });
  if (!before.ok) return before;
  const after = sideOf('after', sent.value.after, { running, given });
  if (!after.ok) return after;
  const templates = [before.value, after.value].flatMap((one) =>
    one.parameters === undefined ? [] : [one.parameters],
  );
  const known = new Set(templates.flat());
  const unused = [...given.keys()].find((name) => templates.length === 0 || !isParameter(name, known));
  if (unused !== undefined) return fail(`no template has a parameter ${JSON.stringify(unused.slice(0, 60))}`);
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
  const allowed: readonly string[] = isPlan ? ['plan', 'over'] : ['before', 'after', 'parameters'];
  return names.every((name) => name === 'parameters') || names.some((name) => !allowed.includes(name))
    ? fail(EXPECTED)
    : ok(sent);
}

type Around = { readonly running: World; readonly given?: Given };

function sideOf(name: string, document: unknown, { running, given }: Around): Result<Export> {
  if (document === undefined) return ok({ world: running, findings: [] });
  const read = readSent(document, name, given);
  return read.ok ? ok(read.value.after) : read;
}

function planWorlds(document: unknown, sent: Sent, running: World): Result<SentWorlds> {
  const read = readSent(document, 'plan');
  if (!read.ok) return read;
  const { plan } = read.value;
  if (plan === undefined) return fail('plan is no Terraform plan: send two worlds as before and after');
  if (sent.over === null)
    return ok({ before: plan.before.world, after: plan.after.world, findings: plan.findings.alone });
  const over = sideOf('over', sent.over, { running });
  if (!over.ok) return over;
  const laid = overlayPlan(over.value.world, plan);
  return ok({ ...laid, findings: [...over.value.findings, ...plan.findings.over] });
}
