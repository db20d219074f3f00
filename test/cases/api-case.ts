import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import type { ApiCase, ApiStep } from './read-cases.ts';

type Saved = Map<string, string>;

/** Runs the calls of a case through a client; throws at the first answer that differs from what is expected. */
export async function runApiCase({ steps }: Pick<ApiCase, 'steps'>, client: ec2.EC2Client): Promise<void> {
  const saved: Saved = new Map();
  for (const [index, step] of steps.entries())
    await runStep(step, client, { saved, place: `step ${index + 1}, ${step.call}` });
}

type Run = { readonly saved: Saved; readonly place: string };
type AnyCommand = new (input: unknown) => ec2.DescribeVpcsCommand;

async function runStep(step: ApiStep, client: ec2.EC2Client, { saved, place }: Run): Promise<void> {
  const { [`${step.call}Command`]: command } = ec2 as unknown as { readonly [name: string]: AnyCommand | undefined };
  assert.ok(command !== undefined, `${place}: the SDK has no such call`);
  const outcome = await client.send(new command(filled(step.input, saved))).then(
    (answer) => ({ answer: answer as unknown, error: undefined }),
    (error: unknown) => ({ answer: undefined, error }),
  );
  if (step.error !== undefined) {
    assert.ok(outcome.error instanceof Error, `${place}: should have been refused with ${step.error.code}`);
    assert.equal(outcome.error.name, step.error.code, `${place}: ${outcome.error.message}`);
    if (step.error.message !== undefined) assert.equal(outcome.error.message, filled(step.error.message, saved), place);
    return;
  }
  if (outcome.error !== undefined)
    assert.fail(`${place}: ${outcome.error instanceof Error ? outcome.error.message : 'refused'}`);
  if (step.expect !== undefined) matches(outcome.answer, filled(step.expect, saved), place);
  for (const [name, path] of Object.entries(step.save ?? {})) {
    const value = path.split('.').reduce<unknown>(memberOf, outcome.answer);
    assert.ok(typeof value === 'string', `${place}: nothing to save at ${path}`);
    saved.set(name, value);
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as { readonly [name: string]: unknown })[name]
    : undefined;
}

/** The value with every `${name}` replaced by what was saved. */
function filled(value: unknown, saved: Saved): unknown {
  if (typeof value === 'string')
    return value.replaceAll(
      /\$\{(\w+)\}/g,
      (_, name: string) => saved.get(name) ?? assert.fail(`nothing was saved as ${name}`),
    );
  if (Array.isArray(value)) return value.map((one) => filled(one, saved));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, saved)]));
}

/** Whether what is expected is a part of the answer. */
function matches(actual: unknown, expected: unknown, place: string): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${place}: should be a list`);
    assert.equal(actual.length, expected.length, `${place}: ${JSON.stringify(actual)}`);
    for (const [index, one] of expected.entries()) matches(actual[index], one, `${place}.${index}`);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [name, one] of Object.entries(expected)) {
      const member = memberOf(actual, name);
      if (one === null) assert.equal(member, undefined, `${place}.${name}`);
      else matches(member, one, `${place}.${name}`);
    }
  } else {
    assert.equal(actual, expected, place);
  }
}
