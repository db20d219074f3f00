/** The compact world of cases/README.md, as JSON gives it. Names stand for ids; absent sections are empty. */
export type Compact = {
  readonly vpcs?: Section<{ readonly cidrs?: readonly string[]; readonly default?: boolean; readonly owner?: string }>;
  readonly subnets?: Section<{
    readonly vpc: string;
    readonly cidrs?: readonly string[];
    readonly acl?: string | null;
    readonly routeTable?: string | null;
  }>;
  readonly acls?: Section<CompactAcl>;
  readonly routeTables?: Section<CompactTable>;
  readonly internetGateways?: Section<CompactGateway>;
  readonly egressOnlyGateways?: Section<CompactGateway>;
  readonly natGateways?: Section<{
    readonly subnet: string;
    readonly private: string;
    readonly public?: string;
    /** Further addresses: `private` or `private public`. */
    readonly more?: readonly string[];
    readonly state?: string;
  }>;
  readonly peerings?: Section<{
    readonly requester: string;
    readonly accepter: string;
    readonly status?: string;
    readonly regions?: readonly string[];
  }>;
  readonly prefixLists?: Section<{
    readonly family: 'ipv4' | 'ipv6';
    readonly max?: number;
    readonly entries?: readonly string[] | null;
  }>;
  readonly groups?: Section<{
    readonly vpc: string;
    readonly name?: string;
    readonly ingress?: readonly string[];
    readonly egress?: readonly string[];
  }>;
  readonly groupVpcs?: readonly { readonly group: string; readonly vpc: string; readonly state?: string }[];
  readonly enis?: Section<CompactEni>;
  readonly instances?: Section<{ readonly state?: string }>;
  readonly missing?: readonly string[];
};

type Section<T> = { readonly [name: string]: T };

export type CompactAcl = {
  readonly vpc: string;
  readonly default?: boolean;
  readonly ingress?: readonly string[];
  readonly egress?: readonly string[];
};
export type CompactTable = { readonly vpc: string; readonly main?: boolean; readonly routes?: readonly string[] };
export type CompactGateway = { readonly vpc: string | null };
export type CompactEni = {
  readonly subnet: string;
  readonly addresses?: readonly string[];
  readonly groups?: readonly string[];
  readonly public?: { readonly [address: string]: string };
  readonly prefixes?: readonly string[];
  readonly sourceDestCheck?: boolean;
  readonly instance?: string;
  readonly device?: number;
  readonly type?: string;
  readonly timeouts?: { readonly tcpEstablished?: number; readonly udpStream?: number; readonly udp?: number };
};
