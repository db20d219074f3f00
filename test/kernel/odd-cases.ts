// Cases of odd frames as data: what a sends, and what of it may get anywhere.
import { datagram, ethernet, fragment, message, narrow, opening, options, routing, wide } from './odd-frames.ts';
import { ROUTER_MAC } from './wire.ts';

/** a may open TCP to port 80 of b, in both families, and nothing else; c admits everybody. */
export const A = '10.0.1.10';
export const B = '10.0.1.11';
export const C = '10.0.2.12';
export const A6 = '2001:db8:0:1::10';
export const B6 = '2001:db8:0:1::11';
export const C6 = '2001:db8:0:2::12';
const [A_MAC, B_MAC] = ['02:00:00:00:00:00', '02:00:00:00:00:01'] as const;

/** What the host has for itself: the router and the resolver of the VPC, the metadata service, an address of its own. */
export const HOST = ['10.0.1.1', '10.0.0.2', '169.254.169.254', '192.0.2.1'] as const;
export const HOST6 = ['2001:db8:0:1::1', 'fd00:ec2::254', '2001:db8:ffff::1'] as const;

/** Where a frame may get to: the device of another interface, or the host, which answers; nowhere when empty. */
export type Reached = 'e1' | 'e2' | 'host';

export type OddCase = {
  readonly name: string;
  /** The frames, each with the number in its trailer. */
  readonly frames: (number: number, sport: number) => readonly Buffer[];
  readonly reaches: readonly Reached[];
};

type Ports = { readonly sport: number; readonly dport: number };

function frame4(payload: Buffer, of: { readonly to?: string; readonly from?: string } = {}): Buffer {
  return ethernet({ to: of.to ?? ROUTER_MAC, from: of.from ?? A_MAC, type: 0x0800 }, payload);
}

function frame6(payload: Buffer, of: { readonly to?: string; readonly from?: string } = {}): Buffer {
  return ethernet({ to: of.to ?? ROUTER_MAC, from: of.from ?? A_MAC, type: 0x86dd }, payload);
}

function tcp4(number: number, of: Ports & { readonly to: string; readonly from?: string }, flags?: number): Buffer {
  const from = of.from ?? A;
  return narrow({ from, to: of.to, protocol: 6 }, opening(number, { ...of, from }, flags));
}

/** One packet in pieces: where each is cut from, and how long it is. */
function pieces4(
  segment: Buffer,
  of: {
    readonly to: string;
    readonly id: number;
    readonly cuts: readonly (readonly [offset: number, length: number])[];
  },
): readonly Buffer[] {
  return of.cuts.map(([offset, length]) =>
    frame4(
      narrow(
        { from: A, to: of.to, protocol: 6, id: of.id, offset, more: offset + length < segment.length },
        segment.subarray(offset, offset + length),
      ),
    ),
  );
}

function pieces6(
  segment: Buffer,
  of: {
    readonly to: string;
    readonly id: number;
    readonly cuts: readonly (readonly [offset: number, length: number])[];
  },
): readonly Buffer[] {
  return of.cuts.map(([offset, length]) => {
    const more = offset + length < segment.length;
    return frame6(
      wide(
        { from: A6, to: of.to, next: 44 },
        Buffer.concat([fragment(6, { offset, more, id: of.id }), segment.subarray(offset, offset + length)]),
      ),
    );
  });
}

const WHOLE = [
  [0, 24],
  [24, 16],
] as const;
const TINY = [
  [0, 8],
  [8, 32],
] as const;
const BACKWARDS = [
  [24, 16],
  [0, 24],
] as const;

function segment4(number: number, to: string, ports: Ports): Buffer {
  return opening(number, { from: A, to, ...ports });
}

function segment6(number: number, to: string, ports: Ports): Buffer {
  return opening(number, { from: A6, to, ...ports });
}

/** The piece that others overlap, with other ports than the rest has. */
function overlapping4(number: number, sport: number, order: 'good first' | 'bad first'): readonly Buffer[] {
  const [good, bad] = [80, 22].map((dport) => segment4(number, B, { sport, dport }));
  if (good === undefined || bad === undefined) return [];
  const [first, second] = order === 'good first' ? [good, bad] : [bad, good];
  return [
    ...pieces4(first, { to: B, id: number, cuts: [[0, 24]] }),
    ...pieces4(second, { to: B, id: number, cuts: [[0, 16]] }),
    ...pieces4(first, { to: B, id: number, cuts: [[24, 16]] }),
  ];
}

