/** Interface types whose flows AWS tracks always (E2:conntrack). */
export const AUTOMATIC_TYPES: ReadonlySet<string> = new Set([
  'network_load_balancer',
  'vpc_endpoint',
  'lambda',
  'global_accelerator_managed',
]);
