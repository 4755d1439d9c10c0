/**
 * @module engine/peer/ballots/spreader
 *
 * Gives `quorum` ballots to the other peers of the group and takes theirs (ballots §8.9): what is new goes to everybody at
 * once; what was lost, or is older than a peer, is found by comparing what two peers have, at longer and longer intervals
 * while nothing changes.
 *
 * Scopes that this peer did not declare `quorum` (with `configure` or a proposal of its own) are passed over, so that
 * nobody fills its log with scopes of their own. Bounds: 2,000 sessions a comparison, some 1 MiB given for it, and a peer's next one
 * not before a quarter of a second; messages that cannot be sent are dropped.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Logger } from '../../../ports/logger.ts'
import type { Random } from '../../../ports/random.ts'
import {
  decodeHoldings,
  decodeScopedBallot,
  encodeHoldings,
  encodeScopedBallot,
  type HeldScope,
  MAX_HELD_SESSIONS,
} from '../../../wire/ballot/sync.ts'
import type { PeerMessageKind } from '../../../wire/peer-message.ts'
import { ServiceError } from '../../ballots/options.ts'
import type { Ballots } from '../../ballots/safe/ballots.ts'

export type BallotMessageKind = Extract<PeerMessageKind, 'ballot' | 'ballotHoldings' | 'ballotHoldingsReply'>

interface Parts {
  readonly ballots: Ballots
  readonly format: safe.BallotFormat
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** The other peers that we may talk to. */
  readonly recipients: () => readonly Bytes[]
  readonly post: (to: Bytes, kind: BallotMessageKind, body: Bytes) => void
}

const FIRST_SYNC_MS = 500
const LAST_SYNC_MS = 300_000
/** What one comparison gives, about; the next one gives the rest. */
const MAX_GIVEN_BYTES = 1024 * 1024
const MIN_COMPARISON_MS = 250

export class BallotSpreader {
  readonly #parts: Parts
  #intervalMs = FIRST_SYNC_MS
  #cancel: (() => void) | undefined
  #isRunning = false
  /** When each peer was compared with last. */
  readonly #comparedAtMs = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
    parts.ballots.outgoing$.subscribe(({ scope, bytes }) => {
      const body = encodeScopedBallot({ scope, message: bytes })
      if (this.#isRunning) for (const to of parts.recipients()) parts.post(to, 'ballot', body)
      this.#news()
    })
    parts.ballots.declared$.subscribe(() => this.#news())
  }

  start(): void {
    this.#isRunning = true
    this.#news()
  }

  stop(): void {
    this.#isRunning = false
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** A message of another peer; resolves to how many bytes it was answered with. Throws a `CodecError` for what is none. */
  async receive(from: Bytes, kind: BallotMessageKind, body: Bytes): Promise<number> {
    if (!this.#isRunning) return 0
    if (kind === 'ballot') {
      await this.#take(body)
      return 0
    }
    return this.#isTimely(from) ? this.#compare(from, kind, decodeHoldings(body)) : 0
  }

  async #take(body: Bytes): Promise<void> {
    const { ballots, logger } = this.#parts
    const { scope, message } = decodeScopedBallot(body)
    if (!ballots.quorumScopes().includes(scope) || this.#isForOrder(message)) return
    try {
      await ballots.scope(scope).receive(message)
    } catch (error) {
      if (!(error instanceof safe.SafeBallotError || error instanceof ServiceError)) throw error
      logger.debug({ scope, error }, 'a ballot of another peer was refused')
    }
  }

  /** What others say beside the order puts nothing into it: to carry it there is for our own application. */
  #isForOrder(message: Bytes): boolean {
    const ballot = safe.decodeBallotMessage(message, this.#parts.format)
    return ballot.type === 'proposal' && ballot.signed.proposal.finality.type !== 'quorum'
  }

  /** The map holds peers that the transport let in: few. */
  #isTimely(from: Bytes): boolean {
    const nowMs = this.#parts.clock.nowMs()
    const key = toHex(from)
    const before = this.#comparedAtMs.get(key)
    // A clock that was set back says nothing.
    if (before !== undefined && nowMs >= before && nowMs < before + MIN_COMPARISON_MS) return false
    this.#comparedAtMs.set(key, nowMs)
    return true
  }

  /** Gives the other what it lacks, and asks for what we lack, once. */
  async #compare(from: Bytes, kind: BallotMessageKind, theirs: readonly HeldScope[]): Promise<number> {
    const { ballots, post } = this.#parts
    const theyHave = new Map<string, string>(
      theirs.flatMap(({ scope, sessions }) =>
        sessions.map(({ proposalId, votesDigest }) => [`${scope}/${toHex(proposalId)}`, toHex(votesDigest)] as const),
      ),
    )
    let weLack = false
    let givenBytes = 0
    for (const { scope, proposalId, votesDigest } of ballots.held()) {
      const key = `${scope}/${proposalId}`
      const their = theyHave.get(key)
      if (their === votesDigest) continue
      if (their !== undefined) weLack = true
      // The other did not declare a scope that it says nothing of.
      if (givenBytes > MAX_GIVEN_BYTES || !theirs.some((held) => held.scope === scope)) continue
      for (const message of await ballots.scope(scope).messagesOf(proposalId)) {
        givenBytes += message.length
        post(from, 'ballot', encodeScopedBallot({ scope, message }))
      }
    }
    const mine = new Set(ballots.quorumScopes())
    for (const { scope, sessions } of theirs) {
      if (!mine.has(scope)) continue
      if (sessions.some(({ proposalId }) => ballots.isNew(scope, toHex(proposalId)))) weLack = true
    }
    if (weLack && kind === 'ballotHoldings') post(from, 'ballotHoldingsReply', this.#holdings())
    return givenBytes
  }

  #holdings(): Bytes {
    const { ballots } = this.#parts
    const scopes = new Map(ballots.quorumScopes().map((scope) => [scope, [] as HeldScope['sessions'][number][]]))
    for (const { scope, proposalId, votesDigest } of ballots.held().slice(-MAX_HELD_SESSIONS)) {
      scopes.get(scope)?.push({ proposalId: fromHex(proposalId), votesDigest: fromHex(votesDigest) })
    }
    return encodeHoldings([...scopes].map(([scope, sessions]) => ({ scope, sessions })))
  }

  #news(): void {
    this.#intervalMs = FIRST_SYNC_MS
    this.#cancel?.()
    this.#cancel = undefined
    this.#arm()
  }

  #arm(): void {
    const { clock, ballots } = this.#parts
    if (!this.#isRunning || ballots.quorumScopes().length === 0) return
    this.#cancel = clock.schedule(clock.nowMs() + this.#intervalMs, () => {
      this.#ask()
      this.#intervalMs = Math.min(2 * this.#intervalMs, LAST_SYNC_MS)
      this.#arm()
    })
  }

  #ask(): void {
    const { recipients, random, post } = this.#parts
    const others = recipients()
    const [draw = 0] = random.bytes(1)
    const to = others[draw % Math.max(others.length, 1)]
    if (to !== undefined) post(to, 'ballotHoldings', this.#holdings())
  }
}
