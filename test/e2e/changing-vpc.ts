// A VPC on a server, and calls of the API that change its rules over and over.
import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import type { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { World } from '../../src/core/model/world.ts';
import { readServer } from '../../src/cli/server-world.ts';

/** The ids of what the tests change: two interfaces that an agent holds, a third that is elsewhere, and their groups. */
export type VpcIds = Readonly<Record<'a' | 'b' | 'elsewhere' | 'groupA' | 'groupB' | 'groupC' | 'acl', string>>;

/** One call. Made twice it ends as made once: the answer to the first may be lost. */
export type Call = { readonly says: string; readonly send: (client: ec2.EC2Client) => Promise<unknown> };

export function clientOf(url: string): ec2.EC2Client {
  const credentials = { accessKeyId: 'anything', secretAccessKey: 'anything' };
  return new ec2.EC2Client({ endpoint: url, region: 'eu-west-1', credentials, maxAttempts: 1 });
}

/** The world of a server. */
export async function worldOf(url: string): Promise<World> {
  return expectOk(await readServer(url, { env: {} })).world;
}

function present(value: string | undefined): string {
  return value ?? assert.fail('an answer without an id');
}

function permission(
  protocol: string,
  ports: readonly [number, number],
  peer: Partial<ec2.IpPermission>,
): ec2.IpPermission {
  return { IpProtocol: protocol, FromPort: ports[0], ToPort: ports[1], ...peer };
}

function from(GroupId: string): Partial<ec2.IpPermission> {
  return { UserIdGroupPairs: [{ GroupId }] };
}

function within(CidrIp: string): Partial<ec2.IpPermission> {
  return { IpRanges: [{ CidrIp }] };
}

/** Two subnets; whatever is changed later, tcp/5000 and udp/5000 get from a to b, and port 6999 does not. */
export async function buildVpc(client: ec2.EC2Client): Promise<VpcIds> {
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const VpcId = present(Vpc?.VpcId);
  const subnet = async (CidrBlock: string): Promise<string> =>
    present((await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock }))).Subnet?.SubnetId);
  const [one, two] = [await subnet('10.0.1.0/24'), await subnet('10.0.2.0/24')];
  const group = async (GroupName: string): Promise<string> =>
    present(
      (await client.send(new ec2.CreateSecurityGroupCommand({ GroupName, Description: GroupName, VpcId }))).GroupId,
    );
  const [groupA, groupB, groupC] = [await group('a'), await group('b'), await group('c')];
  const eni = async (SubnetId: string, PrivateIpAddress: string, ...Groups: string[]): Promise<string> =>
    present(
      (await client.send(new ec2.CreateNetworkInterfaceCommand({ SubnetId, PrivateIpAddress, Groups })))
        .NetworkInterface?.NetworkInterfaceId,
    );
  const a = await eni(one, '10.0.1.10', groupA);
  const b = await eni(two, '10.0.2.20', groupB);
  const elsewhere = await eni(one, '10.0.1.99', groupC);
  const allow = async (GroupId: string, ...IpPermissions: ec2.IpPermission[]): Promise<unknown> =>
    await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  await allow(groupB, permission('tcp', [5000, 5000], from(groupA)), permission('udp', [5000, 5000], from(groupA)));
  await allow(groupB, permission('udp', [5004, 5004], from(groupA)));
  await allow(groupC, permission('tcp', [5003, 5003], within('10.0.0.0/8')));
  return { a, b, elsewhere, groupA, groupB, groupC, acl: await buildAcl(client, VpcId, two) };
}

/** A NACL that has something to say whatever is changed later. */
async function buildAcl(client: ec2.EC2Client, VpcId: string, subnetId: string): Promise<string> {
  const { NetworkAcl } = await client.send(new ec2.CreateNetworkAclCommand({ VpcId }));
  const acl = present(NetworkAcl?.NetworkAclId);
  for (const Egress of [true, false]) {
    await client.send(entry(acl, { Egress, RuleNumber: 100, RuleAction: 'deny', port: 9999 }));
    await client.send(entry(acl, { Egress, RuleNumber: 200, RuleAction: 'allow' }));
  }
  const { NetworkAcls } = await client.send(new ec2.DescribeNetworkAclsCommand({}));
  const associations = (NetworkAcls ?? []).flatMap(({ Associations }) => Associations ?? []);
  const AssociationId = associations.find(({ SubnetId }) => SubnetId === subnetId)?.NetworkAclAssociationId;
  await client.send(new ec2.ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId: acl }));
  return acl;
}

type Entry = {
  readonly Egress: boolean;
  readonly RuleNumber: number;
  readonly RuleAction: 'allow' | 'deny';
  readonly port?: number;
};