const FRAGMENTS: readonly OddCase[] = [
  {
    name: 'IPv4 in two pieces, allowed',
    frames: (number, sport) => pieces4(segment4(number, B, { sport, dport: 80 }), { to: B, id: number, cuts: WHOLE }),
    reaches: ['e1'],
  },
  {
    name: 'IPv4 in two pieces, the last one first, allowed',
    frames: (number, sport) =>
      pieces4(segment4(number, B, { sport, dport: 80 }), { to: B, id: number, cuts: BACKWARDS }),
    reaches: ['e1'],
  },
  ...([WHOLE, TINY, BACKWARDS] as const).map((cuts, index): OddCase => ({
    name: `IPv4 in two pieces, ${['whole header', 'tiny first piece', 'last one first'][index] ?? ''}, to another port`,
    frames: (number, sport) => pieces4(segment4(number, B, { sport, dport: 22 }), { to: B, id: number, cuts }),
    reaches: [],
  })),
  {
    name: 'IPv4, a last piece without a first',
    frames: (number, sport) =>
      pieces4(segment4(number, B, { sport, dport: 80 }), { to: B, id: number, cuts: [[24, 16]] }),
    reaches: [],
  },
  {
    name: 'IPv4, a first piece without a last',
    frames: (number, sport) =>
      pieces4(segment4(number, B, { sport, dport: 80 }), { to: B, id: number, cuts: [[0, 32]] }),
    reaches: [],
  },
  ...(['good first', 'bad first'] as const).map((order): OddCase => ({
    name: `IPv4, pieces that overlap with other ports, ${order}`,
    frames: (number, sport) => overlapping4(number, sport, order),
    // Linux takes the piece that lies within another for the same sent twice: the first one counts.
    reaches: order === 'good first' ? ['e1'] : [],
  })),
  {
    name: 'IPv4 in two pieces to an interface that no rule of the sender names',
    frames: (number, sport) => pieces4(segment4(number, C, { sport, dport: 80 }), { to: C, id: number, cuts: WHOLE }),
    reaches: [],
  },
  {
    name: 'IPv6 in two pieces, allowed',
    frames: (number, sport) => pieces6(segment6(number, B6, { sport, dport: 80 }), { to: B6, id: number, cuts: WHOLE }),
    reaches: ['e1'],
  },
  ...([WHOLE, TINY, BACKWARDS] as const).map((cuts, index): OddCase => ({
    name: `IPv6 in two pieces, ${['whole header', 'tiny first piece', 'last one first'][index] ?? ''}, to another port`,
    frames: (number, sport) => pieces6(segment6(number, B6, { sport, dport: 22 }), { to: B6, id: number, cuts }),
    reaches: [],
  })),
  {
    name: 'IPv6, the only piece of a packet (RFC 6946), allowed',
    frames: (number, sport) =>
      pieces6(segment6(number, B6, { sport, dport: 80 }), { to: B6, id: number, cuts: [[0, 40]] }),
    reaches: ['e1'],
  },
  {
    name: 'IPv6, the only piece of a packet, to another port',
    frames: (number, sport) =>
      pieces6(segment6(number, B6, { sport, dport: 22 }), { to: B6, id: number, cuts: [[0, 40]] }),
    reaches: [],
  },
  {
    name: 'IPv6, a last piece without a first',
    frames: (number, sport) =>
      pieces6(segment6(number, B6, { sport, dport: 80 }), { to: B6, id: number, cuts: [[24, 16]] }),
    reaches: [],
  },
];

/** The headers between that of IPv6 and the segment. */
function extended(to: string, dport: number, of: readonly [first: number, headers: Buffer]): OddCase['frames'] {
  const [next, headers] = of;
  return (number, sport) => [
    frame6(wide({ from: A6, to, next }, Buffer.concat([headers, segment6(number, to, { sport, dport })]))),
  ];
}

const EXTENSIONS: readonly (readonly [string, readonly [number, Buffer]])[] = [
  ['options for each hop', [0, options(6)]],
  ['options for the destination', [60, options(6)]],
  ['a routing header of type 0', [43, routing(6, 0, C6)]],
  ['a routing header of type 4', [43, routing(6, 4, C6)]],
  ['several headers', [0, Buffer.concat([options(60), options(6)])]],
];

