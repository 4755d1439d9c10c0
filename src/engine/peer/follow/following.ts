/**
 * @module engine/peer/follow/following
 *
 * The life of a peer that started from a checkpoint (parsec §8). While it follows, it compares with one sponsor after the other, often while there is
 * news, and takes what they send. When they send what it must refuse, since it stands on events for which it has no stub, and no block comes any more, it
 * starts again from a later checkpoint; the positions between are named, never passed over.
 *
 * Once it is a member it gossips like any other, and never starts again from a later checkpoint: its own events would be lost, and it would make their
 * like again. When it stands still, it takes the whole graph in place of what it has (see whole-graph.ts). So does a joiner to whom nobody gives a later
 * checkpoint any more, since the group admitted it meanwhile.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { ParsecErrorCode } from '../../../core/parsec/index.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import type { TakenBase } from '../beginning.ts'
import type { FollowOptions, PeerSettings } from '../options.ts'
import type { PeerEngine } from '../peer-engine.ts'
import type { BaseFetcher } from './base-fetcher.ts'
import { type Received, Standstill } from './standstill.ts'
import type { WholeGraph } from './whole-graph.ts'

/** What a peer that started from a checkpoint lacks, and does not get on with. */
export interface FollowStatus {
  /** How many blocks its base covers; 0: it has none yet. */
  readonly startedAt: number
  /** Positions that it does not have, by starting again: from the first, to before the second. */
  readonly missing: readonly { readonly from: number; readonly to: number }[]
  /** Sponsors (hex ids) whose base or vouch was refused, the newest last; those of the start are over before `evidence$` can be heard. */
  readonly refused: readonly { readonly peer: string; readonly why: string }[]
  /** Why it stands still, and what it does about it. */
  readonly waitsFor?: string
}

export interface FollowingHooks {
  readonly post: (to: Bytes, kind: PeerMessageKind, body: Bytes) => void
  /** `FollowStatus` changed, or the voters by starting again. */
  readonly changed: () => void
  /** We become a member once the group adds us. */
  readonly joins: boolean
}

export const FOLLOW_DEFAULTS = {
  timeoutMs: 60_000,
  answerTimeoutMs: 10_000,
  stuckAfterMs: 15_000,
  maxBaseBytes: 64 * 1024 * 1024,
}

const MAX_REFUSED = 16
/** So many times a joiner asks for a later checkpoint before it asks for the whole graph. */
const TRIES_OF_BASE = 3
const MEMBER_ROUNDS = 8

const NO_STUB = 'others build on events from before our checkpoint that we have no stub for'
const CUT_OFF =
  'most others may lack events from before our checkpoint that we have stubs for only, so that we can tell them nothing'
/** Between two comparisons: while there is news, and at most. */
const COMPARE_MS = { first: 50, most: 1_000 }

export class Following {
  readonly #options: FollowOptions
  readonly #settings: PeerSettings
  readonly #engine: PeerEngine
  readonly #fetcher: BaseFetcher
  readonly #hooks: FollowingHooks
  readonly #wholeGraph: WholeGraph
  readonly #standstill: Standstill
  readonly #abort = new AbortController()
  #cancel: (() => void) | undefined
  #intervalMs = COMPARE_MS.first
  #turn = 0
  #isStartingAgain = false
  #nextTryMs = Number.NEGATIVE_INFINITY
  #triesOfBase = 0
  #status: FollowStatus = { startedAt: 0, missing: [], refused: [] }

  constructor(
    options: FollowOptions,
    settings: PeerSettings,
    engine: PeerEngine,
    fetcher: BaseFetcher,
    wholeGraph: WholeGraph,
    hooks: FollowingHooks,
  ) {
    this.#options = options
    this.#settings = settings
    this.#engine = engine
    this.#fetcher = fetcher
    this.#wholeGraph = wholeGraph
    this.#hooks = hooks
    this.#standstill = new Standstill(options.stuckAfterMs ?? FOLLOW_DEFAULTS.stuckAfterMs)
  }

  get status(): FollowStatus {
    return this.#status
  }

