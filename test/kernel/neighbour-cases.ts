// What a guest says of addresses by ARP and neighbour discovery, as data, and what a host is to believe of it.
import { type ArpOf, textBytes } from './frame.ts';
import { discovery, options, whereabouts, wide } from './odd-frames.ts';

export const ROUTER: string = '10.0.1.1';
const OWN: string = '10.0.1.10';
const OTHER: string = '10.0.1.11';
const SECOND: string = '10.0.1.20';
export const MINE: string = '02:00:00:00:00:00';
export const THEIRS: string = '02:00:00:00:00:01';
const NOBODYS: string = '02:00:00:00:00:99';
const NOWHERE = '00:00:00:00:00:00';

export type Case = {
  readonly name: string;
  readonly says: Partial<ArpOf>;
  /** Whose neighbour the frame is about, and whether the host is to believe it with rules. */
  readonly about: string;
  readonly believed: boolean;
};

/** Frames of a at its own device. What is not said is the truth. */
export const ARP: readonly Case[] = [
  { name: 'asks for the router', says: {}, about: OWN, believed: true },
  { name: 'asks from its second address', says: { sender: SECOND }, about: SECOND, believed: true },
  { name: 'answers', says: { operation: 2 }, about: OWN, believed: true },
  { name: 'tells everybody unasked', says: { operation: 2, target: OWN }, about: OWN, believed: true },
  { name: 'asks in the name of another', says: { sender: OTHER }, about: OTHER, believed: false },
  { name: 'answers for another', says: { sender: OTHER, operation: 2 }, about: OTHER, believed: false },
  {
    name: 'tells everybody unasked of another',
    says: { sender: OTHER, target: OTHER, operation: 2 },
    about: OTHER,
    believed: false,
  },
  {
    name: 'asks for another as that one',
    says: { sender: OTHER, target: OTHER },
    about: OTHER,
    believed: false,
  },
  { name: 'asks in the name of a stranger', says: { sender: '203.0.113.9' }, about: '203.0.113.9', believed: false },
  {
    name: 'asks in the name of a service',
    says: { sender: '169.254.169.254' },
    about: '169.254.169.254',
    believed: false,
  },
  { name: 'says that it is where another is', says: { senderMac: THEIRS }, about: OWN, believed: false },
  { name: 'says that it is where nobody is', says: { senderMac: NOBODYS, operation: 2 }, about: OWN, believed: false },
  { name: 'speaks in the frame of another', says: { frameMac: THEIRS }, about: OWN, believed: false },
  {
    name: 'is another altogether',
    says: { frameMac: THEIRS, senderMac: THEIRS, sender: OTHER },
    about: OTHER,
    believed: false,
  },
];

export const CLAIM: ArpOf = {
  frameMac: MINE,
  operation: 1,
  senderMac: MINE,
  sender: OWN,
  targetMac: NOWHERE,
  target: ROUTER,
};

export const WIDE_OWN: string = '2001:db8:0:1::10';
export const WIDE_OTHER: string = '2001:db8:0:1::11';
export const LOCAL: string = 'fe80::ff:fe00:0';
export const ALL_NODES: string = 'ff02::1';
export const ROUTER6: string = 'fe80::1';

/** Where the host believes somebody to be before, where a case says that it knows of him. */
export const BEFORE: string = '02:00:00:00:00:77';

/** The same of neighbour discovery: whose whereabouts the frame tells, and what the host is to believe. */
export type WideCase = {
  readonly name: string;
  readonly packet: Buffer;
  readonly frameMac?: string;
  readonly about: string;
  /** The host has heard of him. */
  readonly isKnown?: true;
  readonly believed: string | undefined;
  /** It comes in, though there is nothing in it to be believed. */
  readonly isHeard?: true;
};

export type Options = readonly Buffer[];

function asks(from: string, ...said: Options): Buffer {
  return discovery({ from, to: ROUTER6 }, 135, [[0, 0, 0, 0], textBytes(ROUTER6), ...said]);
}

/** An advertisement that overrides what was known. */
export function tells(from: string, target: string, ...said: Options): Buffer {
  return discovery({ from, to: ALL_NODES }, 136, [[0x20, 0, 0, 0], textBytes(target), ...said]);
}

function seeksRouter(from: string, ...said: Options): Buffer {
  return discovery({ from, to: 'ff02::2' }, 133, [[0, 0, 0, 0], ...said]);
}

/** A message behind a header of options for its destination, which says nothing. */
function behindOptions(packet: Buffer): Buffer {
  const [from, to] = [packet.subarray(8, 24), packet.subarray(24, 40)].map((bytes) => bytes.toString('hex'));
  const ends = { from: grouped(from), to: grouped(to), next: 60, hops: 255 };
  return wide(ends, Buffer.concat([options(58), packet.subarray(40)]));
}

function grouped(digits = ''): string {
  return digits.replaceAll(/(.{4})(?=.)/gu, '$1:');
}

export const AT_HOME: Buffer = whereabouts(1, MINE);
export const NONCE: Buffer = Buffer.from([14, 1, 1, 2, 3, 4, 5, 6]);
export const CHOSEN: string = 'fe80::8d1:2c5f:77aa:901';
const SECOND_CHOICE: string = 'fe80::8d1:2c5f:77aa:902';

