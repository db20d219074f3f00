# What a person does with boto3: a group, its rules, an error. Prints what came back as JSON.
import json
import time
import boto3
from botocore.exceptions import ClientError

ec2 = boto3.client("ec2")
vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "boto & <co>"}]}])["Vpc"]
group = ec2.create_security_group(GroupName="web", Description="web servers", VpcId=vpc["VpcId"])["GroupId"]
ec2.authorize_security_group_ingress(
    GroupId=group,
    IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "everybody"}]},
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": group}]},
    ],
)
pages = list(ec2.get_paginator("describe_security_group_rules").paginate(Filters=[{"Name": "group-id", "Values": [group]}], PaginationConfig={"PageSize": 5}))
try:
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    error = None
except ClientError as refused:
    error = refused.response["Error"]["Code"]
shown = ec2.describe_security_groups(Filters=[{"Name": "ip-permission.cidr", "Values": ["0.0.0.0/0"]}])["SecurityGroups"]
# Network insights: a path between two interfaces that the group's own rule opens.
subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
ends = [ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)]
path = ec2.create_network_insights_path(Source=ends[0], Destination=ends[1], Protocol="tcp", DestinationPort=22)["NetworkInsightsPath"]["NetworkInsightsPathId"]
analysis = ec2.start_network_insights_analysis(NetworkInsightsPathId=path)["NetworkInsightsAnalysis"]
for _ in range(100):
    if analysis["Status"] != "running":
        break
    time.sleep(0.05)
    (analysis,) = ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[analysis["NetworkInsightsAnalysisId"]])["NetworkInsightsAnalyses"]
interfaces = {"ResourceStatement": {"ResourceTypes": ["AWS::EC2::NetworkInterface"]}}
scope = ec2.create_network_insights_access_scope(MatchPaths=[{"Source": interfaces, "Destination": interfaces}])["NetworkInsightsAccessScope"]["NetworkInsightsAccessScopeId"]
scoped = ec2.start_network_insights_access_scope_analysis(NetworkInsightsAccessScopeId=scope)["NetworkInsightsAccessScopeAnalysis"]["NetworkInsightsAccessScopeAnalysisId"]
for _ in range(200):
    findings = ec2.get_network_insights_access_scope_analysis_findings(NetworkInsightsAccessScopeAnalysisId=scoped)
    if findings["AnalysisStatus"] != "running":
        break
    time.sleep(0.05)
identity = boto3.client("sts").get_caller_identity()
print(json.dumps({
    "tags": vpc["Tags"],
    "rules": sum(len(page["SecurityGroupRules"]) for page in pages),
    "error": error,
    "findings": sorted(
        [hop["InboundHeader"]["DestinationPortRanges"] for hop in one["FindingComponents"] if "InboundHeader" in hop] for one in findings["AnalysisFindings"] if one["FindingComponents"][0]["Component"]["Id"] in ends
    ),
    "found": analysis.get("NetworkPathFound"),
    "hops": [hop["Component"]["Id"].split("-")[0] for hop in analysis.get("ForwardPathComponents", [])],
    "open": [one["GroupName"] for one in shown],
    "account": identity["Account"],
    "request": len(ec2.describe_vpcs()["ResponseMetadata"]["RequestId"]),
}))
