import { formatAddress, parseAddress } from '../core/net/address.ts';
import { parseCidr } from '../core/net/cidr.ts';
import { expectOk } from '../core/net/result.ts';
import { spanOf } from './address-keys.ts';
import { quote } from './device-sets.ts';
import type { Plan } from './plan.ts';
import { RAW_SETS, rawText } from './raw-fields.ts';
import type { Rule, Step, Value } from './ruleset.ts';
import { NEIGHBOUR_TYPES } from './start-chains.ts';
import { DROP, end, is, isIn, isOneOf, update } from './steps.ts';

const [ROUTER_SOLICITATION, NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT] = [133, 135, 136] as const;
const ICMPV6 = 58;
/** Discovery with any other hop limit has come from somewhere else, and nobody believes it (RFC 4861 7.1). */
const FROM_THE_LINK = 255;
/** Types of options and their lengths in eights of bytes, as they stand at the beginning of an option (RFC 4861 4.6, RFC 3971 5.3.2). */
const OPTION = { source: '0x101', target: '0x201', nonce: '0xe01' } as const;
/** Interfaces with a link-local address of their own choosing, and those addresses: each for a minute since it was last seen. */
const [CHOSEN, CHOOSERS] = ['chosen', 'choosers'] as const;
const CHOICE_SECONDS = 60;
const MOST_CHOICES = 65_536;

/** The addresses with which an interface speaks to its link alone (RFC 4291 2.5.6). */
export const LINK_LOCAL: Step = is('ip6 saddr', 'fe80::/64');

/** What an interface says of neighbours and routers goes to the chain that knows what it may say; nothing else can be believed. */
export const DISCOVERY: Rule = [
  isOneOf('icmpv6 type', NEIGHBOUR_TYPES),
  is('ip6 hoplimit', FROM_THE_LINK),
  isIn(['iifname'], 'interfaces'),
  end('goto neighbours'),
];

/**
 * What instances may say of addresses by neighbour discovery (RFC 4861), in a frame from their own hardware address: that they are at it, under their own
 * or link-local addresses, and that their own addresses are theirs. Only the forms in which systems send it are let in, with one option at most, for no
 * rule can look for an option among others.
 */
export function layNeighbours(plan: Plan): void {
  const isOwnMac = isIn(['iifname', 'ether saddr'], 'macs');
  plan.chain('neighbours', [
    [is('ip6 nexthdr', ICMPV6, '!='), ...DROP],
    [isIn(['iifname', 'ip6 saddr', 'ether saddr'], 'own6'), end('goto said')],
    [isIn(['iifname', 'ip6 saddr', 'ether saddr'], 'own6p'), end('goto said')],
    [isOwnMac, LINK_LOCAL, end('goto link-local')],
    // Whether an address is taken (RFC 4862 5.4.2): with the nonce of RFC 7527, as Linux asks, or without.
    ...[[is('ip6 length', 24)], [is('ip6 length', 32), is('@th,192,16', OPTION.nonce)]].map((form): Rule => [
      isOwnMac,
      is('ip6 saddr', '::'),
      is('icmpv6 type', NEIGHBOUR_SOLICITATION),
      ...form,
      end('goto claimed'),
    ]),
    DROP,
  ]);
  layLinkLocal(plan);
  plan.chain('said', [
    ...forms(ROUTER_SOLICITATION, OPTION.source, 'accept'),
    ...forms(NEIGHBOUR_SOLICITATION, OPTION.source, 'accept'),
    ...forms(NEIGHBOUR_ADVERTISEMENT, OPTION.target, 'goto claimed'),
    DROP,
  ]);
  plan.chain('claimed', [
    [isIn(['iifname', '@th,64,128'], 'neighbours6'), end('accept')],
    [isIn(['iifname', '@th,64,128'], 'neighbours6p'), end('accept')],
    [is('@th,64,32', '0xfe800000'), end('accept')],
    DROP,
  ]);
}

