/**
 * @module testing/sim/world
 *
 * Everything of one simulated run in one place: the clock, the network, the peers with their disks, the adversaries, what
 * is asked of them, and the first violation. Only the virtual clock moves it.
 */

import { type Bytes, equalBytes } from '../../base/bytes.ts'
import { AssertionError, WitanError } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import { PeerError } from '../../engine/peer/errors.ts'
import { type GenesisOptions, groupOf, type JoinOptions } from '../../engine/peer/options.ts'
import type { Logger } from '../../ports/logger.ts'
import { MemoryNetwork } from '../../transport/memory/network.ts'
import type { PayloadFrame } from '../../wire/payload.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { ADVERSARIES } from './adversaries/index.ts'
import { AgreedOrder } from './checks/agreed-order.ts'
import { PeerChecks } from './checks/index.ts'
import { CRASHES_AT, noCounts, type SimCounts } from './counts.ts'
import { SimDisk } from './disk.ts'
import { type CrashPlan, nth } from './process.ts'
import { CALM, type Scenario } from './scenario.ts'
import { simulatedSigner } from './scheme.ts'
import { type Hooks, type Life, SimPeer } from './sim-peer.ts'
import type { Adversary, Stage, Workload } from './stage.ts'
import { Violation, violation } from './violation.ts'
import { WORKLOADS } from './workloads/index.ts'
import { Membership } from './workloads/membership.ts'

const START_MS = 1_700_000_000_000
/** A run of a day's idleness needs a fiftieth of it. */
const MOST_WAKES = 20_000_000

export class World implements Stage {
  readonly clock = new VirtualClock(START_MS)
  readonly counts: SimCounts = noCounts()
  readonly order = new AgreedOrder()
  readonly network: MemoryNetwork
  readonly genesis: GenesisOptions
  readonly random: SeededRandom
  readonly scenario: Scenario
  readonly hooks: Hooks
  readonly peers: SimPeer[] = []
  readonly adversaries: readonly Adversary[]
  readonly membership: Membership
  readonly workloads: readonly Workload[]
  #wakes = 0
  readonly #owners = new Map<string, Bytes>()
  violation: Violation | undefined
  isCalm = false
  isSettled = false

  constructor(scenario: Scenario, random: SeededRandom, hooks: Hooks) {
    this.scenario = scenario
    this.random = random
    this.hooks = hooks
    this.network = new MemoryNetwork({ clock: this.clock, random: random.fork('network'), faults: CALM })
    const names = Array.from({ length: scenario.peers }, (_, i) => `peer-${i}`)
    const { checkpointInterval } = scenario
    this.genesis = {
      members: names
        .filter((_, i) => scenario.adversaries[i] !== 'latecomer')
        .map((name) => this.signerOf(name).identity),
      ...(checkpointInterval === undefined ? {} : { checkpointInterval }),
    }
    this.adversaries = scenario.adversaries.map((part, i) => ADVERSARIES[part](this, `peer-${i}`))
    for (const name of names.slice(scenario.adversaries.length)) this.#add(name)
    this.membership = new Membership(this)
    this.workloads = [this.membership, ...scenario.workloads.map((name) => WORKLOADS[name](this))]
  }

  signerOf(name: string): ReturnType<typeof simulatedSigner> {
    return simulatedSigner(`${this.random.seed}/${name}`)
  }

