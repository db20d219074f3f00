import type { Instance } from '../terraform/plan-json.ts';
import {
  at,
  blockAt,
  definedOf,
  type Fields,
  fieldsBy,
  flagAt,
  instanceOf,
  known,
  listAt,
  type Naming,
  tagsOf,
} from './fields.ts';
import type { Resource, Resources } from './network.ts';
import { isList, Opaque, textOf, UNKNOWN, type Value } from './value.ts';

/** A service whose interfaces stand in subnets: Terraform's type for it and its fields; `block`: the block that they stand in. */
type Service = {
  readonly type: string;
  readonly fields?: Naming;
  readonly block?: { readonly name: string; readonly path: string; readonly fields: Naming };
  /** Without subnets it stands in those of the default VPC, or in all that AWS chooses. */
  readonly needs?: string;
};

const inVpcConfig = (type: string, path: string, names: Naming): Service => ({
  type,
  block: { name: 'vpc_config', path, fields: names },
});
const database = (type: string): Service => ({
  type,
  fields: {
    vpc_security_group_ids: 'VpcSecurityGroupIds[]',
    db_subnet_group_name: 'DBSubnetGroupName',
    publicly_accessible: '?PubliclyAccessible',
  },
  needs: 'db_subnet_group_name',
});
const BOTH: Naming = { subnet_ids: 'SubnetIds[]', security_group_ids: 'SecurityGroupIds[]' };
const CACHE: Naming = { security_group_ids: 'SecurityGroupIds[]', subnet_group_name: 'SubnetGroupName' };

