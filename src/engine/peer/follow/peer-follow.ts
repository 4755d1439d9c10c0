/**
 * @module engine/peer/follow/peer-follow
 *
 * Both sides of following (parsec §8) in one peer: what it gives to followers, and its own life as one.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import type { ParsecStep } from '../../../core/parsec/index.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import { PeerError } from '../errors.ts'
import type { Gossiper } from '../gossiper.ts'
import type { History } from '../history.ts'
import type { Evidence } from '../notices.ts'
import type { PeerSettings, WitanOptions } from '../options.ts'
import type { Beginning, PeerEngine, TakenBase } from '../peer-engine.ts'
import { BaseFetcher } from './base-fetcher.ts'
import { FollowerDesk, type FollowerQuestion } from './follower-desk.ts'
import { FOLLOW_DEFAULTS, Following, type FollowStatus } from './following.ts'

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
  readonly #parts: Parts

  constructor(options: Omit<WitanOptions, 'codec'>, parts: Parts) {
    const { follow, followers, identity } = options
    const { settings, engine, history, gossiper } = parts
    this.#options = options
    this.#parts = parts
    const sendNow = (to: Bytes, kind: PeerMessageKind, body: Bytes): Promise<void> => gossiper().sendNow(to, kind, body)
    const post = (to: Bytes, kind: PeerMessageKind, body: Bytes): void => gossiper().post(to, kind, body)
    this.#desk = new FollowerDesk(followers, engine, settings, history, sendNow)
    if (follow === undefined) return
    this.#fetcher = new BaseFetcher({
      settings,
      scheme: identity.scheme,
      sponsors: follow.sponsors,
      timeoutMs: follow.timeoutMs ?? FOLLOW_DEFAULTS.timeoutMs,
      maxBaseBytes: follow.maxBaseBytes ?? FOLLOW_DEFAULTS.maxBaseBytes,
      answerTimeoutMs: follow.answerTimeoutMs ?? FOLLOW_DEFAULTS.answerTimeoutMs,
      post,
      blame: (peer, error) => {
        parts.evidence({ peer: toHex(peer), error })
        this.#following?.noteRefused(toHex(peer), error.message)
      },
    })
    this.#following = new Following(follow, settings, engine, this.#fetcher, { post, changed: parts.changed })
  }

  get isFollower(): boolean {
    return this.#following !== undefined
  }

  /** Nothing of a peer that takes part. */
  get status(): { readonly follows?: FollowStatus } {
    return this.#following === undefined ? {} : { follows: this.#following.status }
  }

  beginning(signal: AbortSignal | undefined): Beginning {
    const following = this.#following
    if (following !== undefined) return { type: 'base', fetch: () => this.#fetch(following, signal) }
    const { join } = this.#options
    return join === undefined ? { type: 'genesis' } : { type: 'section', section: join.section }
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

  given(from: Bytes, kind: 'basePart' | 'vouch', body: Bytes): void {
    this.#fetcher?.receive(from, kind, body)
  }

  received(from: Bytes, step: ParsecStep<Bytes>): void {
    this.#following?.noteStep(from, step)
  }

  /** Throws `Following` for who makes no events. */
  checkTakesPart(): void {
    if (this.#following === undefined) return
    throw new PeerError(
      { code: 'Following' },
      'this peer follows from a checkpoint and makes no events: it lacks the past that a voter is held to. Ask a member to vote for it, or run a peer with a new key and log that joins (`join`) and reads the whole graph',
    )
  }
}
