import { quote } from './device-sets.ts';
import type { Plan } from './plan.ts';
import type { Content, Rule } from './ruleset.ts';
import { DROP, end, is, isIn } from './steps.ts';
import { nameIn } from './tables.ts';

/** Names in the table for ARP: it shares no set with the other one, so it has what it needs of it once more. */
const [INTERFACES, MACS, OWN] = ['interfaces', 'macs', 'own'].map((name) => nameIn('arp', name)) as [
  string,
  string,
  string,
];

/**
 * What instances may say of addresses (RFC 826): an interface's own IPv4 addresses are at its own hardware address, in a frame from there, as a question,
 * as an answer and unasked; and a question from no address, which asks whether one is taken (RFC 5227). Everything else would make the host's table
 * of neighbours lead to others, or fill it up.
 */
export function layArp(plan: Plan): void {
  const isOwnFrame = isIn(['iifname', 'ether saddr'], MACS);
  const rules: readonly Rule[] = [
    [isIn(['iifname'], INTERFACES, '!='), end('accept')],
    [isOwnFrame, isIn(['iifname', 'arp saddr ip', 'arp saddr ether'], OWN), end('accept')],
    [isOwnFrame, isIn(['iifname', 'arp saddr ether'], MACS), is('arp saddr ip', '0.0.0.0'), end('accept')],
    DROP,
  ];
  plan.chain(nameIn('arp', 'spoof'), rules, { hook: 'input', priority: 0, policy: 'accept' });
}

/** The sets that it has of its own. Asked for once those of the other table are laid. */
export function layArpSets(plan: Plan): void {
  const devices = [...plan.wiring.enis.values()].map(({ device }) => quote(device));
  plan.texts(INTERFACES, ['ifname'], { elements: devices });
  plan.set({ name: MACS, key: ['ifname', 'ether_addr'], isInterval: false, content: contentOf(plan, 'macs') });
  layArpAddresses(plan);
}

/** Which addresses are at which devices. */
export function layArpAddresses(plan: Plan): void {
  plan.set({
    name: OWN,
    key: ['ifname', 'ipv4_addr', 'ether_addr'],
    isInterval: false,
    content: contentOf(plan, 'own4'),
  });
}

function contentOf(plan: Plan, name: string): Content {
  return plan.ruleset.sets.get(name)?.content ?? { kind: 'texts', elements: new Map() };
}
