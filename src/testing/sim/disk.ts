/**
 * @module testing/sim/disk
 *
 * The disk of one peer, which survives it, and the event log that a life of the peer has on it.
 *
 * Guarantees: appends of one life become durable in order, each whole, after some virtual time. At a crash a prefix of those
 * under way becomes durable, the rest is lost; none is answered. Two lives at a time are fenced by the expected revision,
 * as any log's.
 */

import { memoryLog } from '../../log/index.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  type EventLog,
  LogError,
  type NewFact,
  type ReadOptions,
  type RecordedFact,
  type Revision,
  type SubscribeOptions,
} from '../../ports/event-log.ts'
import { type AppendFault, appendError, isWritten } from '../append-fault.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { factText } from './fact-text.ts'
import { never, type SimProcess } from './process.ts'

export interface DurableAppend {
  readonly stream: string
  readonly facts: readonly NewFact[]
  /** Of the first fact. */
  readonly revision: Revision
}

export interface DiskFaults {
  /** Share of appends that meet a fault. */
  readonly faultRate: number
  /** Longest time of an append. */
  readonly maxDelayMs: number
}

export interface DiskCounts {
  appends: number
  /** Facts that became durable. */
  facts: number
  /** Crashes that lost appends under way after others of the same moment had become durable. */
  tornTails: number
  /** Appends under way that a crash lost. */
  lostAppends: number
  /** Appends durable at a crash that never were answered. */
  unansweredAppends: number
  appendFaults: number
  /** Appends refused since another life had written. */
  fences: number
}

interface Pending extends DurableAppend {
  readonly resolve: (revision: Revision) => void
  readonly reject: (error: unknown) => void
  readonly fault: AppendFault | undefined
}

const ID_BYTES = 32
const FAULTS: readonly AppendFault[] = ['full', 'unavailable', 'lost', 'unanswered']

export class SimDisk {
  readonly #clock: Clock
  readonly #random: SeededRandom
  readonly #counts: DiskCounts
  readonly #onDurable: (append: DurableAppend) => void
  #heights: Map<string, Revision>
  #durable: EventLog = memoryLog()
  faults: DiskFaults = { faultRate: 0, maxDelayMs: 0 }

  constructor(
    clock: Clock,
    random: SeededRandom,
    counts: DiskCounts,
    onDurable: (append: DurableAppend) => void,
    heights: ReadonlyMap<string, Revision> = new Map(),
  ) {
    this.#clock = clock
    this.#random = random
    this.#counts = counts
    this.#onDurable = onDurable
    this.#heights = new Map(heights)
  }

  /** Everything that is durable, in order of position. */
  facts(): AsyncIterable<RecordedFact> {
    return this.#durable.readAll()
  }

  /** Holds what `other` holds durably, from now on apart from it, less the last `droppedFacts`. */
  async copyFrom(other: SimDisk, droppedFacts = 0): Promise<void> {
    const facts: RecordedFact[] = []
    for await (const fact of other.facts()) facts.push(fact)
    this.#durable = memoryLog()
    this.#heights = new Map()
    for (const { stream, type, data, metadata } of facts.slice(0, facts.length - droppedFacts)) {
      const height = this.#heights.get(stream) ?? -1
      this.#heights.set(stream, await this.#durable.append(stream, [{ type, data, metadata }], height))
    }
  }

  /** Planted: drops what the peer made last, and what it logged after that. */
  async forgetLastOwn(): Promise<void> {
    let facts = 0
    let lastOwn = 0
    for await (const { type, stream, data } of this.facts()) {
      facts += 1
      if (type !== 'GossipEventAccepted') continue
      const creator = Buffer.from(factText(data, 'event'), 'base64url').subarray(0, ID_BYTES)
      if (stream === `gossip-${creator.toString('hex')}`) lastOwn = facts
    }
    if (lastOwn > 0) await this.copyFrom(this, facts - lastOwn + 1)
  }

  open(process: SimProcess): EventLog {
    return new SimLog(this, process)
  }

  get durable(): EventLog {
    return this.#durable
  }

  get clock(): Clock {
    return this.#clock
  }

