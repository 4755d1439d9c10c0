/**
 * @module testing/sim/counts
 *
 * How often each fault and each rare path occurred, so that a run shows that it tested what it says.
 */

import type { DiskCounts } from './disk.ts'

export interface SimCounts extends DiskCounts {
  /** Gossip events, each once. */
  events: number
  blocks: number
  /** Appends of blocks at the peer that has most: each holds one election's or several's. */
  elections: number
  votes: number
  crashes: number
  crashesAtDealings: number
  restarts: number
  /** Peers that gave up by themselves, as on a log that cannot be read, and were started again. */
  gaveUp: number
  closed: number
  partitions: number
  clockJumps: number
  silences: number
  pauses: number
  joins: number
  leaves: number
  secondProcesses: number
  fenced: number
  knownForks: number
  changesOfVoters: number
  sent: number
  lost: number
  duplicated: number
  reordered: number
  cut: number
}

export function noCounts(): SimCounts {
  return {
    events: 0,
    blocks: 0,
    elections: 0,
    votes: 0,
    crashes: 0,
    crashesAtDealings: 0,
    restarts: 0,
    gaveUp: 0,
    closed: 0,
    partitions: 0,
    clockJumps: 0,
    silences: 0,
    pauses: 0,
    joins: 0,
    leaves: 0,
    secondProcesses: 0,
    fenced: 0,
    knownForks: 0,
    changesOfVoters: 0,
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

/** What a run of `seeds` seeds must have seen, at least. */
export function missedFloors(counts: SimCounts, seeds: number): readonly string[] {
  const floors: Partial<Record<keyof SimCounts, number>> = {
    restarts: 2,
    lostAppends: 0.5,
    unansweredAppends: 0.5,
    tornTails: 0.02,
    knownForks: 0.05,
    changesOfVoters: 0.2,
    partitions: 0.2,
    clockJumps: 0.2,
    fenced: 0.1,
    duplicated: 1,
    lost: 1,
  }
  return Object.entries(floors)
    .filter(([name, each]) => counts[name as keyof SimCounts] < Math.floor(each * seeds))
    .map(([name, each]) => `${name}: ${counts[name as keyof SimCounts]} of at least ${Math.floor(each * seeds)}`)
}
