import type { Result } from '../../core/net/result.ts';

/** Who calls, as GetCallerIdentity tells it. */
export type CallerIdentity = { readonly accountId: string; readonly arn: string; readonly userId: string };

/** Who signed a request, for which realm and service, and what its policies let it do. */
export type Caller = CallerIdentity & {
  readonly region: string;
  readonly service: 'ec2' | 'sts';
  /** Until when the proof is good, in milliseconds since 1970; undefined when it was for this request alone. */
  readonly validTo?: number;
  /** Whether the caller may; else why not, in words for a person. */
  readonly mayDo: (action: string, input: { readonly [member: string]: unknown }) => Result<void>;
};
