// What a kernel does otherwise than the definition, and why: rows of "What differs" in docs/semantics/enforcement.md, each with the steps of
// cases that show it. A step that stands here must differ; every other step must not.

/** A row by its first cell, with the steps of a case, counted from 0. */
export type Departure = { readonly row: string; readonly steps: readonly number[] };

/** By case, where instances hang behind devices of a router. */
export const DEPARTURES: Readonly<Record<string, Departure>> = {
  'C22-nat': { row: 'ICMP errors about flows that NAT gateways carry, or that are untracked', steps: [1] },
  'C22-untracked': { row: 'ICMP errors about flows that NAT gateways carry, or that are untracked', steps: [4] },
  'C13-configured-single': { row: 'UDP timeouts', steps: [3] },
  'C14-two-ends': { row: 'two interfaces of one machine with different timeouts', steps: [3] },
  'C14-shortened': { row: 'a timeout that is changed', steps: [5] },
  'C15-open': {
    row: 'a SYN on the ports of a connection that is open, within ten seconds of being forgotten',
    steps: [6],
  },
  'C16-half': { row: "an ICMP question that only the sender's side admits", steps: [1] },
  'C18-peered-balancer': { row: 'a load balancer at the other end of a peering connection', steps: [4] },
  'C24-closed': { row: 'flows that an appliance forwards', steps: [5] },
  'M14-peered-middlebox': { row: 'references from a middlebox of a peered VPC or another host', steps: [0] },
};

const NOT_SEEN = 'at a machine that is the instance: flows through NAT or egress-only gateways, or with load balancers';

/** By case, where the machine is itself the instance. */
export const MACHINE_DEPARTURES: Readonly<Record<string, Departure>> = {
  'C22-nat': { row: 'ICMP errors about flows that NAT gateways carry, or that are untracked', steps: [1] },
  'C22-untracked': { row: 'ICMP errors about flows that NAT gateways carry, or that are untracked', steps: [4] },
  'C13-configured-single': { row: 'UDP timeouts', steps: [3] },
  'C14-shortened': { row: 'a timeout that is changed', steps: [5] },
  'C15-open': {
    row: 'a SYN on the ports of a connection that is open, within ten seconds of being forgotten',
    steps: [6],
  },
  'C18-peered-balancer': { row: 'a load balancer at the other end of a peering connection', steps: [4] },
  'N-beside': { row: 'at a machine that is the instance: what goes to a middlebox of its own subnet', steps: [0] },
  'C18-load-balancer': { row: NOT_SEEN, steps: [4, 5] },
  'C18-egress-only-closed': { row: NOT_SEEN, steps: [4] },
  'C18-nat-closed': { row: NOT_SEEN, steps: [4] },
};

const NO_LIMIT = 'connection tracking of the kernel has one limit for all, which is not the tests to lower';

/** Cases that no kernel can be asked, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  C19: NO_LIMIT,
  'C19-room': NO_LIMIT,
  'C19-untracked': NO_LIMIT,
  'C19-machine': NO_LIMIT,
  'C22-switch': 'a switch of the definition: rulesets are made for AWS as it is documented',
  G20: 'the limit of a NAT gateway, which is not the router',
  'C25-unknown': 'nothing is unknown to a kernel: groups that are not known admit nothing',
  G19: 'refused by the NAT gateway, before which no filter refuses anything',
  'G1-in': 'refused by the internet gateway: the packet comes to no router',
};

const NONE_MET = 'no packet comes to a machine that could know what the definition knows';

/** The same for machines that are instances themselves. */
export const MACHINE_LEFT_OUT: Readonly<Record<string, string>> = {
  ...LEFT_OUT,
  ...Object.fromEntries(
    ['C20', 'C24', 'C24-closed', 'F3', 'F3-sender', 'F8', 'F12', 'M14-peered-middlebox'].map((name) => [
      name,
      NONE_MET,
    ]),
  ),
};
