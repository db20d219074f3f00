import type { Attributes } from './attributes.ts';

/** How a resource type has interfaces in subnets: where it names groups and subnets. */
export type MemberType = {
  readonly groups: readonly string[];
  readonly subnets: readonly string[];
  /** The type of the subnet group that `subnets` names, where it does not name subnets. */
  readonly subnetGroup?: string;
  /** Whether its interfaces have public addresses; undefined: not known. */
  readonly isPublic?: (one: Attributes) => boolean | undefined;
  /** AWS's type of interface, where that matters. */
  readonly type?: (one: Attributes) => string;
  /** Whether it has interfaces at all. */
  readonly when?: (one: Attributes) => boolean;
  /** AWS gives the interfaces a group of its own beside these. */
  readonly addsGroup?: boolean;
};

const isFacing = (one: Attributes): boolean | undefined => {
  const isInternal = one.raw('internal');
  if (typeof isInternal === 'boolean') return !isInternal;
  return one.isUnknown('internal') && one.isDeclared('internal') !== false ? undefined : true;
};
const isOpen = (one: Attributes): boolean | undefined => one.flag('publicly_accessible');

const inVpcConfig: MemberType = { groups: ['vpc_config', 'security_group_ids'], subnets: ['vpc_config', 'subnet_ids'] };
const balancer: MemberType = {
  groups: ['security_groups'],
  subnets: ['subnets'],
  isPublic: isFacing,
  type: (one) => (one.text('load_balancer_type') === 'network' ? 'network_load_balancer' : 'interface'),
  when: (one) => one.text('load_balancer_type') !== 'gateway',
};
const database: MemberType = {
  groups: ['vpc_security_group_ids'],
  subnets: ['db_subnet_group_name'],
  subnetGroup: 'aws_db_subnet_group',
  isPublic: isOpen,
};
const inDomain: MemberType = { groups: ['vpc_options', 'security_group_ids'], subnets: ['vpc_options', 'subnet_ids'] };
const direct: MemberType = { groups: ['security_groups'], subnets: ['subnet_ids'] };
const cached = (subnetGroup: string): MemberType => ({
  groups: ['security_group_ids'],
  subnets: ['subnet_group_name'],
  subnetGroup,
});

