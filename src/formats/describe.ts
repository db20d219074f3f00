import { fail, ok, type Result } from '../core/net/result.ts';
import { KIND_NAMES, type Kind, KINDS, type Records } from '../core/model/records.ts';
import { formatTraffic } from '../core/net/traffic.ts';
import { peerText, type Rule, ruleIdentity } from '../core/model/security-group.ts';
import { type RecordLists, type World, worldOf } from '../core/model/world.ts';
import type { PrefixListEntry } from '../core/model/prefix-list.ts';
import { FormatError, Value } from './fields.ts';
import type { Piece } from './json-stream.ts';
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
  readListEntry,
  readPrefixList,
  readRuleRow,
  type RuleRow,
  withMadeIds,
} from './policy.ts';
import type { WriterOverlap } from './writer-overlap.ts';

/** Something that a person should know about an export: what is missing, what was passed over, what does not agree. */
export type Finding = { readonly severity: 'note' | 'warning'; readonly message: string };

/** What an export says: its world, and what to know about it; of a plan, also which of its resources undo each other's work; of a template, which parameters it has. */
export type Export = {
  readonly world: World;
  readonly findings: readonly Finding[];
  readonly overlaps?: readonly WriterOverlap[];
  /** Of a plan or template: default groups of new VPCs that stay as AWS makes them, by id. */
  readonly broughtGroups?: readonly string[];
  /** Of a template: the names of its parameters. */
  readonly parameters?: readonly string[];
};

/** Members that hold something else than records of a kind, one an element. */
const OTHER_LISTS: ReadonlySet<string> = new Set([
  'SecurityGroupRules',
  'Reservations',
  'Instances',
  'Entries',
  'Incomplete',
]);
/** Members that say nothing of the account: the CLI's paging. */
const QUIET: ReadonlySet<string> = new Set(['NextToken']);
const EXPECTED = 'expected an object with a member such as "SecurityGroups"';

/** Kinds whose absence makes nothing unknown: an account without the newer call has none. */
const OPTIONAL: ReadonlySet<Kind> = new Set(['groupAssociations', 'elasticAddresses', 'prefixLists', 'instances']);

/** Collects the documents of one export, page by page, and makes a world of them. Errors name file, place and reason. */
export class DescribeReader {
  readonly #records = new Map<Kind, Map<string, Kept>>();
  readonly #embedded = new Map<string, Records['enis']>();
  readonly #tableLinks: TableLink[] = [];
  readonly #aclLinks: AclLink[] = [];
  readonly #ruleRows: RuleRow[] = [];
  readonly #entries = new Map<string, PrefixListEntry[]>();
  readonly #ignored = new Set<string>();
  /** Kinds of which the export itself says that it holds a part. */
  readonly #incomplete = new Set<Kind>();
  readonly #disagreements: string[] = [];
  #hasRuleRows = false;

  /** Whether elements of a member hold records; of the others only the name is kept. */
  wants(member: string): boolean {
    return Object.hasOwn(READERS, member) || OTHER_LISTS.has(member);
  }

  /** Takes one whole JSON document. */
  add(file: string, document: unknown): Result<undefined> {
    return guarded(() => {
      const root = new Value(document, file);
      if (typeof document !== 'object' || document === null || Array.isArray(document)) return root.fail(EXPECTED);
      for (const name of Object.keys(document)) {
        const value = root.get(name);
        this.#openList(file, name, value);
        if (!this.wants(name)) continue;
        for (const one of value.list()) this.#addElement(file, name, one);
      }
    });
  }

  /** Takes one piece of a document that comes in bit by bit. */
  take(file: string, piece: Piece): Result<undefined> {
    return guarded(() => {
      const { member, text, line } = piece;
      const place = `${file}:${line}`;
      if (member === undefined) return new Value([], place).fail(EXPECTED);
      if (text === undefined) return this.#openList(file, member, new Value([], place, member));
      const element = new Value(parseElement(text, place), `${place}: ${member}[${piece.index}]`);
      return this.#addElement(file, member, element);
    });
  }

