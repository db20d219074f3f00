/** Types that hold resources of which the template does not say what they are. */
const HOLDS =
  /^(?:Custom::|AWS::CloudFormation::(?:Stack|StackSet|CustomResource|Macro)|AWS::ServiceCatalog::CloudFormationProvisionedProduct|.*::MODULE$)/;

/** Types that decide about reachability and are not followed. Routes to them are unknown. */
const MATTERS = new RegExp(
  `^AWS::(?:${[
    'EC2::TransitGateway',
    'EC2::VPN(?!GatewayRoutePropagation)',
    'EC2::CustomerGateway',
    'EC2::ClientVpn',
    'EC2::CarrierGateway',
    'EC2::LocalGateway',
    'EC2::RouteServer',
    'EC2::VPCBlockPublicAccess',
    'EC2::SpotFleet',
    'EC2::EC2Fleet',
    'EC2::NetworkInterfacePermission',
    'EC2::VerifiedAccess',
    'EC2::VPCEncryptionControl',
    'NetworkFirewall::',
    'NetworkManager::',
    'VpcLattice::',
    'DirectConnect::',
    'GlobalAccelerator::',
    'EMR::Cluster',
    'WorkSpaces::',
    'DirectoryService::',
    'Route53Resolver::ResolverEndpoint',
  ].join('|')})`,
);

/** Types that name or watch things and never decide about a packet. */
const PASSED = new RegExp(
  `^AWS::(?:${[
    'ApiGateway',
    'ApplicationAutoScaling::',
    'Athena::',
    'AutoScaling::(?:ScalingPolicy|ScheduledAction|LifecycleHook|WarmPool)',
    'Backup::',
    'Budgets::',
    'CDK::',
    'CertificateManager::',
    'Cloud9::',
    'CloudFormation::(?:Init|Interface|WaitCondition)',
    'CloudFront::',
    'CloudTrail::',
    'CloudWatch::',
    'CodeBuild::',
    'CodeCommit::',
    'CodeDeploy::',
    'CodePipeline::',
    'Cognito::',
    'Config::',
    'DynamoDB::',
    'EC2::(?:DHCPOptions|VPCDHCPOptionsAssociation|FlowLog|KeyPair|PlacementGroup|Volume|VolumeAttachment|NetworkInsights|IPAM|VPCEndpointService|VPCEndpointConnectionNotification)',
    'ECR::',
    'ECS::(?:Cluster|TaskDefinition|CapacityProvider)',
    'EFS::(?:FileSystem|AccessPoint)',
    'EKS::(?:Addon|AccessEntry|IdentityProvider|PodIdentity)',
    'ElasticLoadBalancingV2::(?:Listener|TargetGroup|TrustStore)',
    'ElastiCache::ParameterGroup',
    'Events::',
    'Glue::',
    'GuardDuty::',
    'IAM::',
    'KMS::',
    'Kinesis',
    'Lambda::(?!Function$)',
    'Logs::',
    'RDS::(?:DBParameterGroup|DBClusterParameterGroup|OptionGroup|EventSubscription)',
    'Route53::',
    'S3::',
    'SES::',
    'SNS::',
    'SQS::',
    'SSM::',
    'Scheduler::',
    'SecretsManager::',
    'Serverless::(?:Api|SimpleTable|LayerVersion)',
    'StepFunctions::',
    'WAF',
  ].join('|')})`,
);

/** What Crenel makes of a type that it does not read: it matters, holds more resources, has no part in traffic, or is not known. */
export function kindOfTemplateType(type: string): 'matters' | 'holds' | 'passed' | 'other' {
  if (HOLDS.test(type)) return 'holds';
  if (MATTERS.test(type)) return 'matters';
  return PASSED.test(type) ? 'passed' : 'other';
}
