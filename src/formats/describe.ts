import { fail, ok, type Result } from '../core/net/result.ts';
import { KIND_NAMES, type Kind, KINDS, type Records } from '../core/model/records.ts';
import { type Rule, ruleIdentity } from '../core/model/security-group.ts';
import { type RecordLists, type World, worldOf } from '../core/model/world.ts';
import { FormatError, Value } from './fields.ts';
import {
  readAddresses,
  readEgressOnly,
  readInternetGateway,
  readNat,
  readPeering,
  readRouteTable,
  readSubnet,
  readVpc,
  type TableLink,
} from './network.ts';
import {
  type AclLink,
  readAcl,
  readAssociation,
  readEni,
  readGroup,
  readInstance,
  readPrefixList,
  readRuleRow,
  type RuleRow,
} from './policy.ts';

/** Something that a person should know about an export: what is missing, what was passed over, what does not agree. */
export type Finding = { readonly severity: 'note' | 'warning'; readonly message: string };

/** What an export says: its world, and what to know about it. */
export type Export = { readonly world: World; readonly findings: readonly Finding[] };

/** Kinds whose absence makes nothing unknown: an account without the newer call has none. */
const OPTIONAL: ReadonlySet<Kind> = new Set(['groupAssociations', 'elasticAddresses', 'prefixLists', 'instances']);

/** Collects the documents of one export, page by page, and makes a world of them. Errors name file, place and reason. */
export class DescribeReader {
  readonly #records = new Map<Kind, Map<string, Kept>>();
  readonly #embedded = new Map<string, Records['enis']>();
  readonly #tableLinks: TableLink[] = [];
  readonly #aclLinks: AclLink[] = [];
  readonly #ruleRows: RuleRow[] = [];
  readonly #entries = new Map<string, Value[]>();
  readonly #ignored = new Set<string>();
  readonly #disagreements: string[] = [];
  #hasRuleRows = false;

  /** Takes one JSON document. */
  add(file: string, document: unknown): Result<undefined> {
    try {
      const root = new Value(document, file);
      if (typeof document !== 'object' || document === null || Array.isArray(document)) {
        return root.fail('expected an object with a member such as "SecurityGroups"');
      }
      for (const name of Object.keys(document)) this.#addMember(file, name, root.get(name));
      return ok(undefined);
    } catch (error) {
      if (error instanceof FormatError) return fail(error.message);
      throw error;
    }
  }

  /** The world of all that was taken. */
  finish(): Export {
    const lists: { [K in Kind]?: readonly Records[Kind][] } = {};
    for (const kind of KINDS) lists[kind] = [...(this.#records.get(kind)?.values() ?? [])].map((one) => one.record);
    const hasEnis = this.#records.has('enis');
    if (!hasEnis) lists.enis = [...this.#embedded.values()];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each kind was filled from the map of that kind
    const linked = this.#link(lists as RecordLists);
    const present = (kind: Kind): boolean => this.#records.has(kind) || (kind === 'enis' && this.#embedded.size > 0);
    const missing = KINDS.filter((kind) => !present(kind));
    return { world: worldOf(linked, missing), findings: this.#findings(missing, hasEnis) };
  }

  #addMember(file: string, name: string, value: Value): void {
    const reader = READERS[name];
    if (name === 'Entries') return this.#addEntries(file, value);
    if (name === 'SecurityGroupRules') {
      this.#hasRuleRows = true;
      this.#ruleRows.push(...value.list().map(readRuleRow));
      return;
    }
    if (name === 'Reservations') return this.#addReservations(file, value);
    if (name === 'Instances') return this.#addInstances(file, value);
    if (reader === undefined) {
      if (name !== 'NextToken') this.#ignored.add(name);
      return;
    }
    this.#kind(reader.kind);
    for (const one of value.list()) {
      const { record, tableLinks = [], aclLinks = [] } = reader.read(one);
      this.#tableLinks.push(...tableLinks);
      this.#aclLinks.push(...aclLinks);
      this.#keep(reader.kind, record, { value: one, file });
    }
  }

  #addReservations(file: string, value: Value): void {
    this.#kind('instances');
    for (const reservation of value.list()) this.#addInstances(file, reservation.get('Instances'));
  }

  #addInstances(file: string, value: Value): void {
    this.#kind('instances');
    for (const one of value.list()) {
      const { instance, enis } = readInstance(one);
      this.#keep('instances', instance, { value: one, file });
      for (const eni of enis) this.#embedded.set(eni.id, eni);
    }
  }

  /** get-managed-prefix-list-entries does not say of which list: the file's name does. */
  #addEntries(file: string, value: Value): void {
    const id = /pl-[0-9a-f]+/.exec(file)?.[0];
    if (id === undefined)
      value.fail('entries of a prefix list stand in a file whose name has the id of the list, pl-…');
    this.#entries.set(id, [...(this.#entries.get(id) ?? []), ...value.list()]);
  }

