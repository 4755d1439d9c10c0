/**
 * @module engine/peer/follow/follower-desk
 *
 * What a member gives to peers that make no events, or none yet, and follow the order (parsec §8): bases, vouches, what lies beyond their summaries,
 * signatures of checkpoints. Whom it serves is the application's choice, but for those that the group added; that it speaks to who it thinks, the transport
 * vouches.
 *
 * Bounds: nothing of a follower is kept or enters the graph. Each has one question of a kind under way, further ones are dropped; what it is given counts
 * against a budget that fills with time; at most `MAX_FOLLOWERS` have one. Two bases are kept, and made for the newest checkpoint only, or that of an
 * admission.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { encodeMessage, type GraphCut, type Parsec } from '../../../core/parsec/index.ts'
import {
  BASE_PART_BYTES,
  type BaseAsked,
  decodeBaseAsked,
  decodeVouchAsked,
  encodeBasePart,
  encodeVouch,
  type VouchAsked,
} from '../../../wire/checkpoint/following.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import { positionsOf } from '../blocks.ts'
import type { History } from '../history.ts'
import type { FollowerPolicy, PeerSettings } from '../options.ts'
import type { PeerEngine } from '../peer-engine.ts'

export type FollowerQuestion = Extract<
  PeerMessageKind,
  'baseAsked' | 'vouchAsked' | 'summary' | 'checkpoints' | 'graphAsked'
>

interface Account {
  /** What may be given now. */
  bytes: number
  atMs: number
  /** Where the last answer to a summary broke off. */
  cut?: GraphCut | undefined
}

interface KeptBase {
  readonly position: number
  readonly payloads: number
  readonly bytes: Bytes
}

const MAX_FOLLOWERS = 256
const KEPT_BASES = 2
/** To compare stubs, besides their own bytes, and to make a base, costs as much as to send so much, about. */
const COMPARING_COSTS_BYTES = 1024 * 1024
/** To look for what lies beyond a summary, however little that is. */
const LOOKING_COSTS_BYTES = 64 * 1024
/** Of the events in a message. */
const COUNT_BYTES = 8
/** Given for one summary, about. */
const MAX_GRAPH_BYTES = 4 * 1024 * 1024

export class FollowerDesk {
  readonly #policy: FollowerPolicy | undefined
  readonly #engine: PeerEngine
  readonly #settings: PeerSettings
  readonly #history: History
  readonly #send: (to: Bytes, kind: PeerMessageKind, body: Bytes) => Promise<void>
  readonly #accounts = new Map<string, Account>()
  /** Kinds and peers of what is being answered. */
  readonly #busy = new Set<string>()
  readonly #bases: KeptBase[] = []

  constructor(
    policy: FollowerPolicy | undefined,
    engine: PeerEngine,
    settings: PeerSettings,
    history: History,
    send: (to: Bytes, kind: PeerMessageKind, body: Bytes) => Promise<void>,
  ) {
    this.#policy = policy
    this.#engine = engine
    this.#settings = settings
    this.#history = history
    this.#send = send
  }

  /** Whether a follower's question is answered, now or never. Throws a `CodecError` for what is none. */
  take(from: Bytes, kind: FollowerQuestion, body: Bytes): void {
    const peer = toHex(from)
    const underWay = `${kind} ${peer}`
    if (!this.#serves(from, kind) || this.#busy.has(underWay) || !this.#mayHave(peer)) return
    const answer = this.#answerTo(from, kind, body)
    this.#busy.add(underWay)
    answer()
      .catch((error: unknown) => this.#settings.logger.debug({ peer, kind, error }, 'a follower could not be answered'))
      .finally(() => this.#busy.delete(underWay))
  }

  /** Whom the group added needs nobody's permission to start, nor a member that stands still to take the whole graph. */
  #serves(peer: Bytes, kind: FollowerQuestion): boolean {
    if (!this.#engine.isRunning || this.#engine.parsec.isFollower) return false
    const { parsec } = this.#engine
    if (kind === 'graphAsked') return parsec.knows(peer)
    return this.#policy?.permits(toHex(peer)) === true || parsec.bases.awaits(peer)
  }

  #answerTo(from: Bytes, kind: FollowerQuestion, body: Bytes): () => Promise<void> {
    switch (kind) {
      case 'baseAsked': {
        const asked = decodeBaseAsked(body)
        return () => this.#giveBase(from, asked)
      }
      case 'vouchAsked': {
        const asked = decodeVouchAsked(body)
        return () => this.#vouch(from, asked)
      }
      case 'summary':
        return () => this.#give(from, (parsec) => this.#graphBeyond(from, parsec, body))
      case 'checkpoints':
        return () => this.#give(from, (parsec) => parsec.bases.signatures(from, body))
      case 'graphAsked':
        return () => this.#giveGraph(from, body)
    }
  }

  async #give(to: Bytes, answer: (parsec: Parsec) => ReturnType<Parsec['graphBeyond']>): Promise<void> {
    for (const { kind, bytes } of await this.#engine.answerFollower(to, answer)) await this.#post(to, kind, bytes)
  }

  /** One message, so that it is one answer; without events where we have no more, or not the whole graph ourselves. */
  async #giveGraph(to: Bytes, summary: Bytes): Promise<void> {
    const isWhole = this.#engine.parsec.startedAt === 0
    const beyond = (parsec: Parsec): ReturnType<Parsec['graphBeyond']> => this.#graphBeyond(to, parsec, summary)
    const given = isWhole ? await this.#engine.answerFollower(to, beyond) : []
    this.#charge(toHex(to), LOOKING_COSTS_BYTES)
    const body = given.find(({ kind }) => kind === 'graph')?.bytes ?? encodeMessage([])
    await this.#post(to, 'graphGiven', body)
  }

  #graphBeyond(to: Bytes, parsec: Parsec, summary: Bytes): ReturnType<Parsec['graphBeyond']> {
    const account = this.#accounts.get(toHex(to))
    const { maxMessageBytes } = this.#settings.group.format.limits
    const most = Math.min(MAX_GRAPH_BYTES, maxMessageBytes - COUNT_BYTES, account?.bytes ?? 0)
    const { step, cut } = parsec.bases.graphBeyond(to, summary, most, account?.cut)
    if (account !== undefined) account.cut = cut
    return step
  }