  /** How many are durable. */
  get height(): number {
    return [...this.#heights.values()].reduce((facts, revision) => facts + revision + 1, 0)
  }

  get counts(): DiskCounts {
    return this.#counts
  }

  delayMs(): number {
    return this.#random.fraction() * this.faults.maxDelayMs
  }

  drawFault(): AppendFault | undefined {
    return this.#random.chance(this.faults.faultRate) ? this.#random.pick(FAULTS) : undefined
  }

  /** How many of those under way a crash leaves. */
  drawPrefix(count: number): number {
    return this.#random.int(0, count)
  }

  async write({ stream, facts, revision }: DurableAppend): Promise<Revision> {
    const last = await this.#durable.append(stream, facts, revision - 1)
    if (last > (this.#heights.get(stream) ?? -1)) {
      this.#heights.set(stream, last)
      this.#counts.facts += facts.length
      this.#onDurable({ stream, facts, revision })
    }
    return last
  }
}

class SimLog implements EventLog {
  readonly #disk: SimDisk
  readonly #process: SimProcess
  readonly #underWay: Pending[] = []
  #lastDoneMs = 0

  constructor(disk: SimDisk, process: SimProcess) {
    this.#disk = disk
    this.#process = process
    process.atEnd(() => this.#tear())
  }

  append(stream: string, facts: readonly NewFact[], expectedRevision: Revision): Promise<Revision> {
    if (this.#process.isDead) return never()
    const { clock, counts } = this.#disk
    counts.appends += 1
    const answer = new Promise<Revision>((resolve, reject) => {
      const revision = expectedRevision + 1
      this.#underWay.push({ stream, facts, revision, resolve, reject, fault: this.#disk.drawFault() })
      this.#lastDoneMs = Math.max(this.#lastDoneMs, clock.nowMs() + this.#disk.delayMs())
      clock.schedule(this.#lastDoneMs, () => this.#finish())
    })
    // The instant in which it is under way.
    this.#process.deal('append', this.#underWay.length)
    return answer
  }

  #finish(): void {
    if (this.#process.isDead) return
    const pending = this.#underWay.shift()
    if (pending === undefined) return
    if (pending.fault !== undefined) this.#disk.counts.appendFaults += 1
    if (pending.fault !== undefined && !isWritten(pending.fault)) pending.reject(appendError(pending.fault))
    else void this.#carryOut(pending)
  }

  async #carryOut(append: Pending): Promise<void> {
    const { fault, resolve, reject } = append
    let revision: Revision
    try {
      revision = await this.#disk.write(append)
    } catch (error) {
      this.#disk.counts.fences += 1
      reject(error)
      return
    }
    await this.#process.awake()
    // The instant between what is on the disk and what the peer knows of it.
    if (!this.#process.deal('durable')) {
      this.#disk.counts.unansweredAppends += 1
      return
    }
    if (fault === undefined) resolve(revision)
    else reject(appendError(fault))
  }

  #tear(): void {
    const pending = this.#underWay.splice(0)
    if (pending.length === 0) return
    const kept = this.#disk.drawPrefix(pending.length)
    const { counts } = this.#disk
    counts.unansweredAppends += kept
    counts.lostAppends += pending.length - kept
    if (kept > 0 && kept < pending.length) counts.tornTails += 1
    for (const append of pending.slice(0, kept)) void this.#leave(append)
  }

  /** Nobody waits for it any more. Where another process wrote before, it is lost. */
  async #leave(append: Pending): Promise<void> {
    try {
      await this.#disk.write(append)
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      this.#disk.counts.fences += 1
    }
  }

  async *#whileAlive(facts: () => AsyncIterable<RecordedFact>): AsyncGenerator<RecordedFact, void, undefined> {
    const { clock } = this.#disk
    const delayMs = this.#disk.delayMs()
    if (delayMs > 0) await new Promise<void>((resolve) => clock.schedule(clock.nowMs() + delayMs, resolve))
    if (!this.#process.deal('read')) await never()
    for await (const fact of facts()) {
      if (this.#process.isDead) await never()
      yield fact
    }
    if (this.#process.isDead) await never()
  }

  read(stream: string, options?: ReadOptions): AsyncIterable<RecordedFact> {
    return this.#whileAlive(() => this.#disk.durable.read(stream, options))
  }

  readAll(options?: ReadOptions): AsyncIterable<RecordedFact> {
    return this.#whileAlive(() => this.#disk.durable.readAll(options))
  }

  subscribe(stream: string, options?: SubscribeOptions): AsyncIterable<RecordedFact> {
    return this.#whileAlive(() => this.#disk.durable.subscribe(stream, options))
  }

  subscribeAll(options?: SubscribeOptions): AsyncIterable<RecordedFact> {
    return this.#whileAlive(() => this.#disk.durable.subscribeAll(options))
  }

  lastRevision(stream: string): Promise<Revision> {
    return this.#process.isDead ? never() : this.#disk.durable.lastRevision(stream)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
