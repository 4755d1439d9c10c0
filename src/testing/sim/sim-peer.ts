/**
 * @module testing/sim/sim-peer
 *
 * One identity in the simulation: its disk, which stays, and its lives, which come and go.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { BudgetOptions } from '../../core/parsec/index.ts'
import type { GenesisOptions, JoinOptions } from '../../engine/peer/options.ts'
import { Witan } from '../../engine/peer/witan.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventLog } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import type { MemoryNetwork } from '../../transport/memory/network.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { LifeCheck } from './checks/check.ts'
import type { PeerChecks } from './checks/index.ts'
import type { SimDisk } from './disk.ts'
import { SimProcess } from './process.ts'
import { WireTap } from './wire-tap.ts'

const KIB = 1024

/** More than any correct peer of a run ever costs, which is checked, and so little that a flooder meets it. */
const SIM_BUDGET: BudgetOptions = {
  bytes: { capacity: 8 * KIB * KIB, perSecond: 1024 * KIB },
  given: { capacity: 32 * KIB * KIB, perSecond: 4096 * KIB },
  events: { capacity: 1_000, perSecond: 200 },
  invalid: { capacity: 8, perSecond: 1 / 60 },
  lost: { capacity: 20, perSecond: 5 },
  slowMs: 250,
}

export interface Life {
  readonly process: SimProcess
  readonly witan: Witan
  /** 0: the first of this identity. */
  readonly number: number
  hasStarted: boolean
}

/** Where planted faults get in. */
export interface Hooks {
  readonly log?: (log: EventLog, life: { readonly number: number; readonly process: SimProcess }) => EventLog
  /** Lives after the first get no timers. */
  readonly losesTimersAfterRestart?: boolean
  /** The application's reading of its history leaves a block out. */
  readonly skipsInHistory?: boolean
  /** Before a life begins on a disk that has one behind it. */
  readonly beforeRestart?: (disk: SimDisk) => Promise<void>
  /** The application is shown the last block of the life before again. */
  readonly showsAgain?: boolean
}

/** What a peer needs of the world around it. */
export interface Surroundings {
  readonly clock: Clock
  readonly counts: { restarts: number }
  readonly genesis: GenesisOptions
  readonly hooks: Hooks
  readonly network: MemoryNetwork
  readonly random: SeededRandom
  readonly guard: (check: () => void) => void
  route(from: SimPeer, to: Bytes): Bytes | undefined
  ownerOf(address: string): Bytes | undefined
  logger(name: string): Logger
  judge(name: string, error: unknown): void
  /** A life is about to begin. */
  begins(peer: SimPeer, life: Life): void
  /** A life ended without being told to. */
  ended(peer: SimPeer, life: Life, error: Error): void
}

export interface SimPeerOptions {
  readonly name: string
  readonly signer: Signer
  readonly disk: SimDisk
  /** None for an adversary's bodies: they need not keep to anything. */
  readonly checks?: PeerChecks
  /** Of a peer that joins. */
  readonly join?: JoinOptions
}

export class SimPeer {
  readonly name: string
  readonly signer: Signer
  readonly disk: SimDisk
  readonly checks: PeerChecks | undefined
  readonly join: JoinOptions | undefined
  readonly #world: Surroundings
  life: Life | undefined
  /** A second process of the same identity. */
  second: Life | undefined
  isMute = false
  /** Its removal is asked for; it need not learn of it. */
  isLeaving = false
  #lives = 0
  #offsetMs = 0

  constructor(world: Surroundings, { name, signer, disk, checks, join }: SimPeerOptions) {
    this.#world = world
    this.name = name
    this.signer = signer
    this.disk = disk
    this.checks = checks
    this.join = join
  }

  get id(): Bytes {
    return this.signer.identity
  }

  get isUp(): boolean {
    return this.life?.hasStarted === true
  }