  async #giveBase(to: Bytes, asked: BaseAsked): Promise<void> {
    const base = await this.#baseFor(to, asked)
    const { part } = asked
    const start = part * BASE_PART_BYTES
    if (base === undefined || start >= base.bytes.length) {
      const none = { position: 0, payloads: 0, length: 0, part, bytes: new Uint8Array(0) }
      await this.#post(to, 'basePart', encodeBasePart(none))
      return
    }
    const bytes = base.bytes.subarray(start, start + BASE_PART_BYTES)
    const { payloads, bytes: whole } = base
    await this.#post(
      to,
      'basePart',
      encodeBasePart({ position: base.position, payloads, length: whole.length, part, bytes }),
    )
  }

  async #baseFor(to: Bytes, { position: asked, takesPart }: BaseAsked): Promise<KeptBase | undefined> {
    const { bases, proofs } = this.#engine.parsec
    const chosen = takesPart ? bases.placeFor(to) : proofs.proven.at(-1)
    const position = asked === 0 ? chosen : asked
    const kept = this.#bases.find((base) => base.position === position)
    if (kept !== undefined || position === undefined || asked !== 0) return kept
    this.#charge(toHex(to), COMPARING_COSTS_BYTES)
    const bytes = bases.at(position)
    const payloads = await this.#payloadsBefore(position)
    if (bytes === null || payloads === undefined) return undefined
    const made = { position, payloads, bytes }
    this.#bases.unshift(made)
    this.#bases.splice(KEPT_BASES)
    return made
  }

  async #vouch(to: Bytes, { position, stubs }: VouchAsked): Promise<void> {
    this.#charge(toHex(to), COMPARING_COSTS_BYTES + stubs.length)
    const { parsec } = this.#engine
    const stubsHash = this.#settings.group.hash(stubs)
    const isCheckpoint = position > 0 && parsec.proofs.checkpoints(position, position).length > 0
    const payloads = isCheckpoint ? ((await this.#payloadsBefore(position)) ?? 0) : 0
    const signature = payloads === 0 ? null : parsec.bases.vouch(position, stubs)
    await this.#post(to, 'vouch', encodeVouch({ position, stubsHash, payloads, signature }))
  }

  /** The first position after so many blocks; `undefined` where they are not logged yet. */
  async #payloadsBefore(blocks: number): Promise<number | undefined> {
    const last = await this.#history.blockAt(blocks - 1)
    return last === undefined ? undefined : last.position + positionsOf(last)
  }

  async #post(to: Bytes, kind: PeerMessageKind, body: Bytes): Promise<void> {
    this.#charge(toHex(to), body.length)
    await this.#send(to, kind, body)
  }

  #mayHave(peer: string): boolean {
    const nowMs = this.#settings.clock.nowMs()
    const { maxBytesPerSec, maxBurstBytes } = this.#settings.followers
    const account = this.#accounts.get(peer) ?? { bytes: maxBurstBytes, atMs: nowMs }
    const seconds = Math.max(0, nowMs - account.atMs) / 1000
    account.bytes = Math.min(maxBurstBytes, account.bytes + seconds * maxBytesPerSec)
    account.atMs = nowMs
    this.#accounts.delete(peer)
    if (this.#accounts.size >= MAX_FOLLOWERS) this.#forgetFull(nowMs)
    if (this.#accounts.size >= MAX_FOLLOWERS) return false
    this.#accounts.set(peer, account)
    return account.bytes > 0
  }

  /** Whose account would be full by now owes nothing. */
  #forgetFull(nowMs: number): void {
    const { maxBytesPerSec, maxBurstBytes } = this.#settings.followers
    for (const [peer, { bytes, atMs }] of this.#accounts) {
      if (bytes + ((nowMs - atMs) / 1000) * maxBytesPerSec >= maxBurstBytes) this.#accounts.delete(peer)
    }
  }

  #charge(peer: string, bytes: number): void {
    const account = this.#accounts.get(peer)
    if (account !== undefined) account.bytes -= bytes
  }
}
