/**
 * @module testing/sim/world
 *
 * Everything of one simulated run in one place: the clock, the network, the peers with their disks, what was voted for,
 * and the first violation. Only the virtual clock moves it.
 */

import { type Bytes, equalBytes } from '../../base/bytes.ts'
import { AssertionError, WitanError } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import { PeerError } from '../../engine/peer/errors.ts'
import { type GenesisOptions, groupOf } from '../../engine/peer/options.ts'
import type { Logger } from '../../ports/logger.ts'
import { MemoryNetwork } from '../../transport/memory/network.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { AgreedOrder } from './agreed-order.ts'
import { PeerChecker } from './checker.ts'
import { noCounts, type SimCounts } from './counts.ts'
import { SimDisk } from './disk.ts'
import { CALM, type Scenario } from './scenario.ts'
import { simulatedSigner } from './scheme.ts'
import { type Hooks, type Life, SimPeer, type Surroundings } from './sim-peer.ts'
import { type Violation, violation } from './violation.ts'

const START_MS = 1_700_000_000_000

export class World implements Surroundings {
  readonly clock = new VirtualClock(START_MS)
  readonly counts: SimCounts = noCounts()
  readonly order = new AgreedOrder()
  readonly network: MemoryNetwork
  readonly genesis: GenesisOptions
  readonly random: SeededRandom
  readonly scenario: Scenario
  readonly hooks: Hooks
  readonly peers: SimPeer[] = []
  /** The two instances of the forker. */
  readonly forkers: SimPeer[] = []
  /** Votes that are durable, by payload: whose. */
  readonly durableVotes = new Map<string, SimPeer>()
  readonly #cast = new Set<string>()
  readonly #ordered = new Set<string>()
  readonly #owners = new Map<string, Bytes>()
  /** Names of the peers that see the second instance of the forker. */
  readonly #otherSide = new Set<string>()
  violation: Violation | undefined
  isCalm = false

  constructor(scenario: Scenario, random: SeededRandom, hooks: Hooks) {
    this.scenario = scenario
    this.random = random
    this.hooks = hooks
    this.network = new MemoryNetwork({ clock: this.clock, random: random.fork('network'), faults: CALM })
    const names = Array.from({ length: scenario.peers }, (_, i) => `peer-${i}`)
    this.genesis = { members: names.map((name) => this.signerOf(name).identity) }
    for (const [i, name] of names.entries()) this.#add(name, scenario.hasForker && i === 0)
  }

  signerOf(name: string): ReturnType<typeof simulatedSigner> {
    return simulatedSigner(`${this.random.seed}/${name}`)
  }

  #add(name: string, isForker: boolean, section?: readonly Bytes[]): SimPeer {
    const signer = this.signerOf(name)
    const checker = isForker
      ? undefined
      : new PeerChecker({
          name,
          id: signer.identity,
          format: groupOf(this.genesis).format,
          order: this.order,
          ordered: (payload) => this.#noteOrdered(payload),
          ...(this.scenario.hasForker ? { forker: this.signerOf('peer-0').identity } : {}),
          forkKnown: () => {
            this.counts.knownForks += 1
          },
        })
    const disk = new SimDisk(this.clock, this.random.fork(`${name}/disk`), this.counts, (append) =>
      this.guard(() => checker?.appended(append)),
    )
    disk.faults = { faultRate: 0, maxDelayMs: this.random.pick([2, 20, 60]) }
    const peer = new SimPeer(this, name, signer, disk, checker, section)
    if (isForker) this.forkers.push(peer)
    else this.peers.push(peer)
    return peer
  }

  /** A peer that wants to join. */
  addJoiner(name: string): SimPeer {
    return this.#add(
      name,
      false,
      this.peers.filter(({ isLeaving }) => !isLeaving).map(({ id }) => id),
    )
  }

  /** The forker's second instance, which some of the peers see from now on. */
  async splitForker(): Promise<void> {
    const [first] = this.forkers
    if (first === undefined || this.forkers.length > 1) return
    const disk = new SimDisk(this.clock, this.random.fork('twin/disk'), this.counts, () => undefined)
    await disk.copyFrom(first.disk)
    const twin = new SimPeer(this, `${first.name}-twin`, first.signer, disk, undefined)
    this.forkers.push(twin)
    for (const peer of this.random.shuffle(this.peers).slice(0, this.peers.length >> 1)) this.#otherSide.add(peer.name)
    await twin.start(this.addressOf(first.id, 'twin'))
  }

  /** Another address of a peer. */
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
    const [first, twin] = this.forkers
    if (first === undefined || twin === undefined) return to
    const sees = (name: string): SimPeer => (this.#otherSide.has(name) ? twin : first)
    if (from === first || from === twin) {
      const recipient = this.peers.find(({ id }) => equalBytes(id, to))
      return recipient !== undefined && sees(recipient.name) === from ? to : undefined
    }
    return equalBytes(to, first.id) && sees(from.name) === twin ? this.addressOf(first.id, 'twin') : to
  }

  fail(found: Violation): void {
    this.violation ??= found
  }

  /** Runs a check wherever it stands: what it throws ends the run, not the peer that happened to call. */
  readonly guard = (check: () => void): void => {
    try {
      check()
    } catch (error) {
      this.fail(
        error instanceof WitanError ? (error as Violation) : violation('crashed-by-itself', 'checker', String(error)),
      )
    }
  }

  /** Refusals and failing logs are to be expected; broken assertions and the language's own errors are bugs. */
  judge(name: string, error: unknown): void {
    if (error instanceof WitanError && !(error instanceof AssertionError)) {
      if (error instanceof PeerError && (error.code === 'ReplayDiffers' || error.code === 'WrongLog')) {
        this.fail(violation('crashed-by-itself', name, error.message))
      }
      return
    }
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.fail(violation('crashed-by-itself', name, what))
  }

  logger(name: string): Logger {
    const note = (data: object): void => {
      if ('error' in data) this.judge(name, data.error)
    }
    return { debug: note, info: note, warn: note, error: note }
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
    const afterMs = this.isCalm ? 10 : this.random.int(10, 3_000)
    this.clock.schedule(this.clock.nowMs() + afterMs, () => {
      if (peer.life === undefined && peer.second === undefined && this.violation === undefined)
        this.launch(peer.start())
    })
  }

  /** Something under way that nobody waits for. */
  launch(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.judge('simulation', error))
  }

  cast(peer: SimPeer): void {
    this.counts.votes += 1
    const payload = `${peer.name}:${this.counts.votes}`
    this.#cast.add(payload)
    this.launch(this.#castBy(peer, payload))
  }

  async #castBy(peer: SimPeer, payload: string): Promise<void> {
    if (await peer.vote(payload)) this.durableVotes.set(payload, peer)
  }

  #noteOrdered(payload: string): boolean {
    this.#ordered.add(payload)
    return this.#cast.has(payload)
  }

  wasOrdered(payload: string): boolean {
    return this.#ordered.has(payload)
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
    }
    return this.violation === undefined
  }

  /** Gossip events on all disks. */
  get eventsOnDisks(): number {
    return this.peers.reduce((sum, { checker }) => sum + (checker?.events.count ?? 0), 0)
  }
}

const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
