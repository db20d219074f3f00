import type { Eni, EniAddress } from '../../core/model/eni.ts';
import { asId } from '../../core/model/ids.ts';
import type { Attributes } from './attributes.ts';
import type { Open } from './draft.ts';
import type { Side } from './side.ts';

/** An Elastic address, and the interface that it stands for. */
export function readElastic(side: Side, elastic: Attributes): void {
  const { draft, resources } = side;
  const id = resources.idOf(elastic.instance);
  const seen = side.publicAddress(id, id);
  draft.put<'elasticAddresses'>('elasticAddresses', { id: asId(id), public: seen, tags: elastic.tags() });
  const links = resources.of('aws_eip_association').filter((one) => one.id('allocation_id') === id);
  for (const one of [elastic, ...links]) {
    const machine = one.id(one === elastic ? 'instance' : 'instance_id');
    const isOpen = (name: string): boolean => one.isUnknown(name) && one.isDeclared(name) === false;
    const named =
      isOpen('network_interface') || isOpen('network_interface_id')
        ? undefined
        : one.id(one === elastic ? 'network_interface' : 'network_interface_id');
    const eni =
      draft.get('enis', named) ?? (isOpen('instance') || isOpen('instance_id') ? undefined : primaryOf(side, machine));
    if (eni === undefined) continue;
    const behind = addressesBehind(side, one, eni.addresses);
    const doubt = behind.length === 1 ? {} : { doubt: one.label('private_ip_address') };
    eni.addresses = eni.addresses.map((own) =>
      behind.includes(own) ? { ...own, public: { address: seen, allocationId: asId(id), ...doubt } } : own,
    );
  }
}

/** The addresses that a public one may stand for; one alone is it for certain: the one that is named, else the first. */
function addressesBehind(side: Side, one: Attributes, addresses: readonly EniAddress[]): readonly EniAddress[] {
  const ipv4 = addresses.filter(({ address }) => address.family === 'ipv4');
  const names = ['associate_with_private_ip', 'private_ip_address'];
  if (names.some((name) => one.isUnknown(name) && one.isDeclared(name) !== false)) return ipv4;
  const wanted = names.map((name) => one.text(name)).find((text) => text !== undefined);
  if (wanted === undefined) return ipv4.slice(0, 1);
  const named = ipv4.filter(({ address }) => side.isAddress(address, wanted));
  const vague = side.parse(wanted) === undefined ? ipv4 : ipv4.filter(({ address }) => address.within !== undefined);
  return named.length > 0 ? named : vague;
}

function primaryOf(side: Side, machine: string | undefined): Open<Eni> | undefined {
  if (machine === undefined) return undefined;
  return [...side.draft.records.enis.values()].find(
    (eni) => eni.attachment?.instanceId === machine && eni.attachment.deviceIndex === 0,
  );
}