/** Resource types of which AWS makes the interfaces: their groups have members, with addresses and in numbers that a plan does not say. */
export const MEMBERS: Readonly<Record<string, MemberType>> = {
  aws_lb: balancer,
  aws_alb: balancer,
  aws_elb: { groups: ['security_groups'], subnets: ['subnets'], isPublic: isFacing },
  aws_db_instance: database,
  aws_rds_cluster: database,
  aws_db_proxy: { groups: ['vpc_security_group_ids'], subnets: ['vpc_subnet_ids'] },
  aws_docdb_cluster: database,
  aws_neptune_cluster: { ...database, subnets: ['neptune_subnet_group_name'], subnetGroup: 'aws_neptune_subnet_group' },
  aws_lambda_function: inVpcConfig,
  aws_codebuild_project: { groups: ['vpc_config', 'security_group_ids'], subnets: ['vpc_config', 'subnets'] },
  aws_synthetics_canary: inVpcConfig,
  aws_elasticache_cluster: cached('aws_elasticache_subnet_group'),
  aws_elasticache_replication_group: cached('aws_elasticache_subnet_group'),
  aws_elasticache_serverless_cache: { groups: ['security_group_ids'], subnets: ['subnet_ids'] },
  aws_memorydb_cluster: cached('aws_memorydb_subnet_group'),
  aws_dax_cluster: cached('aws_dax_subnet_group'),
  aws_ecs_service: {
    groups: ['network_configuration', 'security_groups'],
    subnets: ['network_configuration', 'subnets'],
    isPublic: (one) => one.block('network_configuration')?.flag('assign_public_ip'),
  },
  aws_eks_cluster: { ...inVpcConfig, addsGroup: true },
  aws_eks_node_group: {
    groups: ['remote_access', 'source_security_group_ids'],
    subnets: ['subnet_ids'],
    addsGroup: true,
  },
  aws_eks_fargate_profile: { groups: ['security_group_ids'], subnets: ['subnet_ids'], addsGroup: true },
  aws_vpc_endpoint: {
    groups: ['security_group_ids'],
    subnets: ['subnet_ids'],
    when: (one) => one.text('vpc_endpoint_type') === 'Interface',
  },
  aws_ec2_instance_connect_endpoint: { groups: ['security_group_ids'], subnets: ['subnet_id'] },
  aws_efs_mount_target: { groups: ['security_groups'], subnets: ['subnet_id'] },
  aws_fsx_lustre_file_system: { groups: ['security_group_ids'], subnets: ['subnet_ids'] },
  aws_fsx_ontap_file_system: { groups: ['security_group_ids'], subnets: ['subnet_ids'] },
  aws_fsx_openzfs_file_system: { groups: ['security_group_ids'], subnets: ['subnet_ids'] },
  aws_fsx_windows_file_system: { groups: ['security_group_ids'], subnets: ['subnet_ids'] },
  aws_msk_cluster: {
    groups: ['broker_node_group_info', 'security_groups'],
    subnets: ['broker_node_group_info', 'client_subnets'],
  },
  aws_msk_serverless_cluster: { groups: ['vpc_config', 'security_group_ids'], subnets: ['vpc_config', 'subnet_ids'] },
  aws_mq_broker: { ...direct, isPublic: isOpen },
  aws_redshift_cluster: {
    groups: ['vpc_security_group_ids'],
    subnets: ['cluster_subnet_group_name'],
    subnetGroup: 'aws_redshift_subnet_group',
    isPublic: isOpen,
  },
  aws_redshiftserverless_workgroup: { groups: ['security_group_ids'], subnets: ['subnet_ids'], isPublic: isOpen },
  aws_opensearch_domain: inDomain,
  aws_elasticsearch_domain: inDomain,
  aws_dms_replication_instance: {
    groups: ['vpc_security_group_ids'],
    subnets: ['replication_subnet_group_id'],
    subnetGroup: 'aws_dms_replication_subnet_group',
    isPublic: isOpen,
  },
  aws_apprunner_vpc_connector: { groups: ['security_groups'], subnets: ['subnets'] },
  aws_batch_compute_environment: {
    groups: ['compute_resources', 'security_group_ids'],
    subnets: ['compute_resources', 'subnets'],
  },
  aws_mwaa_environment: {
    groups: ['network_configuration', 'security_group_ids'],
    subnets: ['network_configuration', 'subnet_ids'],
  },
  aws_sagemaker_notebook_instance: { groups: ['security_groups'], subnets: ['subnet_id'] },
  aws_route53_resolver_endpoint: { groups: ['security_group_ids'], subnets: ['ip_address', 'subnet_id'] },
  aws_cloudhsm_v2_hsm: { groups: ['security_group_id'], subnets: ['subnet_id'], addsGroup: true },
  aws_directory_service_directory: { groups: ['security_group_id'], subnets: ['vpc_settings', 'subnet_ids'] },
  aws_transfer_server: {
    groups: ['endpoint_details', 'security_group_ids'],
    subnets: ['endpoint_details', 'subnet_ids'],
  },
};

/** Types that are read elsewhere than in `MEMBERS`. */
export const UNDERSTOOD: ReadonlySet<string> = new Set([
  'aws_vpc',
  'aws_default_vpc',
  'aws_vpc_ipv4_cidr_block_association',
  'aws_vpc_ipv6_cidr_block_association',
  'aws_subnet',
  'aws_default_subnet',
  'aws_route_table',
  'aws_default_route_table',
  'aws_route',
  'aws_route_table_association',
  'aws_main_route_table_association',
  'aws_internet_gateway',
  'aws_internet_gateway_attachment',
  'aws_egress_only_internet_gateway',
  'aws_nat_gateway',
  'aws_eip',
  'aws_eip_association',
  'aws_vpc_peering_connection',
  'aws_vpc_peering_connection_accepter',
  'aws_vpc_endpoint_route_table_association',
  'aws_security_group',
  'aws_default_security_group',
  'aws_security_group_rule',
  'aws_vpc_security_group_ingress_rule',
  'aws_vpc_security_group_egress_rule',
  'aws_vpc_security_group_vpc_association',
  'aws_network_acl',
  'aws_default_network_acl',
  'aws_network_acl_rule',
  'aws_network_acl_association',
  'aws_ec2_managed_prefix_list',
  'aws_ec2_managed_prefix_list_entry',
  'aws_network_interface',
  'aws_network_interface_attachment',
  'aws_network_interface_sg_attachment',
  'aws_instance',
  'aws_spot_instance_request',
  'aws_launch_template',
  'aws_launch_configuration',
  'aws_autoscaling_group',
  'aws_db_subnet_group',
  'aws_elasticache_subnet_group',
  'aws_memorydb_subnet_group',
  'aws_dax_subnet_group',
  'aws_neptune_subnet_group',
  'aws_redshift_subnet_group',
  'aws_dms_replication_subnet_group',
]);

