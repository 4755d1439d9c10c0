/**
 * @module core/parsec
 *
 * PARSEC, sans I/O: one peer's engine (parsec §1 to §8). It takes votes and messages, and returns steps: facts to log,
 * messages to send, blocks that are agreed.
 *
 * Guarantees: with fewer than a third of the voters faulty, all correct peers get the same blocks in the same order.
 * Given the same facts, `fromFacts` gives an engine that answers everything alike.
 * The caller owes: to append each step's facts, also when it holds an error, before it acts on anything else in it; one
 * engine for one key.
 */

import { type Bytes, equalBytes } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { encodeObservation } from '../../wire/canonical/observation.ts'
import type { Malice, Observation, PeerId } from '../../wire/canonical/types.ts'
import { Bases } from './checkpoint/bases.ts'
import { askForSignatures, takeSignatures } from './checkpoint/gathering.ts'
import { OrderProofs } from './checkpoint/order-proofs.ts'
import { showLast } from './checkpoint/signing.ts'
import { takeOver } from './checkpoint/take-over.ts'
import { verifyBase } from './checkpoint/verify-base.ts'
import { ParsecError } from './errors.ts'
import type { Block, ParsecFact, ParsecStep } from './facts.ts'
import type { Verify } from './gossip/admission.ts'
import { type OpenedMessage, openMessage } from './gossip/message.ts'
import { type MessageKind, receive } from './gossip/receiving.ts'
import { createGossip, recipientsOf, selfState, sendInPieces } from './gossip/sending.ts'
import { type Comparison, compareSummary, decodeSummary, encodeSummary, eventsBeyondSummary } from './gossip/summary.ts'
import { Work } from './gossip/work.ts'
import { NONE } from './graph/graph.ts'
import type { Group } from './group.ts'
import { makeEvidence } from './malice/evidence/make.ts'
import { UNPROVABLE } from './malice/kinds/unprovable.ts'
import { type OpenChange, openChanges } from './membership/open-changes.ts'
import { VOTE } from './membership/peer-state.ts'
import { Reading, Starts } from './reading.ts'
import { basePartsOf, checkStart, startOf } from './starting.ts'
import { State } from './state.ts'
import { hasUnsettled, ourUnpolled } from './unpolled.ts'

export interface Started<Payload> {
  readonly parsec: Parsec<Payload>
  readonly step: ParsecStep<Payload>
}

/** parsec §9. */
export interface FoundOffence {
  readonly offender: PeerId
  readonly malice: Malice
  /** For `verifyEvidence`; null where nobody else can check it, or it would be too long. */
  evidence(): Bytes | null
}

export class Parsec<Payload = Bytes> {
  readonly #state: State<Payload>
  readonly #signer: Signer
  /** parsec §8: our checkpoints, and what they prove. */
  readonly proofs: OrderProofs<Payload>
  /** For peers that start from a checkpoint. */
  readonly bases: Bases<Payload>
  #reading: Reading<Payload> | null = null

  private constructor(state: State<Payload>, signer: Signer) {
    this.#state = state
    this.#signer = signer
    this.proofs = new OrderProofs(state)
    this.bases = new Bases(state, signer)
  }

  /** A member of the genesis group, at genesis. Throws UnknownPeer where the signer is none. */
  static fromGenesis<P>(group: Group<P>, signer: Signer): Started<P> {
    const isMember = group.members.some((id) => equalBytes(id, signer.identity))
    if (!isMember) throw new ParsecError({ code: 'UnknownPeer', peer: signer.identity })
    const started = startOf(group, signer, 'genesis', [])
    const parsec = new Parsec(new State(group, started), signer)
    const work = parsec.#work()
    work.note(started)
    work.make({ type: 'Initial' })
    work.vote(group.genesis)
    return { parsec, step: work.finish() }
  }

  /** A peer that joins a section which runs already. `section`: its members, as far as we were told. */
  static fromExisting<P>(group: Group<P>, signer: Signer, section: readonly PeerId[]): Started<P> {
    const started = startOf(group, signer, 'existing', section)
    const parsec = new Parsec(new State(group, started), signer)
    const work = parsec.#work()
    work.note(started)
    return { parsec, step: work.finish() }
  }

