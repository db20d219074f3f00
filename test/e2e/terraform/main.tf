# Every type of resource that the server has, as people write them. `changed` turns the second step on.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "anything"
  secret_key                  = "anything"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    ec2 = var.endpoint
    sts = var.endpoint
  }
}

resource "aws_vpc" "main" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
  enable_dns_hostnames             = var.changed
  tags                             = { Name = "main" }
}

resource "aws_vpc" "peer" {
  cidr_block = "10.9.0.0/16"
}

resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.1.0.0/16"
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_default_network_acl" "peer" {
  default_network_acl_id = aws_vpc.peer.default_network_acl_id
  ingress {
    rule_no    = 100
    protocol   = -1
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
}

resource "aws_default_route_table" "peer" {
  default_route_table_id = aws_vpc.peer.default_route_table_id
  route {
    cidr_block                = aws_vpc.main.cidr_block
    vpc_peering_connection_id = aws_vpc_peering_connection.peer.id
  }
}

resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.main.id
  cidr_block              = "10.0.1.0/24"
  ipv6_cidr_block         = cidrsubnet(aws_vpc.main.ipv6_cidr_block, 8, 1)
  availability_zone       = "eu-west-1a"
  map_public_ip_on_launch = var.changed
}

resource "aws_subnet" "private" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.2.0/24"
  availability_zone = "eu-west-1a"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_egress_only_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_eip" "nat" {
  domain     = "vpc"
  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "main" {
  subnet_id     = aws_subnet.public.id
  allocation_id = aws_eip.nat.id
  lifecycle {
    # aws_ec2_tag.extra has its tags.
    ignore_changes = [tags, tags_all]
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
  route {
    ipv6_cidr_block        = "::/0"
    egress_only_gateway_id = aws_egress_only_internet_gateway.main.id
  }
}

resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}

resource "aws_route" "nat" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id
}

resource "aws_vpc_peering_connection" "peer" {
  vpc_id      = aws_vpc.main.id
  peer_vpc_id = aws_vpc.peer.id
  auto_accept = true
}

resource "aws_vpc_peering_connection_options" "peer" {
  vpc_peering_connection_id = aws_vpc_peering_connection.peer.id
  requester {
    allow_remote_vpc_dns_resolution = true
  }
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 5
  entry {
    cidr        = var.changed ? "198.51.100.0/24" : "192.0.2.0/24"
    description = "head office"
  }
}

resource "aws_security_group" "inline" {
  name        = "inline"
  description = "rules inside"
  vpc_id      = aws_vpc.main.id
  ingress {
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    cidr_blocks     = var.changed ? ["10.0.0.0/16", "192.0.2.0/24"] : ["10.0.0.0/16"]
    prefix_list_ids = [aws_ec2_managed_prefix_list.offices.id]
    self            = true
    description     = "https"
  }
  egress {
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_security_group" "bare" {
  name   = "bare"
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "old" {
  security_group_id        = aws_security_group.bare.id
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 22
  to_port                  = 22
  source_security_group_id = aws_security_group.inline.id
}

resource "aws_vpc_security_group_ingress_rule" "new" {
  security_group_id = aws_security_group.bare.id
  ip_protocol       = "icmp"
  from_port         = 8
  to_port           = -1
  cidr_ipv4         = "10.0.0.0/8"
  description       = var.changed ? "ping again" : "ping"
  tags              = { Name = "ping" }
}

resource "aws_vpc_security_group_egress_rule" "new" {
  security_group_id = aws_security_group.bare.id
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"
}

resource "aws_security_group" "shared" {
  name   = "shared"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_vpc_association" "shared" {
  security_group_id = aws_security_group.shared.id
  vpc_id            = aws_vpc.peer.id
}

resource "aws_network_acl" "private" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.private.id]
  egress {
    rule_no    = 100
    protocol   = "-1"
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
}

resource "aws_network_acl" "standalone" {
  vpc_id = aws_vpc.main.id
}

resource "aws_network_acl_rule" "deny" {
  network_acl_id = aws_network_acl.standalone.id
  rule_number    = 50
  protocol       = "tcp"
  rule_action    = "deny"
  cidr_block     = "203.0.113.66/32"
  from_port      = 22
  to_port        = var.changed ? 23 : 22
}

resource "aws_network_interface" "second" {
  subnet_id         = aws_subnet.private.id
  private_ips       = ["10.0.2.50"]
  security_groups   = var.changed ? [aws_security_group.bare.id, aws_security_group.inline.id] : [aws_security_group.bare.id]
  source_dest_check = false
}

resource "aws_key_pair" "admin" {
  key_name   = "admin"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPIaT+GdXFHfl/Ewj8Ao58r8iWajFxhJlfAR6rW5rhS6 test"
}

resource "aws_launch_template" "app" {
  name                   = "app"
  instance_type          = "t3.micro"
  image_id               = "ami-0123456789abcdef0"
  vpc_security_group_ids = [aws_security_group.bare.id]
  description            = var.changed ? "second" : "first"
}

resource "aws_instance" "app" {
  subnet_id              = aws_subnet.private.id
  key_name               = aws_key_pair.admin.key_name
  vpc_security_group_ids = [aws_security_group.bare.id]
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  tags                   = { Name = var.changed ? "app-2" : "app-1" }
}

resource "aws_network_interface_attachment" "second" {
  instance_id          = aws_instance.app.id
  network_interface_id = aws_network_interface.second.id
  device_index         = 1
}

resource "aws_ec2_tag" "extra" {
  resource_id = aws_nat_gateway.main.id
  key         = "team"
  value       = var.changed ? "network" : "shop"
}