/** Types that decide about reachability and that Crenel does not follow. Routes to them, and what they put into tables, are unknown. */
const MATTERS = new RegExp(
  `^aws_(?:${[
    'ec2_transit_gateway',
    'vpn_',
    'customer_gateway',
    'dx_',
    'networkfirewall_',
    'networkmanager_',
    'ec2_local_gateway',
    'ec2_carrier_gateway',
    'ec2_fleet',
    'spot_fleet_request',
    'vpc_block_public_access',
    'vpc_route_server',
    'vpc_network_performance',
    'vpclattice_',
    'ec2_client_vpn',
    'verifiedaccess_',
    'globalaccelerator_',
    'network_interface_permission',
    'vpc_endpoint_subnet_association',
    'vpc_endpoint_security_group_association',
    'rds_cluster_instance',
    'vpc_encryption_control',
  ].join('|')})`,
);

/** Types that name or watch things and never decide about a packet: of other providers, and of AWS's services without interfaces in a VPC. */
const PASSED = new RegExp(
  `^(?:random_|null_|local_|tls_|time_|archive_|external|http|terraform_data|template_|aws_(?:${[
    'iam_',
    's3_',
    's3control_',
    'cloudwatch_',
    'kms_',
    'sns_',
    'sqs_',
    'route53_(?!resolver)',
    'acm_',
    'dynamodb_',
    'ecr_',
    'ecrpublic_',
    'ssm_',
    'secretsmanager_',
    'key_pair',
    'ebs_',
    'volume_attachment',
    'lb_listener',
    'lb_target_group',
    'alb_listener',
    'alb_target_group',
    'lb_cookie',
    'autoscaling_(?:policy|schedule|lifecycle|attachment|notification|group_tag)',
    'appautoscaling_',
    'cloudfront_',
    'cloudtrail',
    'config_',
    'flow_log',
    'ec2_tag',
    'vpc_dhcp_options',
    'vpc_peering_connection_options',
    'default_vpc_dhcp_options',
    'placement_group',
    'ami',
    'api_gateway_',
    'apigatewayv2_',
    'lambda_(?!function$)',
    'ecs_(?:cluster|task_definition|capacity)',
    'eks_(?:addon|access|identity|pod)',
    'db_(?:parameter|option|snapshot|event)',
    'rds_(?:cluster_parameter|global)',
    'elasticache_(?:parameter|user)',
    'budgets_',
    'guardduty_',
    'wafv2_',
    'waf',
    'codecommit_',
    'codepipeline',
    'codedeploy_',
    'cognito_',
    'athena_',
    'glue_(?!connection|dev_endpoint)',
    'kinesis_',
    'ses_',
    'sesv2_',
    'sfn_',
    'scheduler_',
    'backup_',
    'inspector',
    'securityhub_',
    'resourcegroups_',
    'servicequotas_',
    'efs_(?:access_point|file_system|backup|replication)',
    'msk_(?:configuration|scram)',
    'mq_configuration',
    'vpc_endpoint_(?:policy|service|connection_notification)',
    'route53_resolver_(?:rule|query|config|dnssec|firewall)',
    'dlm_',
    'ec2_(?:serial|image|availability|instance_state|host|capacity|subnet_cidr_reservation|traffic_mirror|network_insights)',
    'redshift_(?:parameter|snapshot|event)',
  ].join('|')}))`,
);

/** What Crenel makes of a resource type: reads it, knows that it cannot tell, knows that it does not matter, or does not know. */
export function kindOfType(type: string): 'read' | 'matters' | 'passed' | 'other' {
  if (UNDERSTOOD.has(type) || Object.hasOwn(MEMBERS, type)) return 'read';
  if (MATTERS.test(type)) return 'matters';
  return PASSED.test(type) ? 'passed' : 'other';
}
