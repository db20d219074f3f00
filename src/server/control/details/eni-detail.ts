/** What the API shows of an ENI beyond what decides traffic. Times are ISO 8601. */
export type EniDetail = {
  readonly id: string;
  readonly macAddress: string;
  /** Whether a service of AWS's made it for somebody: users may not change it. */
  readonly requesterManaged: boolean;
  readonly deleteOnTermination: boolean;
  readonly attachTime?: string;
  /** Whether its first IPv6 address stays its own for life (API EnablePrimaryIpv6). */
  readonly hasPrimaryIpv6?: true;
};