  #kind(kind: Kind): Map<string, Kept> {
    const known = this.#records.get(kind);
    if (known !== undefined) return known;
    const fresh = new Map<string, Kept>();
    this.#records.set(kind, fresh);
    return fresh;
  }

  /** Pages may repeat a record, but not say something else of it. */
  #keep(kind: Kind, record: Records[Kind], { value, file }: { readonly value: Value; readonly file: string }): void {
    const records = this.#kind(kind);
    const earlier = records.get(record.id);
    if (earlier !== undefined && JSON.stringify(earlier.record) !== JSON.stringify(record))
      value.fail(`${record.id} stands in ${earlier.file} too, with other content`);
    records.set(record.id, { record, file });
  }

  /** Puts on subnets and VPCs what NACLs, route tables and rule rows say of them. */
  #link(lists: RecordLists): RecordLists {
    const rows = Map.groupBy(this.#ruleRows, (row) => row.groupId);
    const acls = new Map(this.#aclLinks.map((link) => [link.subnetId, link]));
    const tables = new Map(this.#tableLinks.flatMap((link) => (link.kind === 'subnet' ? [[link.subnetId, link]] : [])));
    const mains = new Map(this.#tableLinks.flatMap((link) => (link.kind === 'main' ? [[link.vpcId, link]] : [])));
    const edges = new Map(this.#tableLinks.flatMap((link) => (link.kind === 'edge' ? [[link.gatewayId, link]] : [])));
    return {
      ...lists,
      vpcs: (lists.vpcs ?? []).map((vpc) => {
        const main = mains.get(vpc.id);
        return main === undefined
          ? vpc
          : { ...vpc, mainRouteTable: { associationId: main.associationId, routeTableId: main.routeTableId } };
      }),
      subnets: (lists.subnets ?? []).map((subnet) => {
        const acl = acls.get(subnet.id);
        const table = tables.get(subnet.id);
        return {
          ...subnet,
          ...(acl === undefined ? {} : { networkAcl: { associationId: acl.associationId, aclId: acl.aclId } }),
          ...(table === undefined
            ? {}
            : { routeTable: { associationId: table.associationId, routeTableId: table.routeTableId } }),
        };
      }),
      internetGateways: (lists.internetGateways ?? []).map((gateway) => {
        const edge = edges.get(gateway.id);
        return edge === undefined ? gateway : { ...gateway, edgeRouteTableId: edge.routeTableId };
      }),
      prefixLists: (lists.prefixLists ?? []).map((list) => {
        const entries = this.#entries.get(list.id);
        return entries === undefined
          ? list
          : { ...list, entries: entries.map((one) => ({ cidr: one.get('Cidr').cidr() })) };
      }),
      groups: (lists.groups ?? []).map((group) => ({
        ...group,
        rules: this.#crossChecked(
          group,
          (rows.get(group.id) ?? []).map((row) => row.rule),
        ),
      })),
    };
  }

  /** Rule rows have AWS's ids and are taken where a group has any; where the two forms differ, a person is told. */
  #crossChecked(group: Records['groups'], rows: readonly Rule[]): readonly Rule[] {
    if (!this.#hasRuleRows) return group.rules;
    const differing = differences(rows, group.rules);
    if (differing.length > 0) {
      const taken =
        rows.length > 0 ? 'the rules with ids are taken' : 'the permissions are taken, no rule with an id was found';
      this.#disagreements.push(
        `${group.id}: permissions and rules differ (${differing.slice(0, 3).join('; ')}${differing.length > 3 ? '; …' : ''}): ${taken}`,
      );
    }
    return rows.length > 0 ? rows : group.rules;
  }

  #findings(missing: readonly Kind[], hasEnis: boolean): readonly Finding[] {
    const findings: Finding[] = missing
      .filter((kind) => !OPTIONAL.has(kind))
      .map((kind) => ({
        severity: 'warning',
        message: `the export has no ${KIND_NAMES[kind]}; answers that depend on them are unknown`,
      }));
    if (!hasEnis && this.#embedded.size > 0)
      findings.push({
        severity: 'note',
        message:
          'network interfaces are taken from the instances; others (load balancers, databases) are not in the export',
      });
    if (!this.#hasRuleRows)
      findings.push({
        severity: 'note',
        message: 'the export has no security group rules with ids; rules are named by what they say',
      });
    findings.push(...this.#disagreements.map((message): Finding => ({ severity: 'warning', message })));
    if (this.#ignored.size > 0)
      findings.push({ severity: 'note', message: `not read: ${[...this.#ignored].toSorted().join(', ')}` });
    return findings;
  }
}

/** A record with the document that it came from. */
type Kept = { readonly record: Records[Kind]; readonly file: string };

type Read = {
  readonly record: Records[Kind];
  readonly tableLinks?: readonly TableLink[];
  readonly aclLinks?: readonly AclLink[];
};

/** The members of AWS's answers that hold one record an element. */
const READERS: Readonly<Record<string, { readonly kind: Kind; readonly read: (value: Value) => Read }>> = {
  Vpcs: { kind: 'vpcs', read: (value) => ({ record: readVpc(value) }) },
  Subnets: { kind: 'subnets', read: (value) => ({ record: readSubnet(value) }) },
  RouteTables: { kind: 'routeTables', read: (value) => tableRead(readRouteTable(value)) },
  InternetGateways: { kind: 'internetGateways', read: (value) => ({ record: readInternetGateway(value) }) },
  EgressOnlyInternetGateways: { kind: 'egressOnlyGateways', read: (value) => ({ record: readEgressOnly(value) }) },
  NatGateways: { kind: 'natGateways', read: (value) => ({ record: readNat(value) }) },
  Addresses: { kind: 'elasticAddresses', read: (value) => ({ record: readAddresses(value) }) },
  VpcPeeringConnections: { kind: 'peerings', read: (value) => ({ record: readPeering(value) }) },
  NetworkInterfaces: { kind: 'enis', read: (value) => ({ record: readEni(value) }) },
  SecurityGroups: { kind: 'groups', read: (value) => ({ record: readGroup(value) }) },
  SecurityGroupVpcAssociations: { kind: 'groupAssociations', read: (value) => ({ record: readAssociation(value) }) },
  NetworkAcls: { kind: 'acls', read: (value) => aclRead(readAcl(value)) },
  PrefixLists: { kind: 'prefixLists', read: (value) => ({ record: readPrefixList(value) }) },
};

function tableRead({ table, links }: ReturnType<typeof readRouteTable>): Read {
  return { record: table, tableLinks: links };
}

function aclRead({ acl, links }: ReturnType<typeof readAcl>): Read {
  return { record: acl, aclLinks: links };
}

/** What one list of rules says and the other does not. */
function differences(a: readonly Rule[], b: readonly Rule[]): readonly string[] {
  const ours = new Set(a.map(ruleIdentity));
  const theirs = new Set(b.map(ruleIdentity));
  return [...[...ours].filter((one) => !theirs.has(one)), ...[...theirs].filter((one) => !ours.has(one))];
}
