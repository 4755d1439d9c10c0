/**
 * @module engine/peer/ballots/ordered-ballots
 *
 * Ballots of finality `ordered` in a peer of a group (ballots §8.4): proposals, votes and Close go into the order as
 * payloads, and every block comes back through the fold. Truth is the gossip log; what the fold makes of a session is
 * logged in its `ballot-…` stream before it is published, and what a crash kept out of there is completed at recovery.
 *
 * Who started from a checkpoint folds the blocks since it is a member. What was proposed before is passed over: it says nothing of those ballots, and
 * votes for their Close only when others do.
 *
 * The caller owes: each gossip event and each block of recovery (`replayEvent`, `replayBlock`), then `complete`; after that
 * every published step to `follow`.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import {
  decodeEvent,
  type GossipEventAccepted,
  type Observation,
  type Parsec,
  ParsecError,
} from '../../../core/parsec/index.ts'
import type { Clock } from '../../../ports/clock.ts'
import { LogError } from '../../../ports/event-log.ts'
import type { Logger } from '../../../ports/logger.ts'
import type { SignatureScheme } from '../../../ports/signature-scheme.ts'
import { DIGEST_BYTES } from '../../../wire/ballot/index.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import { decodePayload, PAYLOAD_KINDS, type PayloadKind } from '../../../wire/payload.ts'
import type { BallotOrder, OrderedBallot } from '../../ballots/safe/order.ts'
import type { AgreedBlock } from '../blocks.ts'
import type { PeerSettings } from '../options.ts'
import { OpeningWaits } from './opening-waits.ts'
import { voterOf } from './order-certificates.ts'
import type { SessionRecords } from './session-records.ts'
import { UnknownCloses } from './unknown-closes.ts'
import { VoterHistory } from './voter-history.ts'

export interface OrderedBallotHooks {
  /** Core, as far as it has run; `undefined` while it does not. */
  readonly parsec: () => Parsec | undefined
  /** How many blocks came before those that we fold, also while core is rebuilt; `undefined`: we are no member. */
  readonly memberSince: () => number | undefined
  /** Resolves when the vote is durable. */
  readonly vote: (observation: Observation) => Promise<void>
  /** Resolves when all that core has done is durable. */
  readonly durable: () => Promise<void>
  readonly equivocation: (scope: string, proof: safe.Equivocation) => void
  readonly provisional: (session: safe.OrderedSession, decision: boolean) => void
  readonly certificate: (ballot: safe.SettledBallot, signal: AbortSignal | undefined) => Promise<Bytes>
}

const VOTE_KIND = PAYLOAD_KINDS.indexOf('ballotVote')
const CLOSE_KIND = PAYLOAD_KINDS.indexOf('close')
/** Of the kind byte of an opaque payload in an event: creator, cause, self parent, tag and length stand before it. */
const KIND_OFFSET = 32 + 4 + 32 + 4 + 8
const BALLOT_KINDS: ReadonlySet<PayloadKind> = new Set<PayloadKind>(['ballotProposal', 'ballotVote', 'close'])
const RETRY_MS = 1_000

export class OrderedBallots implements BallotOrder {
  readonly #settings: PeerSettings
  readonly #self: Bytes
  readonly #hooks: OrderedBallotHooks
  readonly #records: SessionRecords
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #scheme: SignatureScheme
  readonly #verifier: safe.BallotVerifier
  readonly #fold: safe.OrderedFold
  readonly #own = new safe.OwnVotes()
  readonly #provisional: safe.ProvisionalVotes
  readonly #shownProvisional = new Set<string>()
  readonly #waits = new OpeningWaits()
  readonly #voters: VoterHistory
  readonly #unknownCloses = new UnknownCloses()
  #position = 0
  /** What was proposed before this position is passed over; `undefined` while no block is folded. */
  #since: number | undefined
  #isClosed = false

  constructor(
    settings: PeerSettings,
    { identity, scheme }: { readonly identity: Bytes; readonly scheme: SignatureScheme },
    hooks: OrderedBallotHooks,
    records: SessionRecords,
  ) {
    this.#settings = settings
    this.#self = identity
    this.#hooks = hooks
    this.#records = records
    this.#clock = settings.clock
    this.#logger = settings.logger
    this.#scheme = scheme
    this.#verifier = safe.strictVerifier(scheme)
    this.#fold = new safe.OrderedFold({ groupId: this.groupId, format: scheme, verifier: this.#verifier })
    this.#provisional = new safe.ProvisionalVotes(this.#fold, this.#verifier)
    this.#voters = new VoterHistory(settings.group.members)
  }

  get groupId(): Bytes {
    return this.#settings.group.id
  }

  get maxProposalBytes(): number {
    return this.#settings.group.format.limits.maxPayloadBytes - 1
  }

