/** What the API shows of an ENI beyond what decides traffic. Times are ISO 8601. */
export type EniDetail = {
  readonly id: string;
  readonly macAddress: string;
  readonly requesterManaged: boolean;
  readonly deleteOnTermination: boolean;
  readonly attachTime?: string;
};
