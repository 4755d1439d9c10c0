/**
 * @module testing/network/run
 *
 * A whole run: disturbed periods, in which everything is proposed, each followed by a fair one, in which it must be agreed.
 */

import { present } from '../../base/errors.ts'
import type { Malice } from '../../core/parsec/index.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Proposal } from './agenda.ts'
import { knownForks, type Participation, participation } from './census.ts'
import { checkRun } from './checks.ts'
import { OF_THE_PAST, POWERS, type Power } from './crimes.ts'
import { removeOffenders, runFairly } from './fair.ts'
import { type NetworkOptions, ParsecNetwork } from './network.ts'

export interface RunReport {
  readonly seed: string
  /** One line for each broken property; empty when all hold. */
  readonly violations: readonly string[]
  /** In the graph of the correct peer that has agreed most, as are blocks and elections. */
  readonly events: number
  readonly blocks: number
  readonly elections: number
  readonly voterChanges: number
  /** Self-parents with several children that correct peers know of. */
  readonly knownForks: number
  /** Over all correct peers. */
  readonly removalsMidMessage: number
  readonly crashes: number
  readonly comparisons: number
  /** The most fair rounds that anything waited for an election. */
  readonly mostRounds: number
  /** That malicious peers committed by hand. */
  readonly crimes: number
  /** Messages that correct peers' budgets kept out, and accusations of Unprovable that they asked for. */
  readonly lostToBudgets: number
  readonly spamReports: number
  /** Correct voters that started from a checkpoint, events that they made, votes for blocks and accusations among them. */
  readonly fromCheckpoint: Participation
  /** Correct peers that stood still, and went on by the whole graph. */
  readonly startedAgain: number
  /** Provable offenders evident to a correct voter; all are removed. */
  readonly evident: number
  readonly removalRounds: number
  /** Kinds of the accusations that were agreed. */
  readonly convictions: readonly Malice['type'][]
}

export interface RunOptions {
  readonly periods: number
  /** More periods follow while the graph has fewer events. */
  readonly minEvents: number
  readonly ticks: number
  /** Proposals for each disturbed period. */
  readonly payloads: number
  readonly joins: number
  readonly removals: number
}

interface Vote {
  readonly peer: number
  readonly proposal: Proposal
}

/** Options drawn from the seed. */
export function randomOptions(random: SeededRandom, hash?: (bytes: Uint8Array) => Uint8Array): NetworkOptions {
  const genesisSize = random.int(4, 8)
  return {
    seed: random.seed,
    genesisSize,
    forkers: random.chance(0.15) ? 0 : random.int(1, Math.ceil(genesisSize / 3) - 1),
    gossipRate: random.pick([0.08, 0.12, 0.2]),
    lossRate: random.pick([0, 0.05, 0.2]),
    duplicationRate: random.pick([0, 0.1, 0.2]),
    maxDelayTicks: random.pick([1, 4, 12]),
    crashRate: random.pick([0.001, 0.002, 0.005]),
    forkRate: random.pick([0.01, 0.03, 0.1]),
    fromCheckpointRate: 0.5,
    checkpointInterval: random.pick([2, 5, 10]),
    maxMessageBytes: random.pick([8 * 1024 * 1024, 32 * 1024]),
    ...(hash === undefined ? {} : { hash }),
  }
}

/** Malicious peers with powers drawn by lot. */
export function maliciousOptions(random: SeededRandom, hash?: (bytes: Uint8Array) => Uint8Array): NetworkOptions {
  const options = randomOptions(random, hash)
  const count = random.pick([1, 1, 2, 3, POWERS.length + 1])
  return {
    ...options,
    forkers: Math.max(1, options.forkers),
    forkRate: options.forkRate / 4,
    crimeRate: random.pick([0.005, 0.02, 0.1]),
    powers: random.shuffle<Power>([...POWERS, OF_THE_PAST]).slice(0, count),
  }
}

export const DEFAULT_RUN: RunOptions = { periods: 3, minEvents: 2_000, ticks: 160, payloads: 12, joins: 1, removals: 1 }

class Run {
  readonly network: ParsecNetwork
  readonly options: RunOptions
  readonly random: SeededRandom
  readonly #due = new Map<number, Vote[]>()
  /** Peers that are to be removed, agreed or not. */
  readonly #leaving = new Set<number>()
  #healsAt = 0

  constructor(network: ParsecNetwork, options: RunOptions) {
    this.network = network
    this.options = options
    this.random = network.random.fork('agenda')
  }

