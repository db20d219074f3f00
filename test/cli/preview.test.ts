// `crenel preview`: the difference that a call makes is that to the world which a server has after it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkAclEntryCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from '@aws-sdk/client-ec2';
import { expectOk } from '../../src/core/net/result.ts';
import type { World } from '../../src/core/model/world.ts';
import { diffDocument } from '../../src/analysis/diff-document.ts';
import { differenceOf } from '../../src/analysis/pairs/difference.ts';
import { importWorld } from '../../src/server/control/import-world.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { readWorld } from '../../src/cli/world-source.ts';
import { REALM, type TestApi, testApi } from '../server/api-client.ts';
import { run } from './run-cli.ts';

const EXAMPLE = 'examples/three-tier/world';

async function exampleWorld(): Promise<World> {
  return expectOk(await readWorld(EXAMPLE)).world;
}

type Case = { readonly words: string; readonly send: (api: TestApi) => Promise<unknown>; readonly status: number };

const GROUP = 'sg-01b00000000000001';
const ACL = 'acl-0a000000000000001';
const ENI = 'eni-0db0100000000000000';

const CASES: readonly Case[] = [
  {
    words: `ec2 authorize-security-group-ingress --group-id ${GROUP} --protocol tcp --port 22 --cidr 0.0.0.0/0`,
    send: ({ client }) =>
      client.send(
        new AuthorizeSecurityGroupIngressCommand({
          GroupId: GROUP,
          IpProtocol: 'tcp',
          FromPort: 22,
          ToPort: 22,
          CidrIp: '0.0.0.0/0',
        }),
      ),
    status: 1,
  },
  {
    words: `create-network-acl-entry --network-acl-id ${ACL} --rule-number 1 --ingress --protocol all --rule-action deny --cidr-block 0.0.0.0/0`,
    send: ({ client }) =>
      client.send(
        new CreateNetworkAclEntryCommand({
          NetworkAclId: ACL,
          RuleNumber: 1,
          Egress: false,
          Protocol: '-1',
          RuleAction: 'deny',
          CidrBlock: '0.0.0.0/0',
        }),
      ),
    status: 0,
  },
  {
    words: `modify-network-interface-attribute --network-interface-id ${ENI} --groups ${GROUP}`,
    send: ({ client }) =>
      client.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: ENI, Groups: [GROUP] })),
    status: 1,
  },
];

/** What a document says, without the names that only chance gives. */
function comparable(document: unknown): unknown {
  return JSON.parse(
    JSON.stringify(document, (key, value: unknown) =>
      key === 'before' || key === 'after' ? undefined : value,
    ).replaceAll(/sgr-0[0-9a-f]{16}/g, 'sgr-new'),
  );
}

describe('preview of a call', () => {
  for (const { words, send, status } of CASES)
    test(words, async () => {
      const world = await exampleWorld();
      const done = await run(`preview ${words} --json`, { world });
      assert.equal(done.stderr, '');
      assert.equal(done.status, status);
      const api = await testApi({ store: new MemoryStore() });
      expectOk(await importWorld(api.control, REALM, world));
      const before = api.estate().world;
      await send(api);
      const { world: after } = api.estate();
      const wanted = diffDocument(before, after, differenceOf(before, after));
      assert.ok(wanted.statements.length > 0);
      assert.deepEqual(comparable(JSON.parse(done.stdout)), comparable(wanted));
    });

  test('what would be refused is refused with the words of AWS, and nothing is compared', async () => {
    const done = await run('preview delete-route --route-table-id rtb-9 --destination-cidr-block 0.0.0.0/0', {
      world: await exampleWorld(),
    });
    assert.equal(done.status, 65);
    assert.equal(done.stdout, '');
    assert.match(done.stderr, /would be refused with InvalidRouteTableID\.NotFound/);
  });

  test('a mistyped command is answered with what was perhaps meant', async () => {
    const done = await run('preview ec2 authorise-security-group-ingress --group-id sg-1', {});
    assert.equal(done.status, 64);
    assert.match(done.stderr, /Did you mean authorize-security-group-ingress/);
  });
});