  #add(name: string, join?: JoinOptions): SimPeer {
    const signer = this.signerOf(name)
    const checks = new PeerChecks({
      name,
      id: signer.identity,
      format: groupOf(this.genesis).format,
      order: this.order,
      counts: this.counts,
      isAdversary: (id) => this.#adversary(id) !== undefined,
      ordered: (payload) => this.#ordered(payload),
    })
    const disk = new SimDisk(this.clock, this.random.fork(`${name}/disk`), this.counts, (append) =>
      this.guard(() => checks.appended(append)),
    )
    disk.faults = { faultRate: 0, maxDelayMs: this.random.pick([2, 20, 60]) }
    const peer = new SimPeer(this, { name, signer, disk, checks, ...(join === undefined ? {} : { join }) })
    this.peers.push(peer)
    return peer
  }

  addJoiner(name: string): SimPeer {
    const section = this.peers.filter(({ isLeaving }) => !isLeaving).map(({ id }) => id)
    if (this.scenario.joinsFrom === 'graph') return this.#add(name, { section })
    this.counts.checkpointJoins += 1
    // From before the group adds it or after, as it comes.
    return this.#add(name, { checkpoint: { sponsors: section, timeoutMs: Number.POSITIVE_INFINITY } })
  }

  #adversary(id: Bytes): Adversary | undefined {
    return this.adversaries.find((adversary) => equalBytes(adversary.id, id))
  }

  /** Every workload hears of it, so that none waits for what another asked for in the same words. */
  #ordered(payload: PayloadFrame): boolean {
    return this.workloads.filter((workload) => workload.ordered?.(payload) === true).length > 0
  }

  addressOf(id: Bytes, what: string): Bytes {
    const address = simulatedSigner(`${toHex(id)}/${what}`).identity
    this.#owners.set(toHex(address), id)
    return address
  }

  ownerOf(address: string): Bytes | undefined {
    return this.#owners.get(address)
  }

  /** Whose address a message is for; nobody's where the two may not see each other. */
  route(from: SimPeer, to: Bytes): Bytes | undefined {
    if (this.#adversary(from.id)?.reaches?.(from, to) === false) return undefined
    return this.#adversary(to)?.addressFor?.(from) ?? to
  }

  fail(found: Violation): void {
    this.violation ??= found
  }

  /** Runs a check wherever it stands: what it throws ends the run, not the peer that happened to call. */
  readonly guard = (check: () => void): void => {
    try {
      check()
    } catch (error) {
      this.fail(error instanceof Violation ? error : violation('crashed-by-itself', 'a check', textOf(error)))
    }
  }

  /** Refusals and failing logs are to be expected; broken assertions and the language's own errors are bugs. */
  judge(name: string, error: unknown): void {
    if (error instanceof Violation) {
      this.fail(error)
    } else if (error instanceof WitanError && !(error instanceof AssertionError)) {
      if (error instanceof PeerError && (error.code === 'ReplayDiffers' || error.code === 'WrongLog')) {
        this.fail(violation('crashed-by-itself', name, error.message))
      }
    } else {
      this.fail(violation('crashed-by-itself', name, textOf(error)))
    }
  }

  logger(name: string): Logger {
    const note = (data: object): void => {
      if ('error' in data) this.judge(name, data.error)
    }
    return { debug: note, info: note, warn: note, error: note }
  }

  begins(peer: SimPeer, life: Life): void {
    const dealing = peer === this.peers[0] ? this.scenario.crashAt[life.number] : undefined
    if (dealing !== undefined) this.crashAt(peer, life, nth(dealing))
    else if (this.#mayCrashAgain(life)) this.crashAt(peer, life, nth(this.random.int(1, 6)))
  }

  /** While it recovers from a crash, most of all. */
  #mayCrashAgain({ number }: Life): boolean {
    const { faults } = this.scenario
    return number > 0 && !this.isCalm && faults.includes('crashAtDealing') && this.random.chance(0.1)
  }

  crashAt(peer: SimPeer, life: Life, isMeant: CrashPlan): void {
    life.process.crashAt(isMeant, (dealing) => {
      this.counts[CRASHES_AT[dealing]] += 1
      this.kill(peer)
    })
  }

  kill(peer: SimPeer): void {
    this.counts.crashes += 1
    peer.crash()
    this.restartLater(peer)
  }

  /** A life ended without being told to. */
  ended(peer: SimPeer, life: Life, error: Error): void {
    if (life.process.isDead) return
    this.judge(peer.name, error)
    if (error instanceof PeerError && error.code === 'Fenced') this.counts.fenced += 1
    else this.counts.gaveUp += 1
    peer.bury(life)
    this.restartLater(peer)
  }

  restartLater(peer: SimPeer): void {
    this.later(this.isCalm ? 10 : this.random.int(10, 3_000), () => {
      if (peer.life === undefined && peer.second === undefined && this.violation === undefined)
        this.launch(peer.start())
    })
  }

  launch(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.judge('simulation', error))
  }

  later(afterMs: number, call: () => void): void {
    this.clock.schedule(this.clock.nowMs() + afterMs, call)
  }

  every(periodMs: number, random: SeededRandom, isDone: () => boolean, work: () => void): void {
    this.later(1 + random.fraction() * 2 * periodMs, () => {
      if (isDone() || this.violation !== undefined) return
      work()
      this.every(periodMs, random, isDone, work)
    })
  }

  /** Moves the clock to `toMs`, or until `isDone` says so; all promises settle between two wakes. */
  async runUntil(toMs: number, isDone: () => boolean = () => false): Promise<boolean> {
    while (this.violation === undefined && !isDone()) {
      const nextMs = this.clock.nextAtMs
      if (nextMs === undefined || nextMs > toMs) {
        this.clock.advanceTo(toMs)
        return isDone()
      }
      this.clock.runNext()
      await settled()
      this.#checkEnd()
    }
    return this.violation === undefined
  }

  /** A run that does not settle ends as a failure, never as one that goes on for ever. */
  #checkEnd(): void {
    const { peers, minEvents } = this.scenario
    const most = 40 * peers * Math.max(minEvents, 1_000)
    this.#wakes += 1
    if (this.counts.facts > most) this.fail(violation('endless', 'all', `${most} facts are logged, with no end to it`))
    if (this.#wakes > MOST_WAKES)
      this.fail(violation('endless', 'all', `${MOST_WAKES} timers fired, with no end to it`))
  }

  get hasSeenEnough(): boolean {
    return this.hasSeen(1)
  }

  /** This share of the events and elections that the scenario asks for. */
  hasSeen(share: number): boolean {
    const { minEvents, minElections } = this.scenario
    return this.events >= share * minEvents && this.elections >= share * minElections
  }

  get isWorkDone(): boolean {
    return this.isCalm && this.hasSeenEnough
  }

  /** Gossip events, each once. */
  get events(): number {
    return Math.max(...this.peers.map(({ checks }) => checks?.gossip.count ?? 0))
  }

  /** Appends of blocks at the peer that has most: each holds one election's or several's. */
  get elections(): number {
    return Math.max(...this.peers.map(({ checks }) => checks?.blocks.appends ?? 0))
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
