import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Caller } from '../access/caller.ts';
import type { RequestContext } from '../access/conditions.ts';
import type { KeyRing, Principal } from '../access/keys.ts';
import { judge } from '../access/policy.ts';
import type { SignatureFault, Signer } from '../access/signature.ts';
import type { Refusal } from '../control/refusal.ts';
import type { HttpRequest } from '../http/exchange.ts';
import type { Input } from './decode.ts';
import { resourcesOf } from './resources.ts';

type Authenticate = (request: HttpRequest) => Result<Caller, Refusal>;

/** How a region is called: a realm's name stands in keys and ids, so it must be of this form. */
const REGION = /^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;

/** Believes requests that are signed by a key of the ring, and grants what its policies allow. `now` is in milliseconds. */
export function authenticateBySignature(setup: {
  readonly keys: KeyRing;
  readonly verify: (request: HttpRequest, nowSeconds: number) => Result<Signer, SignatureFault>;
  readonly now: () => number;
}): Authenticate {
  return (request) => {
    const signer = setup.verify(request, setup.now() / 1000);
    if (!signer.ok) return signer;
    const { accessKeyId, region, service } = signer.value;
    const principal = setup.keys.get(accessKeyId)?.principal;
    if (principal === undefined || !REGION.test(region) || (service !== 'ec2' && service !== 'sts'))
      return fail({
        code: 'SignatureDoesNotMatch',
        message: 'The credential scope must name a region, and the service ec2 or sts.',
        status: 403,
      });
    return ok({
      accountId: principal.accountId,
      arn: principal.arn,
      userId: principal.userId,
      region,
      service,
      mayDo: (action, input) => {
        const realm = { accountId: principal.accountId, region };
        const resources = resourcesOf(action.slice(action.indexOf(':') + 1), input, realm);
        const context = contextOf({ request, principal, region, now: setup.now() }, input);
        const judgement = judge(principal.policies, { action, resources, context });
        return judgement.isAllowed ? ok(undefined) : fail(judgement.reason);
      },
    });
  };
}

type Circumstances = {
  readonly request: HttpRequest;
  readonly principal: Principal;
  readonly region: string;
  readonly now: number;
};

/** What policies may ask about a request (IAM: global condition keys). */
function contextOf({ request, principal, region, now }: Circumstances, input: Input): RequestContext {
  const tags = tagsIn(input);
  return new Map<string, readonly string[]>([
    ['aws:currenttime', [new Date(now).toISOString()]],
    ['aws:epochtime', [String(Math.floor(now / 1000))]],
    ['aws:principalaccount', [principal.accountId]],
    ['aws:principalarn', [principal.arn]],
    ['aws:requestedregion', [region]],
    ['ec2:region', [region]],
    ['aws:securetransport', [String(request.isSecure)]],
    ['aws:sourceip', [request.remoteAddress]],
    ['aws:userid', [principal.userId]],
    ...(principal.userName === undefined ? [] : [['aws:username', [principal.userName]] as const]),
    ...tags.map(([key, value]) => [`aws:requesttag/${key.toLowerCase()}`, [value]] as const),
    ...(tags.length === 0 ? [] : [['aws:tagkeys', tags.map(([key]) => key)] as const]),
  ]);
}

/** The tags that a request gives: in its specifications, or as CreateTags has them. */
function tagsIn(input: Input): readonly (readonly [key: string, value: string])[] {
  const specified = listOf(input['TagSpecifications']).flatMap((one) => (isObject(one) ? listOf(one['Tags']) : []));
  return [...specified, ...listOf(input['Tags'])].flatMap((tag) =>
    isObject(tag) && typeof tag['Key'] === 'string'
      ? [[tag['Key'], typeof tag['Value'] === 'string' ? tag['Value'] : ''] as const]
      : [],
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/** Believes everybody: for a server that only its own machine can reach. The region is what the client says it signs for, else the given one. */
export function authenticateAnybody(accountId: string, defaultRegion: string): Authenticate {
  return (request) => {
    const text = `${request.headers.get('authorization') ?? ''} ${withSlashes(request.query)}`;
    const [, , region = defaultRegion, service = 'ec2'] =
      /Credential=[^/\s,&]{0,128}\/(\d{8})\/([a-z0-9-]{1,32})\/([a-z0-9]{1,16})\/aws4_request/.exec(text) ?? [];
    return ok({
      accountId,
      arn: `arn:aws:iam::${accountId}:root`,
      userId: accountId,
      region: REGION.test(region) ? region : defaultRegion,
      service: service === 'sts' ? 'sts' : 'ec2',
      mayDo: () => ok(undefined),
    });
  };
}

function withSlashes(query: string): string {
  return query.replaceAll(/%2f/gi, '/');
}