function entry(NetworkAclId: string, { port, ...of }: Entry): ec2.CreateNetworkAclEntryCommand {
  const traffic = port === undefined ? { Protocol: '-1' } : { Protocol: '17', PortRange: { From: port, To: port } };
  return new ec2.CreateNetworkAclEntryCommand({ NetworkAclId, CidrBlock: '0.0.0.0/0', ...traffic, ...of });
}

/** What the call wants is so already: it was made before, and its answer was lost. */
const DONE = new Set([
  'InvalidPermission.Duplicate',
  'InvalidPermission.NotFound',
  'NetworkAclEntryAlreadyExists',
  'InvalidNetworkAclEntry.NotFound',
]);

/** Makes a call; `false`: nobody answered. */
export async function made(call: Call, client: ec2.EC2Client): Promise<boolean> {
  try {
    await call.send(client);
    return true;
  } catch (error) {
    if (error instanceof ec2.EC2ServiceException) {
      if (DONE.has(error.name)) return true;
      // A server that is killed may leave a half of an answer.
      if (error.$metadata.httpStatusCode !== undefined && error.$metadata.httpStatusCode < 500) throw error;
    }
    return false;
  }
}

const MOST_EXTRA = 12;

/** Draws calls: each turns something on that was off, or off that was on, or adds a rule that nobody has had before. */
export class Changes {
  readonly #ids: VpcIds;
  readonly #random: Random;
  readonly #on: Set<string> = new Set();
  readonly #extra: number[] = [];
  #number = 0;

  constructor(ids: VpcIds, random: Random) {
    this.#ids = ids;
    this.#random = random;
  }

  next(): Call {
    const { groupA, groupB, groupC } = this.#ids;
    return this.#random.pick<() => Call>([
      () => this.#rule('tcp/5001 from the group', permission('tcp', [5001, 5001], from(groupA))),
      () => this.#rule('tcp/5002 from one address', permission('tcp', [5002, 5002], within('10.0.1.10/32'))),
      () => this.#rule('udp/6000-6100 from the subnet', permission('udp', [6000, 6100], within('10.0.1.0/24'))),
      () => this.#rule('tcp/5000-5010 from a stranger', permission('tcp', [5000, 5010], within('172.16.0.1/32'))),
      () => this.#extraRule(),
      () => this.#extraRule(),
      () => this.#deny(),
      () => this.#groups('elsewhere', [groupC], [groupA, groupC]),
      () => this.#groups('b', [groupB], [groupB, groupC]),
    ])();
  }

  /** Whether it is on from now. */
  #toggle(name: string): boolean {
    if (this.#on.delete(name)) return false;
    this.#on.add(name);
    return true;
  }

  #rule(says: string, wanted: ec2.IpPermission): Call {
    const isOn = this.#toggle(says);
    const input = { GroupId: this.#ids.groupB, IpPermissions: [wanted] };
    const send = async (client: ec2.EC2Client): Promise<unknown> =>
      isOn
        ? await client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input))
        : await client.send(new ec2.RevokeSecurityGroupIngressCommand(input));
    return { says: `${isOn ? 'add' : 'remove'} ${says}`, send };
  }

  /** A rule for a prefix of its own; of a dozen the oldest goes. */
  #extraRule(): Call {
    const isFull = this.#extra.length >= MOST_EXTRA;
    const number = isFull ? (this.#extra.shift() ?? 0) : this.#number;
    if (!isFull) this.#extra.push(number);
    if (!isFull) this.#number += 1;
    const port = 7000 + (number % 5);
    const cidr = `10.${100 + Math.floor(number / 250)}.${number % 250}.0/24`;
    return this.#rule(`tcp/${port} from ${cidr}`, permission('tcp', [port, port], within(cidr)));
  }

  #deny(): Call {
    const isOn = this.#toggle('deny');
    const { acl } = this.#ids;
    const send = async (client: ec2.EC2Client): Promise<unknown> =>
      isOn
        ? await client.send(entry(acl, { Egress: false, RuleNumber: 50, RuleAction: 'deny', port: 5004 }))
        : await client.send(new ec2.DeleteNetworkAclEntryCommand({ NetworkAclId: acl, Egress: false, RuleNumber: 50 }));
    return { says: `${isOn ? 'add' : 'remove'} the entry against udp/5004`, send };
  }

  #groups(which: 'elsewhere' | 'b', few: string[], many: string[]): Call {
    const Groups = this.#toggle(which) ? many : few;
    const input = { NetworkInterfaceId: this.#ids[which], Groups };
    return {
      says: `${which} gets ${Groups.length} groups`,
      send: async (client) => await client.send(new ec2.ModifyNetworkInterfaceAttributeCommand(input)),
    };
  }
}