/** Services by CloudFormation's type. */
export const SERVICES: Readonly<Record<string, Service>> = {
  'AWS::ElasticLoadBalancing::LoadBalancer': {
    type: 'aws_elb',
    fields: { subnets: 'Subnets[]', security_groups: 'SecurityGroups[]' },
    needs: 'subnets',
  },
  'AWS::RDS::DBInstance': {
    ...database('aws_db_instance'),
    fields: { ...database('').fields, vpc_security_group_ids: 'VPCSecurityGroups[]' },
  },
  'AWS::RDS::DBCluster': database('aws_rds_cluster'),
  'AWS::DocDB::DBCluster': database('aws_docdb_cluster'),
  'AWS::RDS::DBProxy': {
    type: 'aws_db_proxy',
    fields: { vpc_security_group_ids: 'VpcSecurityGroupIds[]', vpc_subnet_ids: 'VpcSubnetIds[]' },
  },
  'AWS::Neptune::DBCluster': {
    type: 'aws_neptune_cluster',
    fields: { vpc_security_group_ids: 'VpcSecurityGroupIds[]', neptune_subnet_group_name: 'DBSubnetGroupName' },
    needs: 'neptune_subnet_group_name',
  },
  'AWS::RDS::DBSubnetGroup': { type: 'aws_db_subnet_group', fields: { subnet_ids: 'SubnetIds[]' } },
  'AWS::DocDB::DBSubnetGroup': { type: 'aws_db_subnet_group', fields: { subnet_ids: 'SubnetIds[]' } },
  'AWS::Neptune::DBSubnetGroup': { type: 'aws_neptune_subnet_group', fields: { subnet_ids: 'SubnetIds[]' } },
  'AWS::ElastiCache::SubnetGroup': { type: 'aws_elasticache_subnet_group', fields: { subnet_ids: 'SubnetIds[]' } },
  'AWS::Redshift::ClusterSubnetGroup': { type: 'aws_redshift_subnet_group', fields: { subnet_ids: 'SubnetIds[]' } },
  'AWS::MemoryDB::SubnetGroup': { type: 'aws_memorydb_subnet_group', fields: { subnet_ids: 'SubnetIds[]' } },
  'AWS::DAX::SubnetGroup': { type: 'aws_dax_subnet_group', fields: { subnet_ids: 'SubnetIds[]' } },
  'AWS::Lambda::Function': inVpcConfig('aws_lambda_function', 'VpcConfig', BOTH),
  'AWS::Serverless::Function': inVpcConfig('aws_lambda_function', 'VpcConfig', BOTH),
  'AWS::Synthetics::Canary': inVpcConfig('aws_synthetics_canary', 'VPCConfig', BOTH),
  'AWS::EKS::Cluster': inVpcConfig('aws_eks_cluster', 'ResourcesVpcConfig', BOTH),
  'AWS::CodeBuild::Project': inVpcConfig('aws_codebuild_project', 'VpcConfig', {
    subnets: 'Subnets[]',
    security_group_ids: 'SecurityGroupIds[]',
  }),
  'AWS::EKS::Nodegroup': { type: 'aws_eks_node_group', fields: { subnet_ids: 'Subnets[]' } },
  'AWS::EKS::FargateProfile': { type: 'aws_eks_fargate_profile', fields: { subnet_ids: 'Subnets[]' } },
  'AWS::ECS::Service': {
    type: 'aws_ecs_service',
    block: {
      name: 'network_configuration',
      path: 'NetworkConfiguration.AwsvpcConfiguration',
      fields: { subnets: 'Subnets[]', security_groups: 'SecurityGroups[]', assign_public_ip: 'AssignPublicIp' },
    },
  },
  'AWS::ElastiCache::CacheCluster': {
    type: 'aws_elasticache_cluster',
    fields: { security_group_ids: 'VpcSecurityGroupIds[]', subnet_group_name: 'CacheSubnetGroupName' },
    needs: 'subnet_group_name',
  },
  'AWS::ElastiCache::ReplicationGroup': {
    type: 'aws_elasticache_replication_group',
    fields: { security_group_ids: 'SecurityGroupIds[]', subnet_group_name: 'CacheSubnetGroupName' },
    needs: 'subnet_group_name',
  },
  'AWS::ElastiCache::ServerlessCache': { type: 'aws_elasticache_serverless_cache', fields: BOTH },
  'AWS::MemoryDB::Cluster': { type: 'aws_memorydb_cluster', fields: CACHE, needs: 'subnet_group_name' },
  'AWS::DAX::Cluster': { type: 'aws_dax_cluster', fields: CACHE, needs: 'subnet_group_name' },
  'AWS::Redshift::Cluster': {
    type: 'aws_redshift_cluster',
    fields: {
      vpc_security_group_ids: 'VpcSecurityGroupIds[]',
      cluster_subnet_group_name: 'ClusterSubnetGroupName',
      publicly_accessible: '?PubliclyAccessible',
    },
    needs: 'cluster_subnet_group_name',
  },
  'AWS::RedshiftServerless::Workgroup': {
    type: 'aws_redshiftserverless_workgroup',
    fields: { ...BOTH, publicly_accessible: '?PubliclyAccessible' },
    needs: 'subnet_ids',
  },
  'AWS::OpenSearchService::Domain': {
    type: 'aws_opensearch_domain',
    block: { name: 'vpc_options', path: 'VPCOptions', fields: BOTH },
  },
  'AWS::Elasticsearch::Domain': {
    type: 'aws_elasticsearch_domain',
    block: { name: 'vpc_options', path: 'VPCOptions', fields: BOTH },
  },
  'AWS::EFS::MountTarget': {
    type: 'aws_efs_mount_target',
    fields: { security_groups: 'SecurityGroups[]', subnet_id: 'SubnetId' },
  },
  'AWS::EC2::InstanceConnectEndpoint': {
    type: 'aws_ec2_instance_connect_endpoint',
    fields: { security_group_ids: 'SecurityGroupIds[]', subnet_id: 'SubnetId' },
  },
  'AWS::FSx::FileSystem': { type: 'aws_fsx_lustre_file_system', fields: BOTH },
  'AWS::MSK::Cluster': {
    type: 'aws_msk_cluster',
    block: {
      name: 'broker_node_group_info',
      path: 'BrokerNodeGroupInfo',
      fields: { client_subnets: 'ClientSubnets[]', security_groups: 'SecurityGroups[]' },
    },
  },
  'AWS::AmazonMQ::Broker': {
    type: 'aws_mq_broker',
    fields: {
      subnet_ids: 'SubnetIds[]',
      security_groups: 'SecurityGroups[]',
      publicly_accessible: '?PubliclyAccessible',
    },
    needs: 'subnet_ids',
  },
  'AWS::Batch::ComputeEnvironment': {
    type: 'aws_batch_compute_environment',
    block: {
      name: 'compute_resources',
      path: 'ComputeResources',
      fields: { subnets: 'Subnets[]', security_group_ids: 'SecurityGroupIds[]' },
    },
  },
  'AWS::AppRunner::VpcConnector': {
    type: 'aws_apprunner_vpc_connector',
    fields: { subnets: 'Subnets[]', security_groups: 'SecurityGroups[]' },
  },
  'AWS::MWAA::Environment': {
    type: 'aws_mwaa_environment',
    block: { name: 'network_configuration', path: 'NetworkConfiguration', fields: BOTH },
  },
  'AWS::SageMaker::NotebookInstance': {
    type: 'aws_sagemaker_notebook_instance',
    fields: { subnet_id: 'SubnetId', security_groups: 'SecurityGroupIds[]' },
  },
  'AWS::DMS::ReplicationInstance': {
    type: 'aws_dms_replication_instance',
    fields: {
      vpc_security_group_ids: 'VpcSecurityGroupIds[]',
      replication_subnet_group_id: 'ReplicationSubnetGroupIdentifier',
      publicly_accessible: '?PubliclyAccessible',
    },
    needs: 'replication_subnet_group_id',
  },
  'AWS::DMS::ReplicationSubnetGroup': {
    type: 'aws_dms_replication_subnet_group',
    fields: { subnet_ids: 'SubnetIds[]' },
  },
  'AWS::Transfer::Server': {
    type: 'aws_transfer_server',
    block: { name: 'endpoint_details', path: 'EndpointDetails', fields: BOTH },
  },
};

