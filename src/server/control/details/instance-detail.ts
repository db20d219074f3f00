import type { Tags } from '../../../core/model/tag.ts';

/** What the API shows of an instance beyond what decides traffic. Times are ISO 8601. */
export type InstanceDetail = {
  readonly id: string;
  readonly reservationId: string;
  readonly launchIndex: number;
  readonly imageId: string;
  readonly instanceType: string;
  readonly keyName?: string;
  readonly launchTime: string;
};

/** A public key under a name; the private one is given out once and never kept. */
export type KeyPair = {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly type: 'rsa' | 'ed25519';
  readonly publicKey: string;
  readonly createTime: string;
  readonly tags: Tags;
};

export type LaunchTemplate = {
  readonly id: string;
  readonly name: string;
  readonly createTime: string;
  readonly createdBy: string;
  readonly defaultVersion: number;
  readonly latestVersion: number;
  readonly tags: Tags;
};

/** One version of a launch template: what RunInstances is given where the call itself says nothing. The id is `template/version`. */
export type LaunchTemplateVersion = {
  readonly id: string;
  readonly templateId: string;
  readonly version: number;
  readonly description?: string;
  readonly createTime: string;
  readonly createdBy: string;
  /** As the API gives it (`RequestLaunchTemplateData`), checked when it came. */
  readonly data: { readonly [member: string]: unknown };
};
