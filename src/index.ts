// The library: records, what rules mean, questions and their documents. No server, no files, no clock.
export { type Address, type Family, formatAddress, parseAddress } from './core/net/address.ts';
export { type Cidr, formatCidr, parseCidr } from './core/net/cidr.ts';
export { type Packet, packetOf } from './core/net/packet.ts';
export type { Result } from './core/net/result.ts';
export { formatTraffic, parseTraffic, type PortRange, type Traffic, type Transport } from './core/net/traffic.ts';

export { type Change, isEmptyChange, recordChange, reverseChange, squashChanges } from './core/model/change.ts';
export type { ConnectionTimeouts, Eni, EniAddress, Instance } from './core/model/eni.ts';
export type {
  EgressOnlyGateway,
  ElasticAddress,
  InternetGateway,
  NatAddress,
  NatGateway,
  PeeringConnection,
  PeeringSide,
} from './core/model/gateway.ts';
export { DEFAULT_LIMITS, limitFaults, type Limits } from './core/model/limits.ts';
export { asId } from './core/model/ids.ts';
export type * from './core/model/ids.ts';
export type { AclEntry, NetworkAcl } from './core/model/network-acl.ts';
export type { PrefixList, PrefixListEntry } from './core/model/prefix-list.ts';
export { type Kind, KINDS, type Records } from './core/model/records.ts';
export type { Route, RouteDestination, RouteTable, RouteTarget } from './core/model/route-table.ts';
export type { Direction, GroupAssociation, Peer, Rule, SecurityGroup } from './core/model/security-group.ts';
export type { Tag, Tags } from './core/model/tag.ts';
export type { Subnet, Vpc } from './core/model/vpc.ts';
export {
  applyChange,
  changeBetween,
  getRecord,
  listRecords,
  type RecordLists,
  type World,
  worldOf,
} from './core/model/world.ts';

export { evaluate, type GateAnswer, type Verdict, type WayVerdict } from './core/policy/evaluate.ts';
export { explain, type Explanation, type TraceStep } from './core/policy/explain.ts';
export { remedies, type Remedy, remedyText } from './core/policy/explain-remedy.ts';
export type { End, Gate, Origin, Path } from './core/policy/path.ts';
export { planPath } from './core/policy/plan.ts';
export { hasTransport, type Reach, reachOf, type TrafficSet } from './core/policy/reach.ts';
export type {
  Decision,
  DenyReason,
  NearMiss,
  Outcome,
  PassReason,
  RuleRef,
  Stage,
  UnknownReason,
  Way,
} from './core/policy/verdict.ts';

export { FlowLog, type FlowRecord } from './core/track/flow-log.ts';
export { DEFAULT_OPTIONS, Network, type NetworkOptions, type Passage, type Sent } from './core/track/network.ts';
export type { Scenario, ScenarioChange, ScenarioStep } from './core/track/scenario.ts';
export type { TcpFlags } from './core/track/tcp.ts';

export {
  type Answer,
  type AnswerGroup,
  answerQuestion,
  type AnswerVerdict,
  DEFAULT_EFFORT,
  type Effort,
} from './analysis/answer.ts';
export { type AnswerDocument, answerDocument, type PairsDocument } from './analysis/answer-document.ts';
export { type Endpoint, type EndpointError, type EndpointKind, resolveEndpoint } from './analysis/endpoint.ts';
export { type EniReport, eniReport } from './analysis/eni-report.ts';
export { type GroupReport, groupReport } from './analysis/group-report.ts';
export { findEni, findGroup, findSubnet } from './analysis/lookup.ts';
export type { Question } from './analysis/question.ts';
export { simulate, type Simulation, type SimulationFault, type StepReport } from './analysis/simulate.ts';
export { simulationDocument, type SimulationDocument } from './analysis/simulation-document.ts';
export { type SubnetReport, subnetReport } from './analysis/subnet-report.ts';

// Questions about all pairs of a world. Each gives the document that the command of the same name prints with --json.
export { editsOf } from './analysis/answer-edits.ts';
export type { EditsDocument } from './analysis/edits/edits-document.ts';
export {
  type AssertionDocument,
  type AssertionError,
  type AssertionsDocument,
  type Asserted,
  judgeAssertions,
} from './analysis/assertions.ts';
export { type DiffDocument, diffDocument, isNoDifference, type StatementDocument } from './analysis/diff-document.ts';
export { endsAt, type EndsTables } from './analysis/diff-ends.ts';
export { type ExposureDocument, exposures, type ExposuresDocument } from './analysis/exposure.ts';
export { type Finding as LintFinding, LINT_RULES, type LintRule, type Severity } from './analysis/lint/finding.ts';
export { applyIgnores, findingsOf, type Ignore } from './analysis/lint/ignores.ts';
export { RAISED_QUOTAS, raisedQuotas } from './analysis/lint/raised-quotas.ts';
export { type LintDocument, type LintOptions, lintWorld } from './analysis/lint/lint.ts';
export { type MatrixCell, matrixDocument, type MatrixDocument, type MatrixQuery } from './analysis/matrix-document.ts';
export { type Certainty, type Difference, differenceOf } from './analysis/pairs/difference.ts';

export { readAssertions, type WrittenFact } from './formats/assertion-file.ts';
export { readIgnores, type WrittenIgnore } from './formats/ignore-file.ts';
export type { FileFault } from './formats/written-yaml.ts';
export { readSent } from './formats/any-text.ts';
export type { AnyWorld } from './formats/any-world.ts';
export type { DocumentKind } from './formats/document-kind.ts';
export { overlayPlan } from './formats/terraform/overlay.ts';
export type { PlanWorlds } from './formats/terraform/plan.ts';
export { formatFlowRecord, parseFlowRecord } from './formats/flow-log.ts';
export { parseScenario, type ScenarioDocument } from './formats/scenario.ts';
export { DescribeReader, type Export, type Finding } from './formats/describe.ts';
