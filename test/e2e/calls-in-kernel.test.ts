// What single calls of the API come to in the kernel: rules that are modified, versions of prefix lists, requests that are refused as a whole.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { whyNoKernel } from '../kernel/namespace.ts';
import { comparable } from '../nft/comparable.ts';
import { normalForm } from '../nft/normal-form.ts';
import { worldOf } from './changing-vpc.ts';
import { Stage } from './stage.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);
/** So long nothing changes in the kernel after a call that was refused; a change that is made is there in a tenth of it. */
const QUIET_MS = 500;

describe('calls that reach the kernel', { skip: WHY_NOT ?? false }, () => {
  let stage: Stage;
  before(async () => {
    stage = new Stage('netlink');
    await stage.open();
    await settled();
  });
  after(async () => await stage.close());

  /** Waits until the kernel has the rules of the server's world. */
  async function settled(): Promise<void> {
    const wanted = stage.formOf(await worldOf(stage.server.url));
    await stage.soon(async () => normalForm(await stage.table()) === wanted);
  }

  /** The TCP ports of b that a gets to. */
  async function openPorts(): Promise<readonly number[]> {
    await settled();
    const sent = await stage.probe();
    return sent.flatMap(({ arrived, packet: { transport } }) =>
      arrived && transport.kind === 'tcp' ? [transport.destinationPort] : [],
    );
  }

  async function allow(...IpPermissions: ec2.IpPermission[]): Promise<string> {
    const input = { GroupId: stage.ids.groupB, IpPermissions };
    const { SecurityGroupRules } = await stage.client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input));
    return SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? assert.fail();
  }

  test('ModifySecurityGroupRules: the rule is another, and what it was is closed', async () => {
    const rule = await allow(tcp(5001, { IpRanges: [{ CidrIp: '172.16.0.1/32' }] }));
    const modify = async (FromPort: number, CidrIpv4: string): Promise<void> => {
      const SecurityGroupRule = { IpProtocol: 'tcp', FromPort, ToPort: FromPort, CidrIpv4 };
      const SecurityGroupRules = [{ SecurityGroupRuleId: rule, SecurityGroupRule }];
      await stage.client.send(
        new ec2.ModifySecurityGroupRulesCommand({ GroupId: stage.ids.groupB, SecurityGroupRules }),
      );
    };
    assert.deepEqual(await openPorts(), [5000]);
    await modify(5001, '10.0.1.10/32');
    assert.deepEqual(await openPorts(), [5000, 5001]);
    await modify(5002, '10.0.1.10/32');
    assert.deepEqual(await openPorts(), [5000, 5002]);
    await modify(5002, '172.16.0.1/32');
    assert.deepEqual(await openPorts(), [5000]);
  });

  test('a prefix list: each of its versions, and one that is restored', async () => {
    const { PrefixList } = await stage.client.send(
      new ec2.CreateManagedPrefixListCommand({
        PrefixListName: 'peers',
        AddressFamily: 'IPv4',
        MaxEntries: 5,
        Entries: [{ Cidr: '172.16.0.0/24' }],
      }),
    );
    const PrefixListId = PrefixList?.PrefixListId ?? assert.fail();
    await allow(tcp(5003, { PrefixListIds: [{ PrefixListId }] }));
    assert.deepEqual(await openPorts(), [5000]);
    const add = { PrefixListId, CurrentVersion: 1, AddEntries: [{ Cidr: '10.0.1.0/24' }] };
    await stage.client.send(new ec2.ModifyManagedPrefixListCommand(add));
    assert.deepEqual(await openPorts(), [5000, 5003]);
    const back = { PrefixListId, CurrentVersion: 2, PreviousVersion: 1 };
    await stage.client.send(new ec2.RestoreManagedPrefixListVersionCommand(back));
    assert.deepEqual(await openPorts(), [5000]);
  });

  test('a request of which one rule is refused: store and kernel are as they were', async () => {
    await settled();
    const [world, held] = [await worldOf(stage.server.url), comparable(await stage.table())];
    const known = tcp(5000, { UserIdGroupPairs: [{ GroupId: stage.ids.groupA }] });
    const fresh = tcp(5005, { IpRanges: [{ CidrIp: '10.0.1.10/32' }] });
    const missing = tcp(5001, { PrefixListIds: [{ PrefixListId: 'pl-0123456789abcdef0' }] });
    await assert.rejects(allow(fresh, known), { name: 'InvalidPermission.Duplicate' });
    await assert.rejects(allow(fresh, missing), { name: 'InvalidPrefixListID.NotFound' });
    await sleep(QUIET_MS);
    assert.deepEqual(comparable(await stage.table()), held);
    assert.deepEqual(await worldOf(stage.server.url), world);
    assert.deepEqual(await openPorts(), [5000]);
  });
});

function tcp(port: number, peer: Partial<ec2.IpPermission>): ec2.IpPermission {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, ...peer };
}