  disturbedPeriod(): void {
    const { ticks, payloads, joins, removals } = this.options
    this.network.disturb()
    const agenda = new Map<number, (() => void)[]>()
    const plan = (count: number, action: () => void): void => {
      for (let i = 0; i < count; i += 1) {
        const at = this.random.int(1, ticks - 30)
        agenda.set(at, [...(agenda.get(at) ?? []), action])
      }
    }
    plan(payloads, () => this.#proposePayload())
    plan(joins, () => this.#proposeJoin())
    plan(removals, () => this.#proposeRemoval())
    plan(1, () => this.#partition())
    for (let tick = 1; tick <= ticks; tick += 1) {
      for (const action of agenda.get(tick) ?? []) action()
      this.network.tick()
      if (this.network.now === this.#healsAt) this.network.links.cut(new Set())
      for (const { peer, proposal } of this.#due.get(this.network.now) ?? []) this.#vote(peer, proposal)
    }
  }

  #partition(): void {
    const peers = [...this.network.correct.keys(), ...this.network.forkers.keys()]
    this.network.links.cut(new Set(this.random.shuffle(peers).slice(0, this.random.int(1, peers.length - 1))))
    this.#healsAt = this.network.now + this.random.int(10, 60)
  }

  #vote(peer: number, proposal: Proposal): void {
    const node = this.network.correct.get(peer)
    if (node !== undefined && !this.network.isDown(peer)) this.network.vote(node, proposal)
    for (const instance of this.network.forkers.get(peer)?.instances ?? []) {
      if (this.random.chance(0.6)) this.network.vote(instance, proposal)
    }
  }

  #proposePayload(): void {
    const { agenda, correct, forkers } = this.network
    const isSingle = this.random.chance(0.5)
    const by = isSingle ? this.random.pick([...correct.keys(), ...forkers.keys()]) : null
    this.#propose(agenda.payload(by))
  }

  #proposeJoin(): void {
    const node = this.network.join()
    this.#propose(this.network.agenda.add(node.id))
  }

  /** Only while fewer than a third of the voters stay faulty, whatever else of the agenda is agreed. */
  #proposeRemoval(): void {
    const voters = this.network
      .voters()
      .map((id) => this.network.numberOf(id))
      .filter((peer) => !this.#leaving.has(peer))
    const faulty = voters.filter((peer) => this.network.forkers.has(peer)).length
    const pending = [...this.#leaving].filter((peer) => this.network.forkers.has(peer)).length
    const candidates = voters.filter(
      (peer) => this.network.forkers.has(peer) || 3 * (faulty + pending) < voters.length - 1,
    )
    if (voters.length <= 4 || candidates.length === 0) return
    const peer = this.random.pick(candidates)
    this.#leaving.add(peer)
    this.#propose(this.network.agenda.remove(this.network.idOf(peer)))
  }

  #propose(proposal: Proposal): void {
    const { agenda, correct, forkers, now } = this.network
    const proposed = agenda.propose(proposal, present([...correct.values()][0], 'some peers are correct'))
    const voters = proposed.by === null ? [...correct.keys(), ...forkers.keys()] : [proposed.by]
    for (const peer of voters) {
      const at = now + this.random.int(1, 25)
      const due = this.#due.get(at)
      if (due === undefined) this.#due.set(at, [{ peer, proposal: proposed }])
      else due.push({ peer, proposal: proposed })
    }
  }
}

export function runNetwork(options: NetworkOptions, run: RunOptions = DEFAULT_RUN): RunReport {
  const network = new ParsecNetwork(options)
  const whole = new Run(network, run)
  const violations: string[] = []
  let mostRounds = 0
  for (let period = 0; period < run.periods || network.mostAdvanced().parsec.eventCount < run.minEvents; period += 1) {
    if (violations.length > 0) break
    whole.disturbedPeriod()
    const fair = runFairly(network)
    mostRounds = Math.max(mostRounds, fair.mostRounds)
    violations.push(...fair.violations)
  }
  const removal = removeOffenders(network)
  violations.push(...removal.violations, ...checkRun(network), ...network.differences)
  const reference = network.mostAdvanced()
  return {
    seed: network.random.seed,
    violations,
    events: reference.parsec.eventCount,
    blocks: reference.blocks.length,
    elections: reference.elections,
    voterChanges: reference.blocks.filter(({ payload }) => payload.type === 'Add' || payload.type === 'Remove').length,
    knownForks: knownForks(network.group, reference.facts),
    removalsMidMessage: network.removalsMidMessage,
    crashes: network.crashes,
    comparisons: [...network.correct.values()].reduce((sum, { compared }) => sum + compared, 0),
    mostRounds,
    crimes: network.crimes,
    lostToBudgets: [...network.guards.values()].flatMap(({ lost }) => [...lost.values()]).reduce((a, b) => a + b, 0),
    spamReports: network.spamReports,
    fromCheckpoint: participation([...network.correct.values()]),
    startedAgain: [...network.correct.values()].filter((node) => node.startedAgain).length,
    evident: removal.evident.length,
    removalRounds: removal.rounds,
    convictions: reference.blocks.flatMap(({ payload }) =>
      payload.type === 'Accusation' ? [payload.malice.type] : [],
    ),
  }
}