/** What a service becomes. */
export function readService({ id, properties }: Resource, service: Service): readonly Instance[] {
  const fields: { [name: string]: Value | undefined } = { ...fieldsBy(properties, service.fields ?? {}) };
  const { block, needs } = service;
  if (block !== undefined) fields[block.name] = blockAt(properties, block.path, block.fields);
  if (needs !== undefined) fields[needs] ??= UNKNOWN;
  // `ENABLED` where Terraform has a truth value.
  if (service.type === 'aws_ecs_service') fields[block?.name ?? ''] = withPublic(fields[block?.name ?? '']);
  return [instanceOf(id, service.type, { ...fields, tags: tagsOf(properties) })];
}

function withPublic(blocks: Value | undefined): Value | undefined {
  if (!isList(blocks)) return blocks;
  return blocks.map((one) => {
    const asked = at(one, 'assign_public_ip');
    const isPublic = asked === undefined || asked === 'DISABLED' ? false : asked === 'ENABLED' ? true : UNKNOWN;
    return definedOf({
      subnets: at(one, 'subnets'),
      security_groups: at(one, 'security_groups'),
      assign_public_ip: isPublic,
    });
  });
}

/** Machines, interfaces, and what machines are made from. */
export const MACHINES: Readonly<Record<string, (one: Resource, others: Resources) => readonly Instance[]>> = {
  'AWS::EC2::NetworkInterface': (one) => [instanceOf(one.id, 'aws_network_interface', interfaceFields(one.properties))],
  'AWS::EC2::Instance': readMachine,
  'AWS::EC2::LaunchTemplate': readTemplateOfMachines,
  'AWS::AutoScaling::LaunchConfiguration': (one) => [
    instanceOf(one.id, 'aws_launch_configuration', {
      name: one.id,
      ...fieldsBy(one.properties, {
        security_groups: 'SecurityGroups[]',
        associate_public_ip_address: '?AssociatePublicIpAddress',
      }),
    }),
  ],
  'AWS::AutoScaling::AutoScalingGroup': readScaling,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': readBalancer,
  'AWS::EC2::VPCEndpoint': (one) => [
    instanceOf(one.id, 'aws_vpc_endpoint', {
      ...fieldsBy(one.properties, { ...BOTH, route_table_ids: 'RouteTableIds[]' }),
      vpc_endpoint_type: at(one.properties, 'VpcEndpointType') ?? 'Gateway',
    }),
  ],
};