  /** Who has become a member by its checkpoint has not seen a block yet. */
  get position(): number {
    return Math.max(this.#position, this.#hooks.memberSince() ?? 0)
  }

  readonly votersBefore = (position: number): readonly Bytes[] | null =>
    position > this.position ? null : this.#voters.votersBefore(position, this.#hooks.parsec())

  session(proposalId: Bytes): safe.OrderedSession | undefined {
    return this.#fold.find(proposalId)
  }

  provisional(proposalId: Bytes): safe.ProvisionalView | undefined {
    const session = this.#fold.find(proposalId)
    return session === undefined ? undefined : this.#provisional.view(session)
  }

  async propose(signed: safe.SignedProposal): Promise<void> {
    const admission = safe.admit(signed, this.#rules, this.votersBefore, this.position)
    if (admission.type === 'Refused') throw safe.refuseSafe(admission.why)
    await this.#put(safe.proposalPayload(this.#fold, signed))
  }

  async vote({ proposalId, choice, signer, signal }: OrderedBallot): Promise<safe.SafeVote> {
    if (!this.#isKnown(proposalId)) await this.#waits.opened(toHex(proposalId), signal)
    const { vote, payload } = safe.castOrderedVote(this.#fold, this.#own, { proposalId, choice, signer })
    await this.#put(payload)
    return vote
  }

  async carry(vote: safe.SafeVote): Promise<void> {
    const { payload } = safe.carriedVotePayload(this.#fold, vote, this.#verifier)
    await this.#put(payload)
  }

  certificate(ballot: safe.SettledBallot, signal?: AbortSignal): Promise<Bytes> {
    return this.#hooks.certificate(ballot, signal)
  }

  /** A gossip event of the log. Our own votes stand for ever, whatever becomes of their blocks (ballots §8.6). */
  replayEvent({ bytes, observationHash }: GossipEventAccepted): void {
    const kind = bytes[KIND_OFFSET]
    if (observationHash === null || (kind !== VOTE_KIND && kind !== CLOSE_KIND)) return
    const { creator, vote } = decodeEvent(bytes, this.#settings.group.format)
    if (vote?.observation.type !== 'OpaquePayload') return
    if (kind === CLOSE_KIND) {
      this.#noteClose(vote.observation.payload, creator)
      return
    }
    const ballot = ballotVoteOf(vote.observation.payload, this.#scheme)
    if (ballot === null) return
    if (equalBytes(creator, this.#self)) this.#own.record(ballot)
    this.#provisional.observe(ballot)
    this.#showProvisional(ballot.proposalId)
  }

  /** A block of the log, in order. */
  replayBlock(block: AgreedBlock, parsec: Parsec): void {
    this.#foldBlock(block, parsec, parsec.bases.memberSince)
  }

  /** After recovery: completes what the sessions' streams lack, and holds the rest against what the fold says. */
  async complete(): Promise<void> {
    for (const session of this.#fold.sessions()) {
      if (this.#records.isOver(session)) this.forget(toHex(session.signed.id))
      else await this.#records.complete(session)
    }
  }

  follow(events: readonly GossipEventAccepted[], blocks: readonly AgreedBlock[]): void {
    for (const event of events) this.replayEvent(event)
    const parsec = this.#hooks.parsec()
    const since = this.#hooks.memberSince()
    const touched = new Set<safe.OrderedSession>()
    for (const block of blocks) for (const session of this.#foldBlock(block, parsec, since)) touched.add(session)
    for (const session of touched) this.#write(session)
    if (events.length > 0) this.#joinCloses()
  }

  /** A session was evicted or deleted here. The order goes on with what it is. */
  forget(proposalId: string): void {
    const id = fromHex(proposalId)
    const outcome = this.#fold.find(id)?.outcome ?? null
    if (outcome === null) return
    this.#fold.evict(id)
    this.#own.forget(id)
    this.#shownProvisional.delete(proposalId)
  }

  /** Our clock passed deadlines, or we became a voter: we vote for Close of each session that is due (ballots §8.4). */
  closeDue(): void {
    const parsec = this.#hooks.parsec()
    if (parsec === undefined || this.#isClosed || !parsec.canVote()) return
    const nowSec = Math.floor(this.#clock.nowMs() / 1_000)
    for (const { signed } of safe.closesDue(this.#fold, nowSec)) this.#voteForClose(signed.id)
    this.#joinCloses()
  }

  /** What we did not see opened, as far as others say that it is due. */
  #joinCloses(): void {
    const parsec = this.#hooks.parsec()
    if (parsec === undefined || this.#isClosed || !parsec.canVote()) return
    for (const proposalId of this.#unknownCloses.due(parsec.voters(), this.#self)) this.#voteForClose(proposalId)
  }

  #voteForClose(proposalId: Bytes): void {
    this.#put(safe.closePayload(proposalId)).catch((error: unknown) => {
      this.#logger.debug({ error }, 'a Close could not be voted for; it is tried again')
      this.#later(() => this.closeDue())
    })
  }

  /** With the whole order there are no sessions that it opened unseen. */
  #noteClose(payload: Bytes, voter: Bytes): void {
    if (this.#since === 0) return
    const proposalId = closedBy(payload)
    if (proposalId !== null && !this.#isKnown(proposalId)) this.#unknownCloses.note(proposalId, voter)
  }

  close(error: Error): void {
    this.#isClosed = true
    this.#waits.end(error)
  }

  #isKnown(proposalId: Bytes): boolean {
    return this.#fold.find(proposalId) !== undefined
  }

  /** What the block does; the sessions that it changed. */
  #foldBlock(
    block: AgreedBlock,
    parsec: Parsec | undefined,
    since: number | undefined,
  ): readonly safe.OrderedSession[] {
    this.#position = block.index + 1
    const { observation } = block
    if (block.kind === 'close' && observation.type === 'OpaquePayload') this.#forgetClose(observation.payload)
    this.#begin(since)
    if (this.#since === undefined) return []
    if (observation.type !== 'OpaquePayload' || block.kind === undefined || !BALLOT_KINDS.has(block.kind)) return []
    const ordered = { position: block.index, payload: observation.payload, voter: voterOf(block, this.#settings.group) }
    const notices = this.#fold.fold(ordered, (position) => this.#voters.votersBefore(position, parsec))
    const changed: safe.OrderedSession[] = []
    for (const notice of notices) {
      if (notice.type === 'Equivocation') this.#blame(notice.proof)
      if (notice.type === 'Void' && block.kind === 'ballotProposal') this.#refuse(observation.payload, notice.reason)
      if (notice.type === 'Void' || notice.type === 'Equivocation') continue
      this.#records.note(notice, block.index)
      changed.push(notice.session)
      this.#follow(notice)
    }
    return changed
  }

  #begin(since: number | undefined): void {
    if (since === undefined || this.#since !== undefined) return
    this.#since = since
    this.#fold.startAt(since)
  }

  #forgetClose(payload: Bytes): void {
    const proposalId = closedBy(payload)
    if (proposalId !== null) this.#unknownCloses.forget(proposalId)
  }

  #follow(notice: Exclude<safe.OrderedNotice, { readonly type: 'Equivocation' | 'Void' }>): void {
    const { session } = notice
    if (notice.type === 'Opened') {
      this.#provisional.open(session)
      this.#waits.open(toHex(session.signed.id))
    }
    if (notice.type === 'Settled') this.#provisional.settle(session)
  }

  #blame(proof: safe.Equivocation): void {
    const session = this.#fold.find(proof.proposalId)
    if (session !== undefined) this.#hooks.equivocation(session.signed.proposal.scope, proof)
  }

  /** A proposal whose block opened nothing: whoever waits for it learns why. */
  #refuse(payload: Bytes, reason: safe.VoidReason): void {
    if (reason === 'Malformed' || reason === 'ProposalKnown') return
    const { id } = safe.decodeSignedProposal(decodePayload(payload).body, this.#scheme)
    const why = `the order took it, and it is void: ${reason}`
    this.#waits.refuse(toHex(id), safe.refuseSafe({ code: 'InvalidProposal', why }))
  }

  /** ballots §8.4: shown once, and never as decided. */
  #showProvisional(proposalId: Bytes): void {
    const session = this.#fold.find(proposalId)
    const key = toHex(proposalId)
    if (session === undefined || session.outcome !== null || this.#shownProvisional.has(key)) return
    if (!this.#provisional.mayDecide(session)) return
    const { decision } = this.#provisional.view(session)
    if (decision === null) return
    this.#shownProvisional.add(key)
    this.#hooks.provisional(session, decision)
  }

  /** Into the order, once; durable when this resolves, also where an earlier call is what put it there. */
  async #put(payload: Bytes): Promise<void> {
    const observation: Observation = { type: 'OpaquePayload', payload }
    const { parsec, vote, durable } = this.#hooks
    if (parsec()?.haveVotedFor(observation) !== true) {
      try {
        await vote(observation)
        return
      } catch (error) {
        if (!(error instanceof ParsecError && error.code === 'DuplicateVote')) throw error
      }
    }
    // Core runs ahead of the log.
    await durable()
  }

  /** What cannot be logged now is tried again: the fold knows it, and so does the gossip log. */
  #write(session: safe.OrderedSession): void {
    this.#records
      .write(session)
      .catch((error: unknown) => {
        if (!(error instanceof LogError)) throw error
        this.#logger.warn({ error }, 'what the order made of a ballot cannot be logged; it is tried again')
        this.#later(() => this.#write(session))
      })
      .catch((error: unknown) => this.#logger.error({ error }, 'a ballot of the order cannot be shown'))
  }

  #later(work: () => void): void {
    if (this.#isClosed) return
    this.#clock.schedule(this.#clock.nowMs() + RETRY_MS, () => {
      if (!this.#isClosed) work()
    })
  }

  get #rules(): safe.ScopeRules {
    const { groupId } = this
    return { groupId, scope: null, finality: 'ordered', proposersOf: () => [], verifier: this.#verifier }
  }
}

function closedBy(payload: Bytes): Bytes | null {
  const { kind, body } = decodePayload(payload)
  return kind === 'close' && body.length === DIGEST_BYTES ? body.slice() : null
}

function ballotVoteOf(payload: Bytes, format: safe.BallotFormat): safe.SafeVote | null {
  try {
    const { kind, body } = decodePayload(payload)
    return kind === 'ballotVote' ? safe.decodeSafeVote(body.slice(), format) : null
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}
