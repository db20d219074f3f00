import type * as ec2 from '@aws-sdk/client-ec2';
import type { GetCallerIdentityCommandOutput } from '@aws-sdk/client-sts';
import type { CommandImpl } from '@smithy/core/client';
import type { Result } from '../../core/net/result.ts';
import type { CallerIdentity } from '../access/caller.ts';
import type { Draft } from '../control/draft.ts';
import type { Env } from '../control/env.ts';
import type { Refusal } from '../control/refusal.ts';

type Sdk = typeof ec2;

/** The SDK keeps the types of what goes in and comes out in the class of each command. */
type Types<C> = C extends new (
  ...given: never
) => CommandImpl<
  infer I extends ec2.ServiceInputTypes,
  infer O extends ec2.ServiceOutputTypes,
  ec2.EC2ClientResolvedConfig,
  ec2.ServiceInputTypes,
  ec2.ServiceOutputTypes
>
  ? { readonly input: I; readonly output: Omit<O, '$metadata'> }
  : never;

type Identity = { readonly input: object; readonly output: Omit<GetCallerIdentityCommandOutput, '$metadata'> };

/** The name of every operation of the SDK; STS has one. */
export type OperationName =
  | (keyof Sdk extends infer K ? (K extends `${infer Name}Command` ? Name : never) : never)
  | 'GetCallerIdentity';
type TypesOf<N extends OperationName> = N extends 'GetCallerIdentity'
  ? Identity
  : `${N}Command` extends keyof Sdk
    ? Types<Sdk[`${N}Command`]>
    : never;

/** What an action has beside its input. */
export type Call = { readonly draft: Draft; readonly env: Env; readonly caller: CallerIdentity };

/** An action: it reads and writes the draft, and answers in the SDK's shapes. Names that begin with Describe or Get write nothing. */
export type Action<N extends OperationName> = (
  input: TypesOf<N>['input'],
  call: Call,
) => Result<TypesOf<N>['output'], Refusal>;

/** Actions by the names of AWS; an area of the API has one such object. */
export type Actions = { readonly [N in OperationName]?: Action<N> };