  /** Begins a life; `address` other than its own for a second process. */
  async start(address: Bytes = this.id): Promise<void> {
    const isSecond = address !== this.id
    const number = this.#lives
    this.#lives += 1
    const { hooks } = this.#world
    const process = new SimProcess(this.#world.clock, this.#offsetMs)
    process.losesTimers = number > 0 && hooks.losesTimersAfterRestart === true
    const witan = new Witan(this.#options(process, number, address))
    const life: Life = { process, witan, number, hasStarted: false }
    if (isSecond) this.second = life
    else this.life = life
    this.#world.begins(this, life)
    if (number > 0) {
      this.#world.counts.restarts += 1
      await hooks.beforeRestart?.(this.disk)
    }
    const check = this.checks?.life()
    this.#watch(life, check)
    try {
      const { blocks } = await witan.start()
      if (process.isDead) return
      life.hasStarted = true
      this.#world.guard(() => check?.recovered(blocks))
    } catch (error) {
      if (!process.isDead) this.#world.ended(this, life, error as Error)
    }
  }

  #options(process: SimProcess, number: number, address: Bytes): ConstructorParameters<typeof Witan<Bytes>>[0] {
    const { hooks, network, genesis, random } = this.#world
    const transport = new WireTap({
      id: this.id,
      inner: network.join(address),
      process,
      sent: (bytes) => this.#world.guard(() => this.checks?.sent(bytes)),
      route: (to) => this.#world.route(this, to),
      ownerOf: (from) => this.#world.ownerOf(from),
      isMute: () => this.isMute,
    })
    const log = this.disk.open(process)
    return {
      identity: this.signer,
      genesis,
      ...(this.join === undefined ? {} : { join: this.join }),
      followers: { permits: () => true },
      log: hooks.log?.(log, { number, process }) ?? log,
      transport,
      clock: process,
      budget: SIM_BUDGET,
      random: random.fork(`${this.name}/${number}`),
      logger: this.#world.logger(this.name),
    }
  }

  #watch(life: Life, check: Required<LifeCheck> | undefined): void {
    const { witan, process } = life
    const { guard, hooks } = this.#world
    witan.gossip$.subscribe(({ bytes }) => {
      if (!process.isDead) guard(() => check?.showsEvent(bytes))
    })
    let isFirst = life.number > 0 && hooks.showsAgain === true
    witan.allBlocks$.subscribe((block) => {
      if (process.isDead) return
      guard(() => check?.shows(block))
      if (isFirst) guard(() => check?.shows(block))
      isFirst = false
    })
    witan.evidence$.subscribe((evidence) => {
      if (!process.isDead) guard(() => check?.showsEvidence(evidence))
    })
    witan.status$.subscribe(({ state, error }) => {
      if (process.isDead || error === undefined || (state !== 'fenced' && state !== 'stopped')) return
      queueMicrotask(() => this.#world.ended(this, life, error))
    })
  }

  /** Ends its lives as a power failure does. */
  crash(): void {
    this.life?.process.crash()
    this.second?.process.crash()
    this.life = undefined
    this.second = undefined
  }

  /** Ends one life that is over anyhow. */
  bury(life: Life): void {
    life.process.crash()
    if (this.life === life) this.life = undefined
    if (this.second === life) this.second = undefined
  }

  jumpClock(byMs: number): void {
    this.#offsetMs += byMs
    this.life?.process.jump(byMs)
  }

  /** A vote for a payload; resolves to whether it is durable. */
  async vote(payload: Bytes): Promise<boolean> {
    const { life } = this
    if (life?.hasStarted !== true) return false
    try {
      await life.witan.vote(payload)
      return true
    } catch (error) {
      this.#world.judge(this.name, error)
      return false
    }
  }

  async voteForMember(kind: 'add' | 'remove', id: Bytes): Promise<void> {
    const { life } = this
    if (life?.hasStarted !== true) return
    try {
      await (kind === 'add' ? life.witan.members.add(id) : life.witan.members.remove(id))
    } catch (error) {
      this.#world.judge(this.name, error)
    }
  }
}