  /** What to begin with, where the log holds nothing. */
  fetch(signal: AbortSignal | undefined): Promise<TakenBase> {
    const either = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal])
    return this.#fetcher.fetch(this.#options.timeoutMs ?? FOLLOW_DEFAULTS.timeoutMs, either)
  }

  start(): void {
    this.#set({ ...this.#status, startedAt: this.#engine.parsec.blocksBefore })
    this.#arm(0)
  }

  stop(): void {
    this.#abort.abort()
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** What became of a message with events. */
  noteStep(from: Bytes, step: Received): void {
    const { parsec } = this.#engine
    // It has the whole graph by now: it lacks nothing that another start would bring.
    if (!parsec.isFollower && parsec.startedAt === 0) return
    this.#standstill.note(from, step, this.#heeded, this.#settings.clock.nowMs())
    this.#noteReach()
    if (step.blocks.length > 0) this.#noteProgress()
    if (!parsec.isFollower) {
      if (this.#standstill.isSuspected && this.#cancel === undefined) this.#arm(COMPARE_MS.most)
    } else if (step.facts.some(({ type }) => type === 'GossipEventAccepted')) {
      this.#intervalMs = COMPARE_MS.first
      this.#arm(this.#intervalMs)
    }
  }

  /** A sponsor gave what it should not have. */
  noteRefused(peer: string, why: string): void {
    this.#set({ ...this.#status, refused: [...this.#status.refused, { peer, why }].slice(-MAX_REFUSED) })
  }

  #noteReach(): void {
    this.#standstill.noteReach(this.#engine.parsec.bases.isCutOff, this.#settings.clock.nowMs())
  }

  /** Those who can say that we stand still. */
  get #heeded(): readonly Bytes[] {
    const { parsec } = this.#engine
    return parsec.isFollower ? this.#options.sponsors : parsec.voters()
  }

  #noteProgress(): void {
    if (this.#status.waitsFor === undefined) return
    const { startedAt, missing, refused } = this.#status
    this.#set({ startedAt, missing, refused })
  }

  #arm(afterMs: number): void {
    if (this.#abort.signal.aborted) return
    const { clock } = this.#settings
    this.#cancel?.()
    this.#cancel = clock.schedule(clock.nowMs() + afterMs, () => this.#tick())
  }

  #tick(): void {
    this.#cancel = undefined
    const { isRunning, parsec } = this.#engine
    if (isRunning) {
      if (parsec.isFollower) this.#compare()
      this.#noteReach()
      this.#lookWhetherStuck()
      // From here on gossip brings what there is.
      if (!parsec.isFollower && !this.#standstill.isSuspected) return
    }
    this.#intervalMs = Math.min(COMPARE_MS.most, 2 * this.#intervalMs)
    this.#arm(this.#intervalMs)
  }

  #compare(): void {
    const { sponsors } = this.#options
    const to = sponsors[this.#turn % sponsors.length] as Bytes
    this.#turn += 1
    this.#hooks.post(to, 'summary', this.#engine.parsec.summary())
    this.#engine.askForSignatures(to)
  }

  #lookWhetherStuck(): void {
    const nowMs = this.#settings.clock.nowMs()
    const { stuckAfterMs = FOLLOW_DEFAULTS.stuckAfterMs } = this.#options
    const code = this.#standstill.reason(this.#heeded, nowMs)
    if (code === undefined || this.#isStartingAgain || nowMs < this.#nextTryMs) return
    this.#nextTryMs = nowMs + stuckAfterMs
    this.#isStartingAgain = true
    const again = this.#engine.parsec.isFollower ? this.#startAgain(code) : this.#takeWholeGraph(code, MEMBER_ROUNDS)
    again
      .catch((error: unknown) => this.#settings.logger.warn({ error }, 'what it stands still for could not be had'))
      .finally(() => {
        this.#isStartingAgain = false
      })
  }

  /** A member: a later base would leave out its own events, so that it must not take one. */
  async #takeWholeGraph(code: ParsecErrorCode, rounds: number): Promise<void> {
    const because = `${code}: ${code === 'PrematureGossip' ? CUT_OFF : NO_STUB}`
    this.#waitFor(`${because}; takes the whole graph from the members`)
    const why = await this.#wholeGraph.take(this.#abort.signal, () => this.#standstill.isSuspected, rounds)
    if (why === undefined) {
      this.#settings.logger.info({ code }, 'goes on')
      this.#standstill.clear()
      this.#noteProgress()
      return
    }
    // No other graph will do either.
    if (why === 'GraphDiffers') this.#nextTryMs = Number.POSITIVE_INFINITY
    this.#waitFor(`${because}; the whole graph could not be taken: ${why}`)
  }

  async #startAgain(code: ParsecErrorCode): Promise<void> {
    this.#waitFor(
      `${code}: ${NO_STUB}; waits for a later checkpoint to start again from, as long as the group makes none`,
    )
    // One that covers just what we have leaves nothing out.
    const least = Math.max(this.#engine.parsec.startedAt, this.#engine.blockCount - 1)
    const { base } = await this.#fetcher.once(least, this.#abort.signal)
    await this.#engine.durable()
    const from = this.#engine.nextPosition
    this.#triesOfBase += 1
    if (base === undefined && this.#hooks.joins && this.#triesOfBase > TRIES_OF_BASE && this.#standstill.isSuspected)
      return this.#takeWholeGraph(code, 1)
    // Meanwhile it may have got on by itself.
    if (base === undefined || !this.#standstill.isSuspected || !(await this.#engine.startFrom(base))) return
    const gap = { from, to: base.payloads }
    this.#settings.logger.warn(gap, 'started again from a later checkpoint; the positions between are not here')
    this.#standstill.clear()
    this.#triesOfBase = 0
    const { missing, refused } = this.#status
    this.#set({
      refused,
      startedAt: this.#engine.parsec.startedAt,
      missing: gap.to > gap.from ? [...missing, gap] : missing,
    })
    this.#arm(0)
  }

  #waitFor(waitsFor: string): void {
    if (this.#status.waitsFor !== waitsFor) this.#set({ ...this.#status, waitsFor })
  }

  #set(status: FollowStatus): void {
    this.#status = status
    this.#hooks.changed()
  }
}