function interfaceFields(properties: Value): Fields {
  const more = listAt(properties, 'PrivateIpAddresses');
  const addresses = isList(more) ? more.map((one) => known(at(one, 'PrivateIpAddress')) ?? UNKNOWN) : (more ?? []);
  const primary = known(at(properties, 'PrivateIpAddress'));
  const count = at(properties, 'SecondaryPrivateIpAddressCount') === undefined ? [] : [UNKNOWN];
  const ipv6 = listAt(properties, 'Ipv6Addresses');
  return {
    ...fieldsBy(properties, {
      subnet_id: 'SubnetId',
      security_groups: 'GroupSet[]',
      source_dest_check: '?SourceDestCheck',
      interface_type: 'InterfaceType',
      ipv6_address_count: 'Ipv6AddressCount',
    }),
    source_dest_check: flagAt(properties, 'SourceDestCheck') ?? true,
    private_ips: isList(addresses) ? [...(primary === undefined ? [] : [primary]), ...addresses, ...count] : UNKNOWN,
    ...(isList(ipv6) ? { ipv6_addresses: ipv6.map((one) => at(one, 'Ipv6Address') ?? UNKNOWN) } : {}),
    tags: tagsOf(properties),
  };
}

function readMachine({ id, properties }: Resource): readonly Instance[] {
  const listed = listAt(properties, 'NetworkInterfaces');
  const nics = isList(listed) ? listed : [];
  const first = nics.find((nic, place) => device(nic, place) === 0) ?? nics[0];
  const own = first === undefined || at(first, 'NetworkInterfaceId') !== undefined ? {} : interfaceFields(first);
  const groups = listAt(properties, 'SecurityGroupIds') ?? listAt(properties, 'SecurityGroups');
  const brought = nics.flatMap((nic, place): Value[] => {
    const eni = at(nic, 'NetworkInterfaceId');
    return eni === undefined ? [] : [{ network_interface_id: eni, device_index: device(nic, place) }];
  });
  const more = nics.flatMap((nic, place) =>
    nic === first || at(nic, 'NetworkInterfaceId') !== undefined
      ? []
      : [
          instanceOf(`${id}/eni${place}`, 'aws_network_interface', {
            ...interfaceFields(nic),
            attachment: [{ instance: id, device_index: device(nic, place) }],
          }),
        ],
  );
  const machine = instanceOf(id, 'aws_instance', {
    ...fieldsBy(properties, {
      subnet_id: 'SubnetId',
      source_dest_check: '?SourceDestCheck',
      ipv6_address_count: 'Ipv6AddressCount',
    }),
    private_ip: known(at(properties, 'PrivateIpAddress')),
    vpc_security_group_ids: groups,
    ...(own['subnet_id'] === undefined ? {} : { subnet_id: own['subnet_id'] }),
    ...(own['security_groups'] === undefined ? {} : { vpc_security_group_ids: own['security_groups'] }),
    ...firstAddress(own['private_ips']),
    associate_public_ip_address: first === undefined ? undefined : flagAt(first, 'AssociatePublicIpAddress'),
    source_dest_check: flagAt(properties, 'SourceDestCheck') ?? own['source_dest_check'] ?? true,
    public_ip: UNKNOWN,
    ...(listed === UNKNOWN ? { subnet_id: UNKNOWN, vpc_security_group_ids: UNKNOWN } : {}),
    network_interface: brought,
    launch_template: launchTemplate(properties),
    tags: tagsOf(properties),
  });
  return [machine, ...more];
}