const HEADERS: readonly OddCase[] = [
  ...EXTENSIONS.map(([name, of]): OddCase => ({
    name: `IPv6 with ${name}, allowed`,
    frames: extended(B6, 80, of),
    reaches: ['e1'],
  })),
  ...EXTENSIONS.flatMap(([name, of]): readonly OddCase[] => [
    { name: `IPv6 with ${name}, to another port`, frames: extended(B6, 22, of), reaches: [] },
    { name: `IPv6 with ${name}, to another interface`, frames: extended(C6, 80, of), reaches: [] },
    { name: `IPv6 with ${name}, to the host`, frames: extended('2001:db8:ffff::1', 22, of), reaches: [] },
    { name: `IPv6 with ${name}, to the router`, frames: extended('2001:db8:0:1::1', 22, of), reaches: [] },
  ]),
  {
    name: 'IPv6 with no next header, and a segment behind it',
    frames: extended(B6, 80, [59, Buffer.alloc(0)]),
    reaches: [],
  },
  {
    name: 'IPv6 with options that say no next header, and a segment behind them',
    frames: extended(B6, 80, [60, options(59)]),
    reaches: [],
  },
  {
    name: 'IPv6 of which the segment is cut off in its ports',
    frames: (number, sport) => [
      frame6(wide({ from: A6, to: B6, next: 6 }, segment6(number, B6, { sport, dport: 80 }).subarray(0, 3))),
    ],
    reaches: [],
  },
  {
    name: 'IPv4 of which the segment is cut off in its ports',
    frames: (number, sport) => [
      frame4(narrow({ from: A, to: B, protocol: 6 }, segment4(number, B, { sport, dport: 80 }).subarray(0, 3))),
    ],
    reaches: [],
  },
  {
    name: 'IPv4 with options that mean nothing, allowed',
    frames: (number, sport) => [
      frame4(narrow({ from: A, to: B, protocol: 6, options: [1, 1, 1, 1] }, segment4(number, B, { sport, dport: 80 }))),
    ],
    reaches: ['e1'],
  },
  {
    name: 'IPv4 that records its route, to another port',
    frames: (number, sport) => [
      frame4(
        narrow(
          { from: A, to: B, protocol: 6, options: [7, 7, 4, 0, 0, 0, 0] },
          segment4(number, B, { sport, dport: 22 }),
        ),
      ),
    ],
    reaches: [],
  },
  ...([131, 137] as const).flatMap((option): readonly OddCase[] => [
    {
      name: `IPv4 routed by its sender (${option}) to another interface over the router`,
      frames: (number, sport) => [
        frame4(
          narrow(
            { from: A, to: '10.0.1.1', protocol: 6, options: [option, 7, 4, 10, 0, 2, 12] },
            segment4(number, C, { sport, dport: 80 }),
          ),
        ),
      ],
      reaches: [],
    },
    {
      name: `IPv4 routed by its sender (${option}) over b to c`,
      frames: (number, sport) => [
        frame4(
          narrow(
            { from: A, to: B, protocol: 6, options: [option, 7, 4, 10, 0, 2, 12] },
            segment4(number, C, { sport, dport: 22 }),
          ),
        ),
      ],
      reaches: [],
    },
  ]),
  {
    name: 'IPv4 in a frame that says IPv6',
    frames: (number, sport) => [frame6(tcp4(number, { to: B, sport, dport: 80 }))],
    reaches: [],
  },
  {
    name: 'IPv6 in a frame that says IPv4',
    frames: (number, sport) => [
      frame4(wide({ from: A6, to: B6, next: 6 }, segment6(number, B6, { sport, dport: 80 }))),
    ],
    reaches: [],
  },
  {
    name: 'IPv4 of version 5',
    frames: (number, sport) => [
      frame4(narrow({ from: A, to: B, protocol: 6, version: 5 }, segment4(number, B, { sport, dport: 80 }))),
    ],
    reaches: [],
  },
  ...([0x8847, 0x8864, 0x88b5, 0x0000, 0x0600] as const).map((type): OddCase => ({
    name: `IPv4 in a frame of the type 0x${type.toString(16)}`,
    frames: (number, sport) => [
      ethernet({ to: ROUTER_MAC, from: A_MAC, type }, tcp4(number, { to: C, sport, dport: 80 })),
    ],
    reaches: [],
  })),
  ...([4, 41, 47, 50, 51, 132, 136, 255] as const).map((protocol): OddCase => ({
    name: `the protocol ${protocol} with a segment in it`,
    frames: (number, sport) => [
      frame4(narrow({ from: A, to: B, protocol }, tcp4(number, { to: C, sport, dport: 80 }))),
      frame4(narrow({ from: A, to: '192.0.2.1', protocol }, tcp4(number, { to: C, sport, dport: 80 }))),
      frame4(narrow({ from: A, to: '10.0.1.1', protocol }, tcp4(number, { to: C, sport, dport: 80 }))),
    ],
    reaches: [],
  })),
];