  /** The world of all that was taken. Errors: there was not one list that says anything of a world, as of a file into which nothing was written. */
  finish(): Result<Export> {
    if (this.#records.size === 0 && !this.#hasRuleRows && this.#entries.size === 0) {
      const others = [...this.#ignored].toSorted().slice(0, 5).join(', ');
      return fail(`no list of records${others === '' ? '' : `, only ${others}`}: ${EXPECTED}`);
    }
    const lists: { [K in Kind]?: readonly Records[Kind][] } = {};
    for (const kind of KINDS) lists[kind] = [...(this.#records.get(kind)?.values() ?? [])].map((one) => one.record);
    const hasEnis = this.#records.has('enis');
    if (!hasEnis) lists.enis = [...this.#embedded.values()];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each kind was filled from the map of that kind
    const linked = this.#link(lists as RecordLists);
    const present = (kind: Kind): boolean => this.#records.has(kind) || (kind === 'enis' && this.#embedded.size > 0);
    const missing = KINDS.filter((kind) => !present(kind) || this.#incomplete.has(kind));
    return ok({ world: worldOf(linked, missing), findings: this.#findings(missing, hasEnis) });
  }

  /** A list is there, empty perhaps: its kind is not missing. */
  #openList(file: string, name: string, value: Value): void {
    const reader = READERS[name];
    if (reader !== undefined) this.#kind(reader.kind);
    else if (name === 'SecurityGroupRules') this.#hasRuleRows = true;
    else if (name === 'Reservations' || name === 'Instances') this.#kind('instances');
    else if (name === 'Entries') this.#entriesOf(file, value);
    else if (name !== 'Incomplete' && !QUIET.has(name)) this.#ignored.add(name);
  }

  #addElement(file: string, name: string, value: Value): void {
    const reader = READERS[name];
    if (reader !== undefined) {
      const { record, tableLinks = [], aclLinks = [] } = reader.read(value);
      this.#tableLinks.push(...tableLinks);
      this.#aclLinks.push(...aclLinks);
      this.#keep(reader.kind, record, { value, file });
    } else if (name === 'SecurityGroupRules') this.#ruleRows.push(readRuleRow(value));
    else if (name === 'Reservations') for (const one of value.get('Instances').list()) this.#addInstance(file, one);
    else if (name === 'Instances') this.#addInstance(file, value);
    else if (name === 'Entries') this.#entriesOf(file, value).push(readListEntry(value));
    else if (name === 'Incomplete') this.#incomplete.add(value.oneOf(KINDS));
  }

  #addInstance(file: string, value: Value): void {
    const { instance, enis } = readInstance(value);
    this.#keep('instances', instance, { value, file });
    for (const eni of enis) this.#embedded.set(eni.id, eni);
  }

  /** get-managed-prefix-list-entries does not say of which list: the file's name does. */
  #entriesOf(file: string, value: Value): PrefixListEntry[] {
    const id = /pl-[0-9a-f]+/.exec(file)?.[0];
    if (id === undefined)
      return value.fail('entries of a prefix list stand in a file whose name has the id of the list, pl-…');
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const fresh: PrefixListEntry[] = [];
    this.#entries.set(id, fresh);
    return fresh;
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
        return entries === undefined ? list : { ...list, entries };
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
    if (!this.#hasRuleRows) return withMadeIds(group.id, group.rules);
    const differing = differences(rows, group.rules);
    if (differing.length > 0) {
      const taken =
        rows.length > 0 ? 'the rules with ids are taken' : 'the permissions are taken, no rule with an id was found';
      this.#disagreements.push(
        `${group.id}: permissions and rules differ (${differing.slice(0, 3).join('; ')}${differing.length > 3 ? '; …' : ''}): ${taken}`,
      );
    }
    return rows.length > 0 ? rows : withMadeIds(group.id, group.rules);
  }

  #findings(missing: readonly Kind[], hasEnis: boolean): readonly Finding[] {
    const findings: Finding[] = [];
    const lacking = missing.filter((kind) => !OPTIONAL.has(kind)).map((kind) => KIND_NAMES[kind]);
    if (lacking.length > 0)
      findings.push({
        severity: 'warning',
        message: `the export has no ${lacking.join(', no ')}; answers that depend on them are unknown`,
      });
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

/** Runs a reader; what is wrong with a document is told, not thrown. */
function guarded(read: () => void): Result<undefined> {
  try {
    read();
    return ok(undefined);
  } catch (error) {
    if (error instanceof FormatError) return fail(error.message);
    throw error;
  }
}

function parseElement(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${place}: not JSON: ${error instanceof Error ? error.message : String(error)}`);
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

/** What one list of rules says and the other does not. Both are compared by a short key; words are made only for what differs. */
function differences(a: readonly Rule[], b: readonly Rule[]): readonly string[] {
  const ours = new Set(a.map(keyOf));
  const theirs = new Set(b.map(keyOf));
  if (ours.size === theirs.size && [...ours].every((key) => theirs.has(key))) return [];
  return [...a.filter((rule) => !theirs.has(keyOf(rule))), ...b.filter((rule) => !ours.has(keyOf(rule)))].map(
    ruleIdentity,
  );
}

/** A text that is the same exactly for rules that say the same. */
function keyOf({ direction, traffic, peer }: Rule): string {
  const what = 'ports' in traffic ? `${traffic.kind}${traffic.ports.from}-${traffic.ports.to}` : formatTraffic(traffic);
  if (peer.kind !== 'cidr') return `${direction}${what} ${peerText(peer)}`;
  const { base, length, family } = peer.cidr;
  const words = family === 'ipv4' ? base.w0 : `${base.w0}:${base.w1}:${base.w2}:${base.w3}`;
  return `${direction}${what} ${family}${words}/${length}`;
}