/** A message without options, and one with its own hardware address in the only option. */
function forms(type: number, option: Value, verdict: 'accept' | 'goto claimed'): readonly Rule[] {
  const isSolicitation = type === ROUTER_SOLICITATION;
  const length = isSolicitation ? 8 : 24;
  const isOwn = isIn(['iifname', isSolicitation ? '@th,80,48' : '@th,208,48'], 'neighbour-macs');
  return [
    [is('icmpv6 type', type), is('ip6 length', length), end(verdict)],
    [
      is('icmpv6 type', type),
      is('ip6 length', length + 8),
      is(isSolicitation ? '@th,64,16' : '@th,192,16', option),
      isOwn,
      end(verdict),
    ],
  ];
}

/**
 * An interface has the link-local address that follows from its hardware address, and one other that nobody can know before (RFC 7217): whichever it
 * uses first, until it has been silent for a minute. So it takes no more than few places in the host's table of neighbours.
 */
function layLinkLocal(plan: Plan): void {
  const known: Rule = [isIn(['iifname', 'ip6 saddr'], CHOSEN)];
  const choose: Rule = [
    update(CHOSEN, ['iifname', 'ip6 saddr'], CHOICE_SECONDS),
    update(CHOOSERS, ['iifname'], CHOICE_SECONDS),
    end('goto linked'),
  ];
  plan.chain('link-local', [
    [isIn(['iifname', 'ip6 saddr'], 'links'), end('goto linked')],
    [...known, ...choose],
    [isIn(['iifname'], CHOOSERS), ...DROP],
    choose,
    DROP,
  ]);
  // Nothing but discovery and DHCP comes here.
  plan.chain('linked', [[isOneOf('icmpv6 type', NEIGHBOUR_TYPES), end('goto said')], [end('accept')]]);
}

/** The sets that are asked for it. Asked for once those of addresses are laid. */
export function layNeighbourSets(plan: Plan): void {
  plan.dynamic(CHOSEN, ['ifname', 'ipv6_addr'], { size: MOST_CHOICES });
  plan.dynamic(CHOOSERS, ['ifname'], { size: MOST_CHOICES });
  const attachments = [...plan.wiring.enis.values()];
  plan.texts('links', ['ifname', 'ipv6_addr'], {
    elements: attachments.map(({ device, mac }) => `${quote(device)} . ${linkLocalOf(mac)}`),
  });
  layRaw(
    plan,
    'neighbour-macs',
    attachments.map(({ device, mac }) => `${quote(device)} . ${rawText(macBytes(mac))}`),
  );
  layNeighbourAddresses(plan);
}

/** Which addresses are at which devices, as they stand in the message. */
export function layNeighbourAddresses(plan: Plan): void {
  layRaw(plan, 'neighbours6', rawElements(plan, 'at6'));
  layRaw(plan, 'neighbours6p', rawElements(plan, 'at6p'), true);
}

function layRaw(plan: Plan, name: string, elements: readonly Value[], isInterval = false): void {
  plan.texts(name, RAW_SETS.get(name) ?? [], { elements, isInterval });
}

/** The elements of a set of devices and addresses as they stand in the message. */
function rawElements(plan: Plan, name: 'at6' | 'at6p'): readonly Value[] {
  const content = plan.ruleset.sets.get(name)?.content;
  if (content?.kind !== 'texts') return [];
  return [...content.elements.keys()].map((key) => {
    const [device = '', addresses = ''] = key.split(' . ');
    return `${device} . ${rawSpan(addresses)}`;
  });
}

/** An address or a prefix as a number, or as the first and the last one. */
function rawSpan(text: Value): Value {
  const { from, to } = spanOf(expectOk(parseCidr(text.includes('/') ? text : `${text}/128`)));
  const [first, last] = [from, to].map((number) => `0x${number.toString(16)}`);
  return from === to ? `${first}` : `${first}-${last}`;
}

function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (digits) => Number.parseInt(digits, 16));
}

/** The link-local address that follows from a hardware address (RFC 4291 appendix A): one bit of it is turned, two bytes stand in its middle. */
export function linkLocalOf(mac: string): Value {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  const TURNED = 0x02;
  const words = [((a ^ TURNED) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  const text = words.map((word) => word.toString(16)).join(':');
  return formatAddress(expectOk(parseAddress(`fe80::${text}`)));
}
