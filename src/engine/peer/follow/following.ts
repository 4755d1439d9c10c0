/**
 * @module engine/peer/follow/following
 *
 * The life of a peer that follows from a checkpoint (parsec §8): it compares with one sponsor after the other, often while there is news, and takes
 * what they send. When they send what it must refuse, since it stands on events for which it has no stub, and no block comes any more, it starts
 * again from a later checkpoint; the positions between are named, never passed over.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { isAtLeastThird, ParsecError, type ParsecErrorCode, type ParsecStep } from '../../../core/parsec/index.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import type { FollowOptions, PeerSettings } from '../options.ts'
import type { PeerEngine, TakenBase } from '../peer-engine.ts'
import type { BaseFetcher } from './base-fetcher.ts'

/** What a peer that follows does not get on with. */
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
}

export const FOLLOW_DEFAULTS = {
  timeoutMs: 60_000,
  answerTimeoutMs: 10_000,
  stuckAfterMs: 15_000,
  maxBaseBytes: 64 * 1024 * 1024,
}

const MAX_REFUSED = 16

/** Between two comparisons: while there is news, and at most. */
const COMPARE_MS = { first: 50, most: 1_000 }

export class Following {
  readonly #options: FollowOptions
  readonly #settings: PeerSettings
  readonly #engine: PeerEngine
  readonly #fetcher: BaseFetcher
  readonly #hooks: FollowingHooks
  readonly #abort = new AbortController()
  #cancel: (() => void) | undefined
  #intervalMs = COMPARE_MS.first
  #turn = 0
  #refused: { readonly code: ParsecErrorCode; readonly atMs: number; readonly senders: Set<string> } | undefined
  #isStartingAgain = false
  #nextTryMs = Number.NEGATIVE_INFINITY
  #status: FollowStatus = { startedAt: 0, missing: [], refused: [] }

  constructor(
    options: FollowOptions,
    settings: PeerSettings,
    engine: PeerEngine,
    fetcher: BaseFetcher,
    hooks: FollowingHooks,
  ) {
    this.#options = options
    this.#settings = settings
    this.#engine = engine
    this.#fetcher = fetcher
    this.#hooks = hooks
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
    this.#set({ ...this.#status, startedAt: this.#engine.parsec.startedAt })
    this.#arm(0)
  }

  stop(): void {
    this.#abort.abort()
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** What became of a message with events. */
  noteStep(from: Bytes, { facts, blocks, error }: Pick<ParsecStep<Bytes>, 'facts' | 'blocks' | 'error'>): void {
    if (blocks.length > 0) this.#noteProgress()
    const code = error instanceof ParsecError ? error.code : undefined
    if (code === 'UnknownSelfParent' || code === 'UnknownOtherParent') {
      if (!this.#options.sponsors.some((sponsor) => equalBytes(sponsor, from))) return
      this.#refused ??= { code, atMs: this.#settings.clock.nowMs(), senders: new Set() }
      this.#refused.senders.add(toHex(from))
    } else if (facts.some(({ type }) => type === 'GossipEventAccepted')) {
      this.#intervalMs = COMPARE_MS.first
      this.#arm(this.#intervalMs)
    }
  }

  /** A sponsor gave what it should not have. */
  noteRefused(peer: string, why: string): void {
    this.#set({ ...this.#status, refused: [...this.#status.refused, { peer, why }].slice(-MAX_REFUSED) })
  }

  #noteProgress(): void {
    this.#refused = undefined
    if (this.#status.waitsFor === undefined) return
    const { startedAt, missing, refused } = this.#status
    this.#set({ startedAt, missing, refused })
  }

  #arm(afterMs: number): void {
    if (this.#abort.signal.aborted) return
    const { clock } = this.#settings
    this.#cancel?.()
    this.#cancel = clock.schedule(clock.nowMs() + afterMs, () => this.#compare())
  }

  #compare(): void {
    if (this.#engine.isRunning) {
      const { sponsors } = this.#options
      const to = sponsors[this.#turn % sponsors.length] as Bytes
      this.#turn += 1
      this.#hooks.post(to, 'summary', this.#engine.parsec.summary())
      this.#engine.askForSignatures(to)
      this.#lookWhetherStuck()
    }
    this.#intervalMs = Math.min(COMPARE_MS.most, 2 * this.#intervalMs)
    this.#arm(this.#intervalMs)
  }

  #lookWhetherStuck(): void {
    const refused = this.#refused
    const nowMs = this.#settings.clock.nowMs()
    const { stuckAfterMs = FOLLOW_DEFAULTS.stuckAfterMs, sponsors } = this.#options
    if (refused === undefined || this.#isStartingAgain || nowMs < this.#nextTryMs) return
    // What fewer than a third of the sponsors send may be made up.
    if (nowMs < refused.atMs + stuckAfterMs || !isAtLeastThird(refused.senders.size, sponsors.length)) return
    this.#nextTryMs = nowMs + stuckAfterMs
    this.#isStartingAgain = true
    this.#startAgain(refused.code)
      .catch((error: unknown) => this.#settings.logger.warn({ error }, 'a later checkpoint could not be started from'))
      .finally(() => {
        this.#isStartingAgain = false
      })
  }

  async #startAgain(code: ParsecErrorCode): Promise<void> {
    const waitsFor = `${code}: others build on events from before our checkpoint that we have no stub for; waits for a later checkpoint to start again from, as long as the group makes none`
    if (this.#status.waitsFor !== waitsFor) this.#set({ ...this.#status, waitsFor })
    // One that covers just what we have leaves nothing out.
    const least = Math.max(this.#engine.parsec.startedAt, this.#engine.blockCount - 1)
    const { base } = await this.#fetcher.once(least, this.#abort.signal)
    await this.#engine.durable()
    const from = this.#engine.nextPosition
    // Meanwhile it may have got on by itself.
    if (base === undefined || this.#refused === undefined || !(await this.#engine.startFrom(base))) return
    const gap = { from, to: base.payloads }
    this.#settings.logger.warn(gap, 'started again from a later checkpoint; the positions between are not here')
    this.#refused = undefined
    const { missing, refused } = this.#status
    this.#set({
      refused,
      startedAt: this.#engine.parsec.startedAt,
      missing: gap.to > gap.from ? [...missing, gap] : missing,
    })
    this.#arm(0)
  }

  #set(status: FollowStatus): void {
    this.#status = status
    this.#hooks.changed()
  }
}
