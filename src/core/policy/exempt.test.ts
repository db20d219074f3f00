import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../net/address.ts';
import { parseCidr } from '../net/cidr.ts';
import { expectOk } from '../net/result.ts';
import { asId } from '../model/ids.ts';
import type { Subnet, Vpc } from '../model/vpc.ts';
import { isExempt, isInternetRoutable, isReservedDestination } from './exempt.ts';

const address = (text: string): ReturnType<typeof parseAddress> & { ok: true } => {
  const parsed = parseAddress(text);
  assert.ok(parsed.ok);
  return parsed;
};
const VPC: Vpc = {
  id: asId('vpc-1'),
  ownerId: '1',
  isDefault: false,
  cidrs: ['10.0.0.0/16', '10.9.0.0/16', '2001:db8:1::/56'].map((text) => expectOk(parseCidr(text))),
  tags: [],
};
const SUBNET: Subnet = {
  id: asId('subnet-1'),
  vpcId: VPC.id,
  cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'].map((text) => expectOk(parseCidr(text))),
  mapPublicIpOnLaunch: false,
  assignIpv6OnCreation: false,
  tags: [],
};
const exempt = (text: string): boolean => isExempt(address(text).value, SUBNET, VPC);

test('the services of the VPC are exempt', () => {
  const services = [
    '169.254.169.253',
    '169.254.169.254',
    '169.254.169.123',
    'fd00:ec2::254',
    'fd00:ec2::253',
    '255.255.255.255',
  ];
  for (const text of services) assert.ok(exempt(text), text);
});

test('the resolver at the primary base plus two, and the router of the own subnet', () => {
  for (const text of ['10.0.0.2', '10.0.1.1', '2001:db8:1:1::1']) assert.ok(exempt(text), text);
  for (const text of ['10.9.0.2', '10.0.0.3', '10.0.1.2', '10.0.2.1', '2001:db8:1:1::2', '169.254.169.1'])
    assert.ok(!exempt(text), text);
});

test('nothing is exempt by base addresses that are not known', () => {
  assert.ok(!isExempt(address('10.0.0.2').value, undefined, undefined));
});

test('reserved destinations reach from 169.254.168.0 to 169.254.171.255', () => {
  for (const text of ['169.254.168.0', '169.254.171.255', 'fd00:ec2::1'])
    assert.ok(isReservedDestination(address(text).value), text);
  for (const text of ['169.254.167.255', '169.254.172.0', 'fd00:ec3::1'])
    assert.ok(!isReservedDestination(address(text).value), text);
});

test('private space is not routable, its neighbours are', () => {
  const closed = [
    '10.255.255.255',
    '172.16.0.0',
    '172.31.255.255',
    '192.168.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '224.0.0.1',
    'fc00::1',
    'fe80::1',
    '::1',
  ];
  const open = [
    '9.255.255.255',
    '11.0.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '100.128.0.0',
    '203.0.113.1',
    '2001:db8::1',
    '223.255.255.255',
  ];
  for (const text of closed) assert.ok(!isInternetRoutable(address(text).value), text);
  for (const text of open) assert.ok(isInternetRoutable(address(text).value), text);
});
