import type { Tags } from '../../../core/model/tag.ts';

/** How an instance's metadata would be had (API InstanceMetadataOptionsResponse). */
export type MetadataOptions = {
  readonly httpTokens: 'optional' | 'required';
  readonly hopLimit: number;
  readonly httpEndpoint: 'enabled' | 'disabled';
  readonly ipv6: 'enabled' | 'disabled';
  readonly tags: 'enabled' | 'disabled';
};

/** How an instance is called (API PrivateDnsNameOptionsResponse). */
export type DnsOptions = {
  readonly hostnameType: 'ip-name' | 'resource-name';
  readonly a: boolean;
  readonly aaaa: boolean;
};

/** What the API shows of an instance beyond what decides traffic. Times are ISO 8601. */
export type InstanceDetail = {
  readonly id: string;
  readonly reservationId: string;
  readonly launchIndex: number;
  /** Absent where an instance came without. */
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly launchTime?: string;
  readonly keyName?: string;
  /** As it was given: base64. */
  readonly userData?: string;
  readonly profileArn?: string;
  readonly hasMonitoring: boolean;
  readonly isEbsOptimized: boolean;
  /** Burstable types alone have it. */
  readonly cpuCredits?: string;
  readonly disableApiTermination: boolean;
  readonly disableApiStop: boolean;
  readonly shutdownBehavior: 'stop' | 'terminate';
  readonly metadata: MetadataOptions;
  readonly dns: DnsOptions;
  /** Whether it gets a public address from the pool each time it starts. */
  readonly hasPublicAddress: boolean;
  /** Where it was, for when it has no interfaces any more. */
  readonly zone?: string;
  /** The root volume first. */
  readonly volumeIds: readonly string[];
  /** When a user last stopped or terminated it. */
  readonly endTime?: string;
  readonly clientToken?: string;
};

/** A volume; it holds nothing. Sizes in GiB. */
export type Volume = {
  readonly id: string;
  readonly size: number;
  readonly type: string;
  readonly iops?: number;
  /** MiB per second. */
  readonly throughput?: number;
  readonly isEncrypted: boolean;
  readonly kmsKeyId?: string;
  readonly zone?: string;
  readonly createTime: string;
  readonly attachment?: {
    readonly instanceId: string;
    readonly deviceName: string;
    readonly deleteOnTermination: boolean;
    readonly attachTime: string;
  };
  readonly tags: Tags;
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
  /** The number of the newest version ever made, where that one is deleted: numbers are not given again. */
  readonly lastVersion?: number;
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
