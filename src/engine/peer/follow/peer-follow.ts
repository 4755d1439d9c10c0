/**
 * @module engine/peer/follow/peer-follow
 *
 * Both sides of starting from a checkpoint (parsec §8) in one peer: what it gives to those that do, and its own life as one.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import type { ParsecStep } from '../../../core/parsec/index.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import type { Beginning, TakenBase } from '../beginning.ts'
import { PeerError } from '../errors.ts'
import type { Gossiper } from '../gossiper.ts'
import type { History } from '../history.ts'
import type { Evidence } from '../notices.ts'
import { type PeerSettings, startOptions, type WitanOptions } from '../options.ts'
import type { PeerEngine } from '../peer-engine.ts'
import { BaseFetcher } from './base-fetcher.ts'
import { FollowerDesk, type FollowerQuestion } from './follower-desk.ts'
import { FOLLOW_DEFAULTS, Following, type FollowStatus } from './following.ts'
import { WholeGraph } from './whole-graph.ts'

interface Parts {
  readonly settings: PeerSettings
  readonly engine: PeerEngine
  readonly history: History
  readonly gossiper: () => Gossiper
  readonly evidence: (evidence: Evidence) => void
  readonly changed: () => void
}

export class PeerFollow {
  readonly #options: Pick<WitanOptions, 'join' | 'follow'>
  readonly #desk: FollowerDesk
  readonly #fetcher: BaseFetcher | undefined
  readonly #following: Following | undefined
  readonly #wholeGraph: WholeGraph | undefined
  readonly #parts: Parts

  constructor(options: Omit<WitanOptions, 'codec'>, parts: Parts) {
    const { followers, identity } = options
    const start = startOptions(options)?.options
    const { timeoutMs = FOLLOW_DEFAULTS.timeoutMs } = start ?? {}
    const { settings, engine, history, gossiper } = parts
    this.#options = options
    this.#parts = parts
    const sendNow = (to: Bytes, kind: PeerMessageKind, body: Bytes): Promise<void> => gossiper().sendNow(to, kind, body)
    const post = (to: Bytes, kind: PeerMessageKind, body: Bytes): void => gossiper().post(to, kind, body)
    this.#desk = new FollowerDesk(followers, engine, settings, history, sendNow)
    if (start === undefined) return
    this.#fetcher = new BaseFetcher({
      settings,
      scheme: identity.scheme,
      sponsors: start.sponsors,
      joiner: this.onlyFollows ? null : identity.identity,
      // Who looks without end does not wait for one sponsor without end.
      timeoutMs: Number.isFinite(timeoutMs) ? timeoutMs : FOLLOW_DEFAULTS.timeoutMs,
      maxBaseBytes: start.maxBaseBytes ?? FOLLOW_DEFAULTS.maxBaseBytes,
      answerTimeoutMs: start.answerTimeoutMs ?? FOLLOW_DEFAULTS.answerTimeoutMs,
      post,
      blame: (peer, error) => {
        parts.evidence({ peer: toHex(peer), error })
        this.#following?.noteRefused(toHex(peer), error.message)
      },
    })
    const { answerTimeoutMs = FOLLOW_DEFAULTS.answerTimeoutMs } = start
    this.#wholeGraph = new WholeGraph({ settings, engine, scheme: identity.scheme, answerTimeoutMs, post })
    const hooks = { post, changed: parts.changed, joins: !this.onlyFollows }
    this.#following = new Following(start, settings, engine, this.#fetcher, this.#wholeGraph, hooks)
  }

  /** It takes no part, whatever the group decides. */
  get onlyFollows(): boolean {
    return this.#options.follow !== undefined
  }

  /** Nothing of a peer that has the whole graph. */
  get status(): { readonly follows?: FollowStatus } {
    return this.#following === undefined ? {} : { follows: this.#following.status }
  }

  beginning(signal: AbortSignal | undefined): Beginning {
    const following = this.#following
    if (following !== undefined)
      return { type: 'base', takesPart: !this.onlyFollows, fetch: () => this.#fetch(following, signal) }
    const { join } = this.#options
    return join?.section === undefined ? { type: 'genesis' } : { type: 'section', section: join.section }
  }

  /** A peer that cannot begin takes no messages any more, so that another may on this transport. */
  async #fetch(following: Following, signal: AbortSignal | undefined): Promise<TakenBase> {
    const gossiper = this.#parts.gossiper()
    gossiper.listen()
    try {
      return await following.fetch(signal)
    } catch (error) {
      await gossiper.stop()
      throw error
    }
  }

  /** The log is read, or the base taken. */
  start(): void {
    this.#following?.start()
  }

  stop(): void {
    this.#following?.stop()
  }

  asked(from: Bytes, kind: FollowerQuestion, body: Bytes): void {
    this.#desk.take(from, kind, body)
  }

  /** Whether it was asked for. */
  given(from: Bytes, kind: 'basePart' | 'vouch' | 'graphGiven', body: Bytes): boolean {
    if (kind === 'graphGiven') return this.#wholeGraph?.receive(from, body) === true
    this.#fetcher?.receive(from, kind, body)
    return this.#fetcher !== undefined
  }

  received(from: Bytes, step: ParsecStep<Bytes>): void {
    this.#following?.noteStep(from, step)
  }

  /** Throws `Following` for who makes no events. */
  checkTakesPart(): void {
    if (!this.onlyFollows) return
    throw new PeerError(
      { code: 'Following' },
      'this peer only follows and makes no events. Ask a member to vote for it, or start it as a joiner (`join.checkpoint`) and let the group add it',
    )
  }
}