function device(nic: Value, place: number): number {
  return Number(textOf(at(nic, 'DeviceIndex')) ?? place);
}

function firstAddress(addresses: Value | undefined): Fields {
  if (!isList(addresses) || addresses.length === 0) return {};
  const [primary, ...others] = addresses;
  return { private_ip: primary, secondary_private_ips: others };
}

function launchTemplate(properties: Value): Value | undefined {
  return blockAt(properties, 'LaunchTemplate', { id: 'LaunchTemplateId', name: 'LaunchTemplateName' });
}

function readTemplateOfMachines({ id, properties }: Resource): readonly Instance[] {
  const nics = listAt(properties, 'LaunchTemplateData.NetworkInterfaces');
  return [
    instanceOf(id, 'aws_launch_template', {
      name: at(properties, 'LaunchTemplateName'),
      vpc_security_group_ids:
        listAt(properties, 'LaunchTemplateData.SecurityGroupIds') ??
        listAt(properties, 'LaunchTemplateData.SecurityGroups'),
      network_interfaces: isList(nics)
        ? nics.map((nic) =>
            nic === UNKNOWN || nic instanceof Opaque
              ? { security_groups: UNKNOWN, associate_public_ip_address: UNKNOWN }
              : definedOf(
                  fieldsBy(nic, {
                    security_groups: 'Groups[]',
                    associate_public_ip_address: '?AssociatePublicIpAddress',
                  }),
                ),
          )
        : nics,
    }),
  ];
}

function readScaling({ id, properties }: Resource): readonly Instance[] {
  const zones = at(properties, 'VPCZoneIdentifier');
  const subnets = typeof zones === 'string' ? zones.split(',').map((one) => one.trim()) : zones;
  const mixed = at(properties, 'MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification');
  return [
    instanceOf(id, 'aws_autoscaling_group', {
      vpc_zone_identifier: isList(subnets) ? subnets : UNKNOWN,
      launch_template: launchTemplate(properties),
      launch_configuration: at(properties, 'LaunchConfigurationName'),
      ...(mixed === undefined
        ? {}
        : {
            mixed_instances_policy: [
              {
                launch_template: [
                  {
                    launch_template_specification: [
                      definedOf({
                        launch_template_id: at(mixed, 'LaunchTemplateId'),
                        launch_template_name: at(mixed, 'LaunchTemplateName'),
                      }),
                    ],
                  },
                ],
              },
            ],
          }),
      tags: tagsOf(properties),
    }),
  ];
}

function readBalancer({ id, properties }: Resource): readonly Instance[] {
  const type = at(properties, 'Type') ?? 'application';
  const scheme = at(properties, 'Scheme');
  const mappings = listAt(properties, 'SubnetMappings');
  const mapped = isList(mappings) ? mappings.map((one) => at(one, 'SubnetId') ?? UNKNOWN) : mappings;
  const groups = listAt(properties, 'SecurityGroups');
  return [
    instanceOf(id, 'aws_lb', {
      subnets: listAt(properties, 'Subnets') ?? mapped ?? UNKNOWN,
      // Without groups an application load balancer gets the default one of its VPC.
      security_groups: groups ?? (type === 'network' || type === 'gateway' ? [] : UNKNOWN),
      internal:
        scheme === undefined ? false : scheme === 'internal' ? true : scheme === 'internet-facing' ? false : UNKNOWN,
      load_balancer_type: type,
      tags: tagsOf(properties),
    }),
  ];
}
