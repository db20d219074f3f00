/** What the API shows of a VPC beyond what decides traffic. */
export type VpcDetail = {
  readonly id: string;
  readonly instanceTenancy: string;
  readonly enableDnsSupport: boolean;
  readonly enableDnsHostnames: boolean;
  readonly enableNetworkAddressUsageMetrics: boolean;
  /** Association ids by the text of the CIDR. */
  readonly cidrAssociations: { readonly [cidr: string]: string };
};

/** What the API shows of a subnet beyond what decides traffic. */
export type SubnetDetail = {
  readonly id: string;
  readonly ipv6Native: boolean;
  readonly enableDns64: boolean;
  readonly hostnameType: 'ip-name' | 'resource-name';
  readonly resourceNameDnsA: boolean;
  readonly resourceNameDnsAaaa: boolean;
  readonly isDefaultForZone: boolean;
  /** Association ids by the text of the IPv6 CIDR. */
  readonly cidrAssociations: { readonly [cidr: string]: string };
};
