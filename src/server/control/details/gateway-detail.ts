/** What the API shows of a NAT gateway beyond what decides traffic. Times are ISO 8601. */
export type NatDetail = { readonly id: string; readonly createTime: string; readonly deleteTime?: string };

/** What the API shows of a peering connection beyond what decides traffic. */
export type PeeringDetail = {
  readonly id: string;
  readonly expirationTime?: string;
  readonly statusMessage: string;
  /** Whether a side resolves the other's public names to private addresses; off when absent. */
  readonly requesterDns?: boolean;
  readonly accepterDns?: boolean;
};
