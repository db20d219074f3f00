// Launch templates and their versions through AWS's client.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { refusedWith, REALM, type TestApi, testApi } from './api-client.ts';

async function emptyApi(): Promise<TestApi> {
  return await testApi({ store: new MemoryStore() });
}

const SMALL: ec2.RequestLaunchTemplateData = { InstanceType: 't3.micro' };

async function make(
  { client }: TestApi,
  LaunchTemplateName: string,
  LaunchTemplateData: ec2.RequestLaunchTemplateData = SMALL,
): Promise<string> {
  const made = await client.send(new ec2.CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
  return made.LaunchTemplate?.LaunchTemplateId ?? assert.fail();
}

async function grow(
  { client }: TestApi,
  input: Partial<ec2.CreateLaunchTemplateVersionRequest>,
): Promise<ec2.LaunchTemplateVersion> {
  const made = await client.send(new ec2.CreateLaunchTemplateVersionCommand({ LaunchTemplateData: {}, ...input }));
  return made.LaunchTemplateVersion ?? assert.fail();
}

async function versions(
  { client }: TestApi,
  input: ec2.DescribeLaunchTemplateVersionsRequest,
): Promise<readonly ec2.LaunchTemplateVersion[]> {
  const found = await client.send(new ec2.DescribeLaunchTemplateVersionsCommand(input));
  return found.LaunchTemplateVersions ?? assert.fail();
}

async function numbers(api: TestApi, input: ec2.DescribeLaunchTemplateVersionsRequest): Promise<readonly unknown[]> {
  return (await versions(api, input)).map(({ VersionNumber }) => VersionNumber);
}

describe('launch templates', () => {
  test('a template keeps what it was given, under a first version that is the default one', async () => {
    const api = await emptyApi();
    const data: ec2.RequestLaunchTemplateData = {
      ImageId: 'ami-12345678',
      InstanceType: 't3.micro',
      KeyName: 'ops',
      EbsOptimized: true,
      UserData: 'aGVsbG8=',
      SecurityGroupIds: ['sg-0123'],
      IamInstanceProfile: { Name: 'web' },
      Monitoring: { Enabled: true },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, VolumeType: 'gp3' } }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] }],
    };
    const made = await api.client.send(
      new ec2.CreateLaunchTemplateCommand({
        LaunchTemplateName: 'web/v_1.(a)',
        LaunchTemplateData: data,
        VersionDescription: 'first',
        TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'team', Value: 'x' }] }],
      }),
    );
    assert.deepEqual(made.LaunchTemplate, {
      LaunchTemplateId: made.LaunchTemplate?.LaunchTemplateId,
      LaunchTemplateName: 'web/v_1.(a)',
      CreateTime: new Date('2026-01-01T00:00:00.000Z'),
      CreatedBy: `arn:aws:iam::${REALM.accountId}:root`,
      DefaultVersionNumber: 1,
      LatestVersionNumber: 1,
      Tags: [{ Key: 'team', Value: 'x' }],
    });
    const [version, ...others] = await versions(api, { LaunchTemplateName: 'web/v_1.(a)' });
    assert.deepEqual(others, []);
    assert.deepEqual(version?.LaunchTemplateData, data);
    assert.deepEqual([version.VersionDescription, version.DefaultVersion, version.VersionNumber], ['first', true, 1]);
  });

  test('a version takes what it does not say from its source, and nothing without one', async () => {
    const api = await emptyApi();
    const LaunchTemplateId = await make(api, 'web', {
      InstanceType: 't3.micro',
      KeyName: 'ops',
      SecurityGroupIds: ['sg-01'],
    });
    const second = await grow(api, {
      LaunchTemplateId,
      SourceVersion: '1',
      LaunchTemplateData: { InstanceType: 't3.large', SecurityGroupIds: ['sg-02'] },
    });
    assert.deepEqual(second.LaunchTemplateData, {
      InstanceType: 't3.large',
      KeyName: 'ops',
      SecurityGroupIds: ['sg-02'],
    });
    const third = await grow(api, { LaunchTemplateId, LaunchTemplateData: { KeyName: 'dev' } });
    assert.deepEqual(third.LaunchTemplateData, { KeyName: 'dev' });
    assert.deepEqual([third.VersionNumber, third.DefaultVersion], [3, false]);
    await refusedWith(
      grow(api, { LaunchTemplateId, SourceVersion: '9', LaunchTemplateData: { KeyName: 'x' } }),
      'InvalidLaunchTemplateId.VersionNotFound',
    );
    await refusedWith(grow(api, { LaunchTemplateId }), 'MissingParameter');
    assert.deepEqual(await numbers(api, { LaunchTemplateId }), [3, 2, 1]);
  });

  test('versions are found by number, by name and between bounds', async () => {
    const api = await emptyApi();
    const LaunchTemplateId = await make(api, 'web');
    for (const InstanceType of ['t3.small', 't3.large', 't3.nano'] as const)
      await grow(api, { LaunchTemplateId, LaunchTemplateData: { InstanceType } });
    await api.client.send(new ec2.ModifyLaunchTemplateCommand({ LaunchTemplateId, DefaultVersion: '2' }));
    assert.deepEqual(await numbers(api, { LaunchTemplateId, Versions: ['$Latest', '$Default', '1', '4'] }), [4, 2, 1]);
    assert.deepEqual(await numbers(api, { LaunchTemplateId, MinVersion: '2', MaxVersion: '3' }), [3, 2]);
    const other = await make(api, 'app');
    const newest = await versions(api, { Versions: ['$Latest'] });
    assert.deepEqual(
      new Set(newest.map((one) => `${one.LaunchTemplateId} ${one.VersionNumber}`)),
      new Set([`${LaunchTemplateId} 4`, `${other} 1`]),
    );
    const filter = async (Name: string, value: string): Promise<readonly unknown[]> =>
      await numbers(api, { LaunchTemplateId, Filters: [{ Name, Values: [value] }] });
    assert.deepEqual(await filter('instance-type', 't3.s*'), [2]);
    assert.deepEqual(await filter('is-default-version', 'true'), [2]);
    assert.deepEqual(await filter('image-id', '*'), []);
    await refusedWith(versions(api, {}), 'MissingParameter');
    await refusedWith(versions(api, { Versions: ['1'] }), 'InvalidParameterValue');
    await refusedWith(
      versions(api, { LaunchTemplateId, Versions: ['1', '9'] }),
      'InvalidLaunchTemplateId.VersionNotFound',
      `Could not find the specified version 9 for the launch template with ID ${LaunchTemplateId}.`,
    );
    const page = await api.client.send(
      new ec2.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, MaxResults: 3 }),
    );
    assert.deepEqual(
      await numbers(api, { LaunchTemplateId, MaxResults: 3, NextToken: page.NextToken ?? assert.fail() }),
      [1],
    );
  });

  test('the default version moves only to one that is there', async () => {
    const api = await emptyApi();
    const LaunchTemplateId = await make(api, 'web');
    const modify = async (DefaultVersion: string): Promise<unknown> =>
      await api.client.send(new ec2.ModifyLaunchTemplateCommand({ LaunchTemplateId, DefaultVersion }));
    await refusedWith(modify('666'), 'InvalidLaunchTemplateId.VersionNotFound');
    await refusedWith(modify('x'), 'InvalidLaunchTemplateId.VersionNotFound');
    await grow(api, { LaunchTemplateId, LaunchTemplateData: { KeyName: 'k' } });
    await modify('$Latest');
    assert.deepEqual(await numbers(api, { LaunchTemplateId, Versions: ['$Default'] }), [2]);
  });

  test('a version that is deleted stays away, and its number too', async () => {
    const api = await emptyApi();
    const LaunchTemplateId = await make(api, 'web');
    for (const KeyName of ['a', 'b']) await grow(api, { LaunchTemplateId, LaunchTemplateData: { KeyName } });
    const done = await api.client.send(
      new ec2.DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['3', '1', '9'] }),
    );
    assert.deepEqual(
      done.SuccessfullyDeletedLaunchTemplateVersions?.map(({ VersionNumber }) => VersionNumber),
      [3],
    );
    assert.deepEqual(
      done.UnsuccessfullyDeletedLaunchTemplateVersions?.map(({ VersionNumber, ResponseError }) => [
        VersionNumber,
        ResponseError?.Code,
      ]),
      [
        [1, 'unexpectedError'],
        [9, 'launchTemplateVersionDoesNotExist'],
      ],
    );
    const { LaunchTemplates: templates } = await api.client.send(new ec2.DescribeLaunchTemplatesCommand({}));
    assert.equal(templates?.[0]?.LatestVersionNumber, 2);
    assert.equal((await grow(api, { LaunchTemplateId, LaunchTemplateData: { KeyName: 'c' } })).VersionNumber, 4);
    assert.deepEqual(await numbers(api, { LaunchTemplateId }), [4, 2, 1]);
    await api.client.send(new ec2.DeleteLaunchTemplateCommand({ LaunchTemplateName: 'web' }));
    assert.equal(api.estate().details.launchTemplateVersions.size, 0);
    await refusedWith(
      versions(api, { LaunchTemplateId }),
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${LaunchTemplateId}, does not exist.`,
    );
  });

  test('names', async () => {
    const api = await emptyApi();
    const id = await make(api, 'web');
    await refusedWith(make(api, 'web'), 'InvalidLaunchTemplateName.AlreadyExistsException', /already in use/);
    for (const name of ['ab', 'some illegal name', 'x'.repeat(129), 'é23'])
      await refusedWith(make(api, name), 'InvalidLaunchTemplateName.MalformedException');
    await refusedWith(versions(api, { LaunchTemplateName: 'none' }), 'InvalidLaunchTemplateName.NotFoundException');
    await refusedWith(versions(api, { LaunchTemplateId: 'lt' }), 'InvalidLaunchTemplateId.Malformed');
    await refusedWith(
      versions(api, { LaunchTemplateId: id, LaunchTemplateName: 'web' }),
      'InvalidParameterCombination',
    );
    const find = async (input: ec2.DescribeLaunchTemplatesRequest): Promise<number | undefined> =>
      (await api.client.send(new ec2.DescribeLaunchTemplatesCommand(input))).LaunchTemplates?.length;
    assert.equal(await find({ LaunchTemplateIds: [id], LaunchTemplateNames: ['web'] }), 1);
    assert.equal(await find({ Filters: [{ Name: 'launch-template-name', Values: ['w*'] }] }), 1);
    assert.equal(await find({ Filters: [{ Name: 'tag-key', Values: ['*'] }] }), 0);
    await refusedWith(find({ LaunchTemplateNames: ['none'] }), 'InvalidLaunchTemplateName.NotFoundException');
  });

  test('data that no launch could use', async () => {
    const api = await emptyApi();
    await refusedWith(make(api, 'web', {}), 'MissingParameter');
    const refused = async (data: ec2.RequestLaunchTemplateData, code: string, text?: RegExp): Promise<void> =>
      await refusedWith(make(api, 'web', data), code, text);
    await refused({ InstanceMarketOptions: { MarketType: 'spot' } }, 'UnsupportedOperation', /InstanceMarketOptions/);
    await refused({ InstanceRequirements: { VCpuCount: { Min: 1 }, MemoryMiB: { Min: 1 } } }, 'UnsupportedOperation');
    await refused({ RamDiskId: 'ari-1' }, 'UnsupportedOperation', /RamDiskId/);
    await refused({ UserData: '!' }, 'InvalidParameterValue', /BASE64/);
    await refused({ UserData: Buffer.alloc(16_385).toString('base64') }, 'InvalidParameterValue', /16384/);
    await refused({ Placement: { GroupName: 'g' } }, 'UnsupportedOperation', /GroupName/);
    await refused({ TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] }, 'InvalidParameterValue');
    await refused({ NetworkInterfaces: [{ PrivateIpAddress: '10.0.0.300' }] }, 'InvalidParameterValue');
    await refused({ NetworkInterfaces: [{ InterfaceType: 'efa' }] }, 'UnsupportedOperation');
    await refused({ MetadataOptions: { HttpPutResponseHopLimit: 65 } }, 'InvalidParameterValue');
    assert.equal(api.estate().details.launchTemplates.size, 0);
    // Terraform always sends this one.
    const id = await make(api, 'web', { UserData: '' });
    assert.deepEqual((await versions(api, { LaunchTemplateId: id }))[0]?.LaunchTemplateData, {});
  });
});
