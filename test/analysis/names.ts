import { asId } from '../../src/core/model/ids.ts';
import type { Eni, Instance } from '../../src/core/model/eni.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { applyChange, getRecord, type World } from '../../src/core/model/world.ts';

/** The world with Name tags on instances or ENIs, by id. */
export function withNames(world: World, names: Readonly<Record<string, string>>): World {
  let named = world;
  for (const [id, value] of Object.entries(names)) {
    const tags = [{ key: 'Name', value }];
    const instance: Instance | undefined = getRecord(named, 'instances', asId<Instance['id']>(id));
    const eni: Eni | undefined = getRecord(named, 'enis', asId<Eni['id']>(id));
    if (instance !== undefined) named = applyChange(named, recordChange('instances', instance, { ...instance, tags }));
    else if (eni !== undefined) named = applyChange(named, recordChange('enis', eni, { ...eni, tags }));
    else throw new Error(`no instance or ENI ${id}`);
  }
  return named;
}
