import type { EniId, SubnetId } from '../core/model/ids.ts';

/** Where an interface of the model hangs: the kernel's device towards the instance, and the hardware address that the instance may use. */
export type Attachment = { readonly device: string; readonly mac: string };

/**
 * How one network namespace is wired. A device that stands in none of the lists leads outside: packets from it are filtered where they
 * enter an interface, and no group reference matches their source.
 */
export type Wiring = {
  /** `forward`: instances hang behind devices of this namespace. `local`: the machine itself is the instance of its one interface. */
  readonly mode: 'forward' | 'local';
  readonly enis: ReadonlyMap<EniId, Attachment>;
  /**
   * Devices towards other hosts and peered VPCs: behind them sources have been checked, so references match by address. A machine that is
   * itself the instance has its own device here.
   */
  readonly fabric: ReadonlySet<string>;
  /** Devices towards gateways that translate or keep state: AWS tracks what passes them always (E2:conntrack). */
  readonly stateful: ReadonlySet<string>;
  /** Devices of NAT gateways: no groups, but the NACL of their subnet applies. */
  readonly natGateways: ReadonlyMap<string, SubnetId>;
  /**
   * Devices that lead outside, where all devices are known: then a device that stands nowhere is refused. Absent on a machine that has
   * devices of others, which are left alone.
   */
  readonly outside?: ReadonlySet<string>;
};

/** What the kernel takes as a device's name, narrowed to what never needs quoting (IFNAMSIZ is 16 with the final zero). */
export function isDeviceName(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/u.test(text);
}

/** A hardware address as nft prints it. */
export function isMac(text: string): boolean {
  return /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/u.test(text);
}