const TAGS: readonly (readonly [string, readonly (readonly [number, number])[]])[] = [
  ['a VLAN', [[0x8100, 7]]],
  ['no VLAN, tagged (802.1p)', [[0x8100, 0]]],
  ['a VLAN of a provider', [[0x88a8, 7]]],
  [
    'a VLAN in a VLAN',
    [
      [0x88a8, 7],
      [0x8100, 8],
    ],
  ],
  [
    'a VLAN in none',
    [
      [0x8100, 0],
      [0x8100, 8],
    ],
  ],
  [
    'none in none',
    [
      [0x8100, 0],
      [0x8100, 0],
    ],
  ],
];

const ETHERNET: readonly OddCase[] = [
  ...TAGS.map(([name, tags]): OddCase => ({
    name: `in ${name}, to another port and another interface`,
    frames: (number, sport) => [
      ethernet({ to: ROUTER_MAC, from: A_MAC, type: 0x0800, tags }, tcp4(number, { to: B, sport, dport: 22 })),
      ethernet({ to: ROUTER_MAC, from: A_MAC, type: 0x0800, tags }, tcp4(number, { to: C, sport, dport: 80 })),
      ethernet({ to: ROUTER_MAC, from: B_MAC, type: 0x0800, tags }, tcp4(number, { to: C, from: B, sport, dport: 80 })),
    ],
    reaches: [],
  })),
  {
    name: 'from the hardware address of another',
    frames: (number, sport) => [frame4(tcp4(number, { to: B, sport, dport: 80 }), { from: B_MAC })],
    reaches: [],
  },
  {
    name: 'from a hardware address of a group',
    frames: (number, sport) => [frame4(tcp4(number, { to: B, sport, dport: 80 }), { from: '03:00:00:00:00:00' })],
    reaches: [],
  },
  ...(['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', B_MAC] as const).map((to): OddCase => ({
    name: `to ${to}, with the address of another`,
    frames: (number, sport) => [
      frame4(tcp4(number, { to: B, sport, dport: 80 }), { to }),
      frame4(tcp4(number, { to: C, sport, dport: 80 }), { to }),
    ],
    reaches: [],
  })),
];