  /**
   * A peer that starts from a base (parsec §8), by others' `bases`, in place of the graph before it. It learns the rest like any
   * joining peer. It follows the order and makes no events, until the order admits it: at the base's checkpoint or later; who was admitted before only follows,
   * as does who `abstains`. `hostPosition` is kept with it. Throws `InvalidCheckpoint`.
   */
  static fromCheckpoint<P>(
    group: Group<P>,
    signer: Signer,
    base: Bytes,
    hostPosition?: number,
    abstains = false,
  ): Started<P> {
    verifyBase(base, { group, scheme: signer.scheme })
    const started = startOf(group, signer, 'checkpoint', [])
    const parsec = new Parsec(new State(group, started), signer)
    const work = parsec.#work()
    work.note(started)
    for (const part of basePartsOf(base, hostPosition)) work.note(part)
    if (abstains) parsec.bases.abstain()
    work.startIfDue()
    return { parsec, step: work.finish() }
  }

  /**
   * For a peer that started from a checkpoint and stands still (parsec §8): takes the whole graph by `handleGraph`, and makes nothing
   * until it takes over. Its facts may stand in the log between those of the peer that goes on meanwhile. `section`: whom it may ask.
   */
  static again<P>(group: Group<P>, signer: Signer, section: readonly PeerId[]): Started<P> {
    const started = startOf(group, signer, 'again', section)
    const parsec = new Parsec(new State(group, started), signer)
    const work = parsec.#work()
    work.note(started)
    return { parsec, step: work.finish() }
  }

