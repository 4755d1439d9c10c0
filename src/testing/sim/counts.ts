/**
 * @module testing/sim/counts
 *
 * How often each fault and each rare path occurred, so that a run shows that it tested what it says.
 */

import type { DiskCounts } from './disk.ts'
import type { Dealing } from './process.ts'
import type { WorkloadName } from './scenario.ts'

export interface SimCounts extends DiskCounts {
  /** Gossip events, each once. */
  events: number
  blocks: number
  /** Appends of blocks at the peer that has most: each holds one election's or several's. */
  elections: number
  votes: number
  /** Ballots proposed, votes in them by peers, decisions shown, certificates verified, proofs of both choices. */
  proposals: number
  ballotVotes: number
  decisions: number
  certificates: number
  equivocations: number
  crashes: number
  /** Of these: planned for a dealing with the outside. */
  crashesAtAppend: number
  crashesAtDurable: number
  crashesAtRead: number
  crashesAtSend: number
  crashesAtReceive: number
  restarts: number
  /** Peers that gave up by themselves, as on a log that cannot be read, and were started again. */
  gaveUp: number
  closed: number
  partitions: number
  clockJumps: number
  silences: number
  pauses: number
  joins: number
  /** Of these: from a checkpoint. */
  checkpointJoins: number
  leaves: number
  secondProcesses: number
  fenced: number
  knownForks: number
  /** Committed by hand, by adversaries. */
  crimes: number
  /** Of these: floods. */
  floods: number
  /** Adversaries that joined in order to attack, and may vote; runs in which several play together. */
  latecomers: number
  collusions: number
  /** Adversaries that were over their budgets at the peer that held back most of them; agreed removals for malice. */
  overBudget: number
  convictions: number
  changesOfVoters: number
  /** A voter's removal was decided at an event in the middle of a message; at one peer of each run. */
  removalsMidMessage: number
  sent: number
  lost: number
  duplicated: number
  reordered: number
  cut: number
}

export const CRASHES_AT = {
  append: 'crashesAtAppend',
  durable: 'crashesAtDurable',
  read: 'crashesAtRead',
  send: 'crashesAtSend',
  receive: 'crashesAtReceive',
} as const satisfies Record<Dealing, keyof SimCounts>

export function noCounts(): SimCounts {
  return {
    events: 0,
    blocks: 0,
    elections: 0,
    votes: 0,
    proposals: 0,
    ballotVotes: 0,
    decisions: 0,
    certificates: 0,
    equivocations: 0,
    crashes: 0,
    crashesAtAppend: 0,
    crashesAtDurable: 0,
    crashesAtRead: 0,
    crashesAtSend: 0,
    crashesAtReceive: 0,
    restarts: 0,
    gaveUp: 0,
    closed: 0,
    partitions: 0,
    clockJumps: 0,
    silences: 0,
    pauses: 0,
    joins: 0,
    checkpointJoins: 0,
    leaves: 0,
    secondProcesses: 0,
    fenced: 0,
    knownForks: 0,
    crimes: 0,
    floods: 0,
    latecomers: 0,
    collusions: 0,
    overBudget: 0,
    convictions: 0,
    changesOfVoters: 0,
    removalsMidMessage: 0,
    appends: 0,
    facts: 0,
    tornTails: 0,
    lostAppends: 0,
    unansweredAppends: 0,
    appendFaults: 0,
    fences: 0,
    sent: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    cut: 0,
  }
}

export function addCounts(into: SimCounts, more: SimCounts): void {
  for (const name of Object.keys(into) as (keyof SimCounts)[]) into[name] += more[name]
}

/** How often a run of many seeds sees each at least, for every seed. */
const FLOORS: Readonly<Record<WorkloadName, Partial<Record<keyof SimCounts, number>>>> = {
  payloads: {
    events: 2_000,
    elections: 5,
    restarts: 5,
    crashesAtAppend: 0.1,
    crashesAtDurable: 0.1,
    crashesAtRead: 0.01,
    crashesAtSend: 0.1,
    crashesAtReceive: 0.1,
    lostAppends: 0.3,
    unansweredAppends: 0.3,
    tornTails: 0.05,
    appendFaults: 0.5,
    fenced: 0.1,
    knownForks: 0.1,
    crimes: 0.3,
    floods: 0.5,
    latecomers: 0.01,
    collusions: 0.005,
    overBudget: 0.02,
    convictions: 0.2,
    changesOfVoters: 0.2,
    checkpointJoins: 0.02,
    removalsMidMessage: 0.02,
    partitions: 0.5,
    clockJumps: 0.5,
    lost: 5,
    duplicated: 5,
    reordered: 5,
  },
  ballots: {
    restarts: 1,
    proposals: 2,
    ballotVotes: 4,
    decisions: 4,
    certificates: 2,
    equivocations: 0.2,
    changesOfVoters: 0.05,
    partitions: 0.1,
  },
}

export function missedFloors(counts: SimCounts, seeds: number, workload: WorkloadName): readonly string[] {
  return Object.entries(FLOORS[workload]).flatMap(([name, each]) => {
    const floor = Math.floor(each * seeds)
    const count = counts[name as keyof SimCounts]
    return count < floor ? [`${name}: ${count} of at least ${floor}`] : []
  })
}
