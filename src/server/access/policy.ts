import { fail, ok, type Result } from '../../core/net/result.ts';
import { type Condition, conditionOf, type RequestContext } from './conditions.ts';
import { arnMatches, arnParts, globMatches } from './glob.ts';

/** What a request wants to do: `ec2:CreateVpc`, on the ARNs of what it touches (`*` for reading), in a context. */
export type Wish = {
  readonly action: string;
  readonly resources: readonly string[];
  readonly context: RequestContext;
};

type Statement = {
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  readonly coversAction: (action: string) => boolean;
  readonly coversResource: (resource: string) => boolean;
  readonly conditions: readonly Condition[];
};

/** A policy document, read and checked. */
export type Policy = { readonly statements: readonly Statement[] };

/** Whether a wish is granted; else by which statement it is denied, or that none allows it. */
export type Judgement = { readonly isAllowed: true } | { readonly isAllowed: false; readonly reason: string };

/** Bounds of a document: far above IAM's own (6,144 characters), far below what takes time. */
const MOST = { statements: 500, values: 500, text: 2048 } as const;

/**
 * Decides as IAM does: a statement that denies decides, else one that allows must cover each resource, else the wish is refused
 * (IAM: policy evaluation logic).
 */
export function judge(policies: readonly Policy[], wish: Wish): Judgement {
  const applying = policies
    .flatMap(({ statements }) => statements)
    .filter(
      ({ coversAction, conditions }) =>
        coversAction(wish.action) && conditions.every((condition) => condition(wish.context)),
    );
  for (const resource of wish.resources) {
    const covering = applying.filter(({ coversResource }) => coversResource(resource));
    const denial = covering.find(({ effect }) => effect === 'Deny');
    if (denial !== undefined) return { isAllowed: false, reason: `${denial.name} denies it on ${resource}` };
    if (covering.length === 0) return { isAllowed: false, reason: `no statement allows it on ${resource}` };
  }
  return { isAllowed: true };
}

/** A policy in IAM's JSON, already parsed as JSON. What this evaluator does not know is refused, with its place. */
export function policyOf(document: unknown): Result<Policy> {
  if (!isObject(document)) return fail('a policy must be a JSON object');
  const stranger = Object.keys(document).find((key) => !['Version', 'Id', 'Statement'].includes(key));
  if (stranger !== undefined) return fail(`the policy element '${stranger}' is not supported`);
  const version = document['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17')
    return fail("the policy's Version must be 2012-10-17");
  const { Statement: given } = document as { readonly Statement?: unknown };
  const list: readonly unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (list.length === 0) return fail('a policy needs a Statement');
  if (list.length > MOST.statements) return fail(`a policy has at most ${MOST.statements} statements`);
  const statements: Statement[] = [];
  for (const [index, one] of list.entries()) {
    const statement = statementOf(one, `Statement[${index}]`);
    if (!statement.ok) return fail(`Statement[${index}]: ${statement.error}`);
    statements.push(statement.value);
  }
  return ok({ statements });
}

const ELEMENTS: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

function statementOf(given: unknown, place: string): Result<Statement> {
  if (!isObject(given)) return fail('a statement must be a JSON object');
  const stranger = Object.keys(given).find((key) => !ELEMENTS.has(key));
  if (stranger !== undefined) return fail(`the element '${stranger}' is not supported`);
  const { Sid: sid, Effect: effect } = given as { readonly Sid?: unknown; readonly Effect?: unknown };
  if (sid !== undefined && typeof sid !== 'string') return fail('Sid must be text');
  if (effect !== 'Allow' && effect !== 'Deny') return fail('Effect must be Allow or Deny');
  const actions = eitherOf(given, ['Action', 'NotAction'], actionFault);
  if (!actions.ok) return actions;
  const resources = eitherOf(given, ['Resource', 'NotResource'], resourceFault);
  if (!resources.ok) return resources;
  const conditions = conditionsOf(given['Condition']);
  if (!conditions.ok) return conditions;
  const lower = actions.value.patterns.map((pattern) => pattern.toLowerCase());
  return ok({
    name: sid === undefined || sid === '' ? place : `the statement '${sid}'`,
    effect,
    coversAction: (action) =>
      lower.some((pattern) => globMatches(pattern, action.toLowerCase())) !== actions.value.isNegative,
    coversResource: (resource) =>
      resources.value.patterns.some((pattern) => arnMatches(pattern, resource)) !== resources.value.isNegative,
    conditions: conditions.value,
  });
}

type Either = { readonly patterns: readonly string[]; readonly isNegative: boolean };
type JsonObject = { readonly [key: string]: unknown };

/** Exactly one of an element and its negation, as a list of patterns. */
function eitherOf(
  given: JsonObject,
  [positive, negative]: readonly [string, string],
  faultOf: (pattern: string) => string | undefined,
): Result<Either> {
  const isNegative = Object.hasOwn(given, negative);
  if (isNegative === Object.hasOwn(given, positive))
    return fail(`exactly one of ${positive} and ${negative} must be there`);
  const name = isNegative ? negative : positive;
  const patterns = textsOf(given[name]);
  if (patterns === undefined) return fail(`${name} must be text or a list of texts`);
  for (const pattern of patterns) {
    const fault = pattern.includes('${') ? `policy variables are not supported: '${pattern}'` : faultOf(pattern);
    if (fault !== undefined) return fail(`${name}: ${fault}`);
  }
  return ok({ patterns, isNegative });
}

function actionFault(pattern: string): string | undefined {
  return pattern === '*' || /^[a-z0-9-]+:[a-z0-9*?]+$/i.test(pattern)
    ? undefined
    : `'${pattern}' is no action, as ec2:CreateVpc is`;
}

function resourceFault(pattern: string): string | undefined {
  return pattern === '*' || (arnParts(pattern).length === 6 && pattern.startsWith('arn:'))
    ? undefined
    : `'${pattern}' is no ARN`;
}

function conditionsOf(given: unknown): Result<readonly Condition[]> {
  if (given === undefined) return ok([]);
  if (!isObject(given)) return fail('Condition must be a JSON object');
  const conditions: Condition[] = [];
  for (const [operator, block] of Object.entries(given)) {
    if (!isObject(block)) return fail(`Condition.${operator} must be a JSON object`);
    for (const [key, value] of Object.entries(block)) {
      const values = textsOf(value);
      if (values === undefined) return fail(`Condition.${operator}.${key} must be text or a list of texts`);
      const condition = conditionOf(operator, key, values);
      if (!condition.ok) return fail(`Condition: ${condition.error}`);
      conditions.push(condition.value);
    }
  }
  return ok(conditions);
}

/** Text, a number or a truth value, or a list of them, as texts; undefined for anything else, an empty list, or too much. */
function textsOf(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MOST.values) return undefined;
  const texts = list.filter((one) => ['string', 'number', 'boolean'].includes(typeof one)).map(String);
  return texts.length === list.length && texts.every(({ length }) => length <= MOST.text) ? texts : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
