/** Properties that are not called like the attribute of Terraform that stands for them, in another way of writing. */
const OTHERS: Readonly<Record<string, string>> = {
  action: 'RuleAction',
  cidr_blocks: 'CidrIp',
  db_subnet_group_name: 'DBSubnetGroupName',
  egress: 'SecurityGroupEgress',
  egress_only_gateway_id: 'EgressOnlyInternetGatewayId',
  ingress: 'SecurityGroupIngress',
  ipv6_cidr_blocks: 'CidrIpv6',
  neptune_subnet_group_name: 'DBSubnetGroupName',
  private_ip: 'PrivateIpAddress',
  private_ips: 'PrivateIpAddresses',
  rule_no: 'RuleNumber',
  vpc_zone_identifier: 'VPCZoneIdentifier',
};

/** The same where it depends on the type of the resource. */
const BY_TYPE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  aws_db_instance: { vpc_security_group_ids: 'VPCSecurityGroups' },
  aws_instance: { vpc_security_group_ids: 'SecurityGroupIds' },
  aws_launch_template: { vpc_security_group_ids: 'LaunchTemplateData.SecurityGroupIds' },
  aws_network_interface: { security_groups: 'GroupSet' },
  aws_security_group: { protocol: 'IpProtocol', prefix_list_ids: 'PrefixListId', security_groups: 'SecurityGroupId' },
  aws_security_group_rule: {
    prefix_list_ids: 'PrefixListId',
    protocol: 'IpProtocol',
    security_group_id: 'GroupId',
    source_security_group_id: 'SecurityGroupId',
  },
};

/** What a template calls an attribute: of a rule's peer without the `Source` or `Destination` before it. */
export function propertyName(type: string, attribute: string): string {
  const own = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  for (const names of [own ?? {}, OTHERS]) if (Object.hasOwn(names, attribute)) return names[attribute] ?? attribute;
  return attribute.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