/** In this order: who has chosen an address of its own has done so for those that follow. */
export const DISCOVERY: readonly WideCase[] = [
  { name: 'asks for the router', packet: asks(WIDE_OWN, AT_HOME), about: WIDE_OWN, believed: MINE },
  { name: 'asks from its link-local address', packet: asks(LOCAL, AT_HOME), about: LOCAL, believed: MINE },
  { name: 'seeks a router', packet: seeksRouter(LOCAL, AT_HOME), about: LOCAL, believed: MINE },
  {
    name: 'asks and does not say where it is',
    packet: asks(WIDE_OWN),
    about: WIDE_OWN,
    believed: undefined,
    isHeard: true,
  },
  {
    name: 'tells of itself',
    packet: tells(WIDE_OWN, WIDE_OWN, whereabouts(2, MINE)),
    about: WIDE_OWN,
    isKnown: true,
    believed: MINE,
  },
  {
    name: 'tells of its link-local address',
    packet: tells(LOCAL, LOCAL, whereabouts(2, MINE)),
    about: LOCAL,
    isKnown: true,
    believed: MINE,
  },
  {
    name: 'asks from a link-local address of its choice',
    packet: asks(CHOSEN, AT_HOME),
    about: CHOSEN,
    believed: MINE,
  },
  { name: 'asks from it again', packet: asks(CHOSEN, AT_HOME), about: CHOSEN, believed: MINE },
  { name: 'asks from the first one still', packet: asks(LOCAL, AT_HOME), about: LOCAL, believed: MINE },
  {
    name: 'asks from one more',
    packet: asks(SECOND_CHOICE, AT_HOME),
    about: SECOND_CHOICE,
    believed: undefined,
  },
  {
    name: 'asks from a link-local address of another form',
    packet: asks('fe80:0:0:1::7', AT_HOME),
    about: 'fe80:0:0:1::7',
    believed: undefined,
  },
  { name: 'asks in the name of another', packet: asks(WIDE_OTHER, AT_HOME), about: WIDE_OTHER, believed: undefined },
  {
    name: 'asks in the name of a stranger',
    packet: asks('2001:db8:9::1', AT_HOME),
    about: '2001:db8:9::1',
    believed: undefined,
  },
  {
    name: 'asks in the frame of another',
    packet: asks(WIDE_OWN, whereabouts(1, THEIRS)),
    frameMac: THEIRS,
    about: WIDE_OWN,
    believed: undefined,
  },
  {
    name: 'is another altogether',
    packet: asks(WIDE_OTHER, whereabouts(1, THEIRS)),
    frameMac: THEIRS,
    about: WIDE_OTHER,
    believed: undefined,
  },
  {
    name: 'tells of another in its name',
    packet: tells(WIDE_OTHER, WIDE_OTHER, whereabouts(2, MINE)),
    about: WIDE_OTHER,
    isKnown: true,
    believed: BEFORE,
  },
  {
    name: 'tells of another in its own',
    packet: tells(WIDE_OWN, WIDE_OTHER, whereabouts(2, MINE)),
    about: WIDE_OTHER,
    isKnown: true,
    believed: BEFORE,
  },
  {
    name: 'tells of a stranger from its link-local address',
    packet: tells(LOCAL, '2001:db8:9::1', whereabouts(2, MINE)),
    about: '2001:db8:9::1',
    isKnown: true,
    believed: BEFORE,
  },
  ...[THEIRS, NOBODYS].flatMap((mac): readonly WideCase[] => [
    {
      name: `asks and says that it is at ${mac}`,
      packet: asks(WIDE_OWN, whereabouts(1, mac)),
      about: WIDE_OWN,
      believed: undefined,
    },
    {
      name: `asks from its link-local address and says that it is at ${mac}`,
      packet: asks(LOCAL, whereabouts(1, mac)),
      about: LOCAL,
      believed: undefined,
    },
    {
      name: `seeks a router and says that it is at ${mac}`,
      packet: seeksRouter(LOCAL, whereabouts(1, mac)),
      about: LOCAL,
      believed: undefined,
    },
    {
      name: `tells that it is at ${mac}`,
      packet: tells(WIDE_OWN, WIDE_OWN, whereabouts(2, mac)),
      about: WIDE_OWN,
      isKnown: true,
      believed: BEFORE,
    },
    {
      name: `says that it is at ${mac} behind another option`,
      packet: asks(WIDE_OWN, NONCE, whereabouts(1, mac)),
      about: WIDE_OWN,
      believed: undefined,
    },
    {
      name: `says that it is at ${mac} behind an option that means nothing there`,
      packet: asks(WIDE_OWN, whereabouts(2, MINE), whereabouts(1, mac)),
      about: WIDE_OWN,
      believed: undefined,
    },
    {
      name: `tells that it is at ${mac} behind an option that means nothing there`,
      packet: tells(WIDE_OWN, WIDE_OWN, whereabouts(1, MINE), whereabouts(2, mac)),
      about: WIDE_OWN,
      isKnown: true,
      believed: BEFORE,
    },
    {
      name: `says that it is at ${mac} behind a header of options`,
      packet: behindOptions(asks(WIDE_OWN, whereabouts(1, mac))),
      about: WIDE_OWN,
      believed: undefined,
    },
  ]),
  // Limits: truths in forms that systems do not send.
  {
    name: 'asks with one option more',
    packet: asks(WIDE_OWN, AT_HOME, NONCE),
    about: WIDE_OWN,
    believed: undefined,
  },
  {
    name: 'asks behind a header of options',
    packet: behindOptions(asks(WIDE_OWN, AT_HOME)),
    about: WIDE_OWN,
    believed: undefined,
  },
];