const MARTIANS = ['127.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '10.0.1.1', '192.0.2.1', '169.254.1.1', B];
const MARTIANS6 = ['::1', '::', 'ff02::1', 'fe80::1', 'fe80::99', '::ffff:10.0.1.10', '2001:db8:0:1::1', B6];

const ADDRESSES: readonly OddCase[] = [
  ...MARTIANS.map((from): OddCase => ({
    name: `from ${from}`,
    frames: (number, sport) => [
      frame4(tcp4(number, { to: B, from, sport, dport: 80 })),
      frame4(tcp4(number, { to: C, from, sport, dport: 80 })),
      frame4(tcp4(number, { to: '10.0.1.1', from, sport, dport: 53 })),
    ],
    reaches: [],
  })),
  ...MARTIANS6.map((from): OddCase => ({
    name: `from ${from}`,
    frames: (number, sport) =>
      [B6, C6, '2001:db8:0:1::1'].map((to) =>
        frame6(wide({ from, to, next: 6 }, opening(number, { from, to, sport, dport: 80 }))),
      ),
    reaches: [],
  })),
  ...['127.0.0.1', '127.0.0.53', '10.0.1.255', '10.0.1.0', '224.0.0.1', '224.0.0.251', '0.0.0.0', '10.0.2.255'].map(
    (to): OddCase => ({
      name: `to ${to}`,
      frames: (number, sport) => [
        frame4(tcp4(number, { to, sport, dport: 22 })),
        frame4(narrow({ from: A, to, protocol: 17 }, datagram(number, { from: A, to, sport, dport: 111 }))),
        frame4(narrow({ from: A, to, protocol: 1 }, message(number, { from: A, to }, { type: 8 })), {
          to: 'ff:ff:ff:ff:ff:ff',
        }),
      ],
      reaches: [],
    }),
  ),
  ...['::1', 'ff02::1', 'ff02::2', 'ff05::1', 'ff02::fb', 'fe80::1', 'fe80::99'].map((to): OddCase => ({
    name: `to ${to}`,
    frames: (number, sport) =>
      [A6, 'fe80::ff:fe00:0'].flatMap((from) => [
        frame6(wide({ from, to, next: 6 }, opening(number, { from, to, sport, dport: 22 }))),
        frame6(wide({ from, to, next: 17 }, datagram(number, { from, to, sport, dport: 111 }))),
        frame6(wide({ from, to, next: 58 }, message(number, { from, to }, { type: 128 }))),
      ]),
    reaches: [],
  })),
];

/** What the host has that is no business of a guest, though services of the VPC are at the same addresses. */
const SERVICES: readonly OddCase[] = [
  ...HOST.flatMap((to): readonly OddCase[] => [
    { name: `SSH at ${to}`, frames: (number, sport) => [frame4(tcp4(number, { to, sport, dport: 22 }))], reaches: [] },
    {
      name: `a port mapper at ${to}`,
      frames: (number, sport) => [
        frame4(narrow({ from: A, to, protocol: 17 }, datagram(number, { from: A, to, sport, dport: 111 }))),
      ],
      reaches: [],
    },
    {
      name: `the resolver at ${to}`,
      frames: (number, sport) => [
        frame4(narrow({ from: A, to, protocol: 17 }, datagram(number, { from: A, to, sport, dport: 53 }))),
      ],
      reaches: to === '192.0.2.1' ? [] : ['host'],
    },
    {
      name: `the metadata service at ${to}`,
      frames: (number, sport) => [frame4(tcp4(number, { to, sport, dport: 80 }))],
      reaches: to === '192.0.2.1' ? [] : ['host'],
    },
    {
      name: `an echo at ${to}`,
      frames: (number) => [frame4(narrow({ from: A, to, protocol: 1 }, message(number, { from: A, to }, { type: 8 })))],
      reaches: to === '192.0.2.1' ? [] : ['host'],
    },
    {
      name: `the time of day (ICMP) at ${to}`,
      frames: (number) => [
        frame4(
          narrow({ from: A, to, protocol: 1 }, message(number, { from: A, to }, { type: 13, body: Buffer.alloc(16) })),
        ),
      ],
      reaches: [],
    },
  ]),
  ...HOST6.flatMap((to): readonly OddCase[] => [
    {
      name: `SSH at ${to}`,
      frames: (number, sport) => [
        frame6(wide({ from: A6, to, next: 6 }, opening(number, { from: A6, to, sport, dport: 22 }))),
      ],
      reaches: [],
    },
    {
      name: `the metadata service at ${to}`,
      frames: (number, sport) => [
        frame6(wide({ from: A6, to, next: 6 }, opening(number, { from: A6, to, sport, dport: 80 }))),
      ],
      reaches: to === '2001:db8:ffff::1' ? [] : ['host'],
    },
    {
      name: `a port mapper at ${to}`,
      frames: (number, sport) => [
        frame6(wide({ from: A6, to, next: 17 }, datagram(number, { from: A6, to, sport, dport: 111 }))),
      ],
      reaches: [],
    },
  ]),
  {
    name: 'a broadcast to any port but that of DHCP',
    frames: (number, sport) => [
      frame4(
        narrow(
          { from: A, to: '255.255.255.255', protocol: 17 },
          datagram(number, { from: A, to: '255.255.255.255', sport, dport: 9999 }),
        ),
        { to: 'ff:ff:ff:ff:ff:ff' },
      ),
    ],
    reaches: [],
  },
];

const PLAIN: readonly OddCase[] = [
  {
    name: 'IPv4, allowed',
    frames: (number, sport) => [frame4(tcp4(number, { to: B, sport, dport: 80 }))],
    reaches: ['e1'],
  },
  {
    name: 'IPv4, to another port and another interface',
    frames: (number, sport) => [
      frame4(tcp4(number, { to: B, sport, dport: 22 })),
      frame4(tcp4(number, { to: C, sport, dport: 80 })),
    ],
    reaches: [],
  },
  ...[0x00, 0x01, 0x10, 0x12, 0x29, 0x3f, 0x03].map((flags): OddCase => ({
    name: `IPv4 with the TCP flags 0x${flags.toString(16)}, to another port`,
    frames: (number, sport) => [frame4(tcp4(number, { to: B, sport, dport: 22 }, flags))],
    reaches: [],
  })),
  ...([3, 4, 5, 11, 12] as const).map((type): OddCase => ({
    name: `an ICMP error of type ${type} about a flow of others`,
    frames: (number) => [
      frame4(
        narrow(
          { from: A, to: C, protocol: 1 },
          message(
            number,
            { from: A, to: C },
            {
              type,
              body: Buffer.concat([Buffer.alloc(4), tcp4(number, { from: C, to: B, sport: 80, dport: 80 })]),
            },
          ),
        ),
      ),
    ],
    reaches: [],
  })),
];

export const ODD_CASES: readonly OddCase[] = [
  ...PLAIN,
  ...FRAGMENTS,
  ...HEADERS,
  ...ETHERNET,
  ...ADDRESSES,
  ...SERVICES,
];