  /**
   * Goes on in place of the former engine, of which nothing may be asked from then on: with all of its events, and the blocks from where it was.
   * Refuses with GraphDiffers where this graph is not for it, nor will be; while it lacks something, with GraphLacks, UnknownSelfParent or the like.
   */
  takeOver(former: Parsec<Payload>): ParsecStep<Payload> {
    const work = this.#work()
    return work.finish(takeOver(work, former.#state, this.#verify) ?? undefined)
  }

  /**
   * The engine that made these facts. Needs no key unless it is to go on: `signer` signs what it makes next.
   * `polled`: how many blocks were polled already.
   */
  static fromFacts<P>(group: Group<P>, signer: Signer, facts: Iterable<ParsecFact>, polled = 0): Parsec<P> {
    const starts = new Starts((fact) => {
      checkStart(group, fact)
      return new Parsec(new State(group, fact), signer)
    })
    for (const fact of facts) starts.of(fact).evolve(fact)
    const parsec = starts.current
    assert(parsec !== null, 'a peer has facts')
    for (let i = 0; i < polled; i += 1) parsec.poll()
    return parsec
  }

  /** Applies a fact that another run of this engine made. Accusations wait for the sync event that follows them. */
  evolve(fact: ParsecFact): void {
    this.#reading ??= new Reading(this.#state)
    this.#reading.take(fact)
  }

  #work(): Work<Payload> {
    return new Work(this.#state, this.#signer)
  }

  get ourId(): PeerId {
    return this.#state.peers.idOf(this.#state.self)
  }

  get group(): Group<Payload> {
    return this.#state.group
  }

  /** parsec §8, vote. Refuses with InvalidSelfState, DuplicateVote. */
  voteFor(observation: Observation<Payload>): ParsecStep<Payload> {
    const work = this.#work()
    if (!this.canVote()) return work.finish(selfState(this.#state, VOTE))
    if (this.#state.stronger && isMadeByEngine(observation)) {
      return work.finish(new ParsecError({ code: 'Logic', why: `the engine makes votes of type ${observation.type}` }))
    }
    const encoded = encodeObservation(observation, this.group.format)
    const hash = this.group.hash(encoded)
    if (this.#haveVotedFor(observation, hash)) {
      return work.finish(new ParsecError({ code: 'DuplicateVote', observation: hash }))
    }
    work.voteEncoded(encoded, hash)
    // parsec §8: so that we decide alone.
    const { voters } = this.#state.election
    if (voters.count === 1 && voters.has(this.#state.self)) {
      work.requesting(this.ourId)
    }
    return work.finish()
  }

  /**
   * parsec §9, Unprovable: a peer went on spamming beyond all budgets. We accuse it before our next sync event, once. The
   * caller owes that no peer that is only slow, or only busy, is reported.
   */
  reportSpam(peer: PeerId): ParsecStep<Payload> {
    const work = this.#work()
    if (this.#state.peers.find(peer) === NONE) return work.finish(new ParsecError({ code: 'UnknownPeer', peer }))
    work.report(peer, UNPROVABLE)
    return work.finish()
  }

  /** Gossip to a peer: a message of kind `request`. Refuses with UnknownPeer, InvalidSelfState, InvalidPeerState, PrematureGossip. */
  createGossip(to: PeerId): ParsecStep<Payload> {
    const work = this.#work()
    return work.finish(createGossip(work, to) ?? undefined)
  }

  /** Decodes and hashes a message, so that its signatures can be checked in bulk before it is handled. */
  open(message: Bytes): OpenedMessage<Payload> | ParsecError {
    return openMessage(this.#state, message)
  }

  /** A message of kind `request` from the authenticated peer `from`; the step's effects hold the answer. */
  handleRequest(from: PeerId, message: Bytes | OpenedMessage<Payload>): ParsecStep<Payload> {
    return this.#handle('request', from, message)
  }

  handleResponse(from: PeerId, message: Bytes | OpenedMessage<Payload>): ParsecStep<Payload> {
    return this.#handle('response', from, message)
  }

  /** A message of kind `graph`: events only, that ask for nothing and answer nothing. */
  handleGraph(from: PeerId, message: Bytes | OpenedMessage<Payload>): ParsecStep<Payload> {
    return this.#handle('graph', from, message)
  }

  /** A message of kind `checkpoints`: signatures beside the graph, also from and to removed peers (parsec §8). */
  handleCheckpoints(from: PeerId, message: Bytes): ParsecStep<Payload> {
    const work = this.#work()
    return work.finish(takeSignatures(work, from, message, this.#verify) ?? undefined)
  }

  /** Asks a peer for the signatures that our checkpoints lack; `createGossip` does so by itself. */
  askForSignatures(to: PeerId): ParsecStep<Payload> {
    const work = this.#work()
    askForSignatures(work, to)
    return work.finish()
  }

  /** Shows what we signed of checkpoints last to all whom it concerns; for a removed peer that starts again (parsec §8). */
  showLastSignature(): ParsecStep<Payload> {
    const work = this.#work()
    showLast(work)
    return work.finish()
  }

  /** What we know, in a few bytes a creator: for a peer's `compareSummary` and `graphBeyond`. */
  summary(): Bytes {
    return encodeSummary(this.#state)
  }

  /** Throws a `CodecError`. */
  compareSummary(summary: Bytes): Comparison {
    return compareSummary(this.#state, decodeSummary(this.#state, summary))
  }

  /** What a peer with this summary lacks, as messages of kind `graph`. Makes no event. Throws a `CodecError`. */
  graphBeyond(to: PeerId, summary: Bytes): ParsecStep<Payload> {
    const work = this.#work()
    if (!this.knows(to)) return work.finish()
    const events = eventsBeyondSummary(this.#state, decodeSummary(this.#state, summary))
    if (events.length > 0) sendInPieces(work, 'graph', to, events)
    return work.finish()
  }

  /** It is or was of the group, as far as we know, or a peer that we were told of. */
  knows(peer: PeerId): boolean {
    return this.#state.peers.find(peer) !== NONE
  }

  /** So many blocks its host never had from it: those before its base, also after it took the whole graph. */
  get blocksBefore(): number {
    return this.#state.blocksBefore
  }

  /** How many blocks were decided before what we started from: 0 without a base. */
  get startedAt(): number {
    return this.#state.checkpoints.startedAt
  }

  /** We are to start from a checkpoint, and have no whole base yet: nothing can be built on this engine. */
  get lacksBase(): boolean {
    return this.isFollower && this.startedAt === 0
  }

  /** We started from a checkpoint, and the order has not admitted us since: we follow it, and make no events. */
  get isFollower(): boolean {
    return !this.#state.takesPart
  }

  readonly #verify: Verify = (identity, message, signature) => this.#signer.scheme.verify(identity, message, signature)

  /** What an engine before this one opened, rebuilt since, may hold less than this one lacks. */
  #opened(message: Bytes | OpenedMessage<Payload>): OpenedMessage<Payload> | ParsecError {
    if (message instanceof Uint8Array) return this.open(message)
    return message.isOpenedBy(this.#state) ? message : this.open(message.bytes)
  }

  #handle(kind: MessageKind, from: PeerId, message: Bytes | OpenedMessage<Payload>): ParsecStep<Payload> {
    const work = this.#work()
    const error = receive(work, kind, from, this.#opened(message), this.#verify)
    return work.finish(error ?? undefined)
  }

  /** The next agreed block, once each. */
  poll(): Block<Payload> | undefined {
    return this.#state.blocks.shift()
  }

  /** How many blocks were agreed, polled or not. */
  get blockCount(): number {
    return this.#state.blocks.made
  }

  /** parsec §8: those we may gossip to now, in the order of the list of peers. */
  gossipRecipients(): readonly PeerId[] {
    return recipientsOf(this.#state)
  }

  canVote(): boolean {
    return this.#state.selfHas(VOTE)
  }

  /** Also after its block. */
  haveVotedFor(observation: Observation<Payload>): boolean {
    return this.#haveVotedFor(observation, this.hashOf(observation))
  }

  #haveVotedFor(observation: Observation<Payload>, hash: Bytes): boolean {
    const { keys, group, self } = this.#state
    const key = keys.find(hash, group.modeOf(observation) === 'single' ? self : NONE)
    return key !== NONE && keys.isOurs(key)
  }

  /** SHA3-256 of the encoded observation (parsec §2). */
  hashOf(observation: Observation<Payload>): Bytes {
    const { group } = this.#state
    return group.hash(encodeObservation(observation, group.format))
  }

  /** parsec §8: a block is queued, or an observation is undecided. */
  hasUnpolledObservations(): boolean {
    return this.#state.blocks.waiting > 0 || hasUnsettled(this.#state)
  }

  /** parsec §8: ours decided but not polled, then ours undecided; in each part `Single` before `Supermajority`, by hash. */
  ourUnpolledObservations(): readonly Observation<Payload>[] {
    return ourUnpolled(this.#state)
  }

  /** Current voters, in order of id. */
  voters(): readonly PeerId[] {
    return this.#state.election.voters.peers.map((peer) => this.#state.peers.idOf(peer))
  }

  /** Changes of the voters that are voted for and not agreed yet. */
  openChanges(): readonly OpenChange[] {
    return openChanges(this.#state)
  }

  /** Our own removal is agreed: for good. */
  get isRemoved(): boolean {
    return this.#state.peers.removedAt(this.#state.self) !== NONE
  }

  /** parsec §9: the offences that were found so far, in the order in which they were. A function of the facts. */
  offences(): readonly FoundOffence[] {
    const { watch, peers } = this.#state
    const found = watch?.offences.found ?? []
    return found.map((offence) => ({
      offender: peers.idOf(offence.offender),
      malice: offence.malice,
      evidence: () => makeEvidence(this.#state, offence),
    }))
  }

  /** Events in our graph. */
  get eventCount(): number {
    return this.#state.graph.size
  }
}

/** parsec §2: not voted for by applications. A vote of this kind would be an offence, ours. */
function isMadeByEngine<P>({ type }: Observation<P>): boolean {
  return type === 'Genesis' || type === 'Accusation' || type === 'DkgResult' || type === 'DkgMessage'
}
