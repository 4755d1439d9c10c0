/**
 * @module testing/sim/scenario
 *
 * What a seed makes happen: how many peers, for how long, and which faults how often. Drawn at once, so that a seed says it all.
 */

import type { LinkFaults } from '../../transport/memory/faults.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { DiskFaults } from './disk.ts'

const ALWAYS = ['crash', 'crashAtDealing', 'crashWhileWriting'] as const
/** What stands twice is drawn twice as often. */
const SOMETIMES = [
  'closeAndReopen',
  'partition',
  'heal',
  'network',
  'network',
  'disk',
  'clockJump',
  'silence',
  'join',
  'leave',
  'secondProcess',
  'pause',
] as const
export type FaultKind = (typeof ALWAYS | typeof SOMETIMES)[number]
export const FAULT_KINDS: readonly FaultKind[] = [...new Set<FaultKind>([...ALWAYS, ...SOMETIMES])]

/** Parts against the rules: see adversaries/. */
export type AdversaryName = 'forker' | 'criminal' | 'flooder' | 'latecomer'

/** What the peers are asked for: see workloads/. */
export type WorkloadName = 'payloads' | 'ballots'

export interface Scenario {
  /** Genesis members, adversaries included; a latecomer is none yet. */
  readonly peers: number
  /** The parts of the first members; the others are correct. Always fewer than a third. */
  readonly adversaries: readonly AdversaryName[]
  readonly workloads: readonly WorkloadName[]
  /** Blocks between checkpoints. Default: the engine's. */
  readonly checkpointInterval?: number
  /** The faults go on for so long, and until there are nearly so many gossip events and elections as there must be. */
  readonly chaosMs: number
  readonly minEvents: number
  readonly minElections: number
  readonly voteEveryMs: number
  /** Votes at a time, of one peer. */
  readonly votesAtOnce: number
  readonly faultEveryMs: number
  readonly maxJoins: number
  /** Where joiners start. There is no checkpoint to start from while a forker may vote. */
  readonly joinsFrom: 'graph' | 'checkpoint'
  readonly faults: readonly FaultKind[]
  /** The first correct peer's n-th life crashes at its so many-th dealing with the outside. */
  readonly crashAt: readonly number[]
  /** Virtual hours without anything to do, at the end. */
  readonly idleHours: number
}

/** Share of runs that stay idle for a day: it costs as much as the run itself. */
const LONG_IDLE = 0.02

/** Two play together where that is fewer than a third. */
function drawCast(random: SeededRandom, peers: number): readonly AdversaryName[] {
  if (random.chance(0.7)) return []
  const cast: readonly AdversaryName[] = [random.pick(['criminal', 'criminal', 'flooder', 'latecomer'])]
  return peers >= 7 ? [...cast, random.pick(['criminal', 'forker'])] : cast
}

/** From checkpoints with many of them, so that there is one before the group adds a joiner. */
function drawJoins(random: SeededRandom, hasNoAdversary: boolean): Pick<Scenario, 'joinsFrom' | 'checkpointInterval'> {
  return hasNoAdversary && random.chance(0.5)
    ? { joinsFrom: 'checkpoint', checkpointInterval: random.pick([5, 20, 100]) }
    : { joinsFrom: 'graph' }
}

export function drawScenario(random: SeededRandom): Scenario {
  const peers = random.pick([4, 4, 4, 4, 4, 4, 5, 5, 6, 7])
  const adversaries = random.chance(0.3) ? (['forker'] as const) : drawCast(random.fork('cast'), peers)
  return {
    peers,
    adversaries,
    ...drawJoins(random.fork('joins'), adversaries.length === 0),
    workloads: ['payloads'],
    chaosMs: random.int(2_000, 5_000),
    minEvents: 2_000,
    minElections: 5,
    voteEveryMs: random.int(60, 300),
    votesAtOnce: random.pick([1, 1, 2, 4, 8]),
    faultEveryMs: random.int(100, 800),
    faults: [...ALWAYS, ...SOMETIMES.filter(() => random.chance(0.6))],
    maxJoins: random.pick([1, 1, 1, 2]),
    crashAt: [],
    idleHours: random.chance(LONG_IDLE) ? 24 : 0.25,
  }
}

/**
 * Short and small, for many seeds: ballots of both finalities with deadlines of seconds. Clocks do not jump by hours here:
 * a deadline by a clock that is an hour ahead is an hour away for the others.
 */
export function drawBallotScenario(random: SeededRandom): Scenario {
  const faults = SOMETIMES.filter((kind) => kind !== 'clockJump' && random.chance(0.6))
  const peers = random.pick([4, 4, 4, 4, 5])
  const adversaries = random.chance(0.2) ? (['forker'] as const) : []
  return {
    peers,
    adversaries,
    workloads: ['ballots'],
    checkpointInterval: 4,
    chaosMs: random.int(300, 1_200),
    minEvents: 20,
    minElections: 1,
    voteEveryMs: random.int(10, 40),
    votesAtOnce: 1,
    faultEveryMs: random.int(40, 300),
    faults: [...ALWAYS, ...faults],
    maxJoins: 1,
    joinsFrom: drawJoins(random.fork('joins'), adversaries.length === 0).joinsFrom,
    crashAt: [],
    idleHours: random.chance(LONG_IDLE) ? 1 : 0,
  }
}

export function drawNetwork(random: SeededRandom): Partial<LinkFaults> {
  const maxDelayMs = random.pick([0, 5, 20, 80, 300])
  return {
    lossRate: random.pick([0, 0.02, 0.1, 0.3]),
    duplicateRate: random.pick([0, 0.05, 0.2]),
    minDelayMs: random.chance(0.5) ? maxDelayMs / 4 : 0,
    maxDelayMs,
    reorderRate: random.pick([0, 0.05, 0.3]),
    maxHoldMs: random.pick([50, 1000]),
  }
}

export const CALM: LinkFaults = {
  lossRate: 0,
  duplicateRate: 0,
  minDelayMs: 1,
  maxDelayMs: 4,
  reorderRate: 0,
  maxHoldMs: 0,
}

export const CALM_DISK: DiskFaults = { faultRate: 0, maxDelayMs: 2 }

export function drawDisk(random: SeededRandom): DiskFaults {
  return { faultRate: random.pick([0, 0, 0.02, 0.1]), maxDelayMs: random.pick([0, 2, 20, 200]) }
}
