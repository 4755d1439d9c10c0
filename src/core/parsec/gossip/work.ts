/**
 * @module core/parsec/gossip/work
 *
 * One operation under way: `decide` and `evolve` alternate in memory, and what they yield is gathered into a step.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { concatBytes } from '../../../base/bytes.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import { decodeEvent, encodeContent, encodeMessage, encodeVote } from '../../../wire/canonical/event.ts'
import { encodeObservation } from '../../../wire/canonical/observation.ts'
import type { Cause, Malice, Observation, PeerId } from '../../../wire/canonical/types.ts'
import { signDue } from '../checkpoint/signing.ts'
import { ParsecError } from '../errors.ts'
import { accept, evolve } from '../evolve.ts'
import type { ParsecFact, ParsecFault, ParsecStep, SendMessage } from '../facts.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import { makeEvidence } from '../malice/evidence/make.ts'
import type { Offence } from '../malice/offence.ts'
import { isTakenByOthers } from '../malice/report.ts'
import type { State } from '../state.ts'
import { carriesEvent, factOf, type OpenedEvent } from './admission.ts'

export class Work<Payload> {
  readonly state: State<Payload>
  readonly #signer: Signer
  readonly #facts: ParsecFact[] = []
  readonly #effects: SendMessage[] = []
  readonly #faults: ParsecFault[] = []
  readonly #blocksBefore: number
  readonly #provenBefore: number
  readonly #offencesBefore: number

  constructor(state: State<Payload>, signer: Signer) {
    this.state = state
    this.#signer = signer
    this.#blocksBefore = state.blocks.made
    this.#provenBefore = state.checkpoints.proven.length
    this.#offencesBefore = state.watch?.offences.found.length ?? 0
  }

  /** A received event that passed its checks. */
  accept(event: OpenedEvent<Payload>): EventIndex {
    const fact = this.#keep(factOf(event))
    const index = accept(this.state, fact, event.view)
    this.startIfDue()
    return index
  }

  /** parsec §8: our Initial comes right after the deciding event, before the rest of the message. */
  startIfDue(): void {
    if (this.state.isInitialDue) this.make({ type: 'Initial' })
  }

  /** Makes, signs and accepts an event of our own. */
  make(cause: Exclude<Cause<Payload>, { readonly type: 'Observation' }>): EventIndex {
    return this.#sign(encodeContent(this.#signer.identity, cause, this.state.group.format), null)
  }

  /** Our vote, as an event. */
  vote(observation: Observation<Payload>): EventIndex {
    const encoded = encodeObservation(observation, this.state.group.format)
    return this.voteEncoded(encoded, this.state.group.hash(encoded))
  }

  /** `hash`: of the encoded observation. */
  voteEncoded(observation: Bytes, hash: Bytes): EventIndex {
    const voteSignature = this.#signer.sign(this.state.group.voteMessage(observation))
    return this.#sign(encodeVote(this.#signer.identity, this.lastHash(), observation, voteSignature), hash)
  }

  #sign(content: Bytes, observationHash: Bytes | null): EventIndex {
    const { group } = this.state
    const message = group.eventMessage(content)
    const view = decodeEvent(concatBytes(content, this.#signer.sign(message)), group.format)
    return this.accept({
      view,
      hash: group.hash(message),
      observationHash,
      eventVerdict: 'valid',
      voteVerdict: 'valid',
      // What we carry, we verified.
      carriedVerdict: carriesEvent(view) ? 'valid' : null,
    })
  }

  sync(cause: 'Request' | 'Response', otherParent: Bytes): EventIndex {
    this.#accuse(this.state.graph.find(otherParent))
    return this.make({ type: cause, selfParent: this.lastHash(), otherParent })
  }

  requesting(recipient: PeerId): EventIndex {
    this.#accuse(NONE)
    return this.make({ type: 'Requesting', selfParent: this.lastHash(), recipient })
  }

  /** parsec §9: immediately before each sync event. */
  #accuse(otherParent: EventIndex): void {
    const due = this.state.accusationsDue(otherParent)
    for (let next = due?.next() ?? null; next !== null; next = due?.next() ?? null) this.vote(next)
  }

  /** An offence that the graph does not show; once for each offender and kind, and only if others could take the accusation. */
  report(offender: PeerId, malice: Malice): void {
    const { group, watch, peers, self } = this.state
    const peer = peers.find(offender)
    if (watch === null || peer === self || watch.offences.has(peer, ({ type }) => type === malice.type)) return
    const accusation = encodeObservation({ type: 'Accusation', offender, malice }, group.format)
    if (isTakenByOthers(accusation, group.format)) this.note({ type: 'OffenceReported', accusation })
  }

  /** Hash of our last event, the next one's self-parent. */
  lastHash(): Bytes {
    return this.state.graph.hashOf(this.state.graph.lastEventOf(this.state.self))
  }

  owe(cause: 'Request' | 'Response', otherParent: Bytes): void {
    this.note({ type: 'SyncEventOwed', cause, otherParent })
  }

  /** Any other fact. */
  note(fact: ParsecFact): void {
    evolve(this.state, this.#keep(fact))
  }

  #keep<F extends ParsecFact>(fact: F): F {
    const isMarked = this.state.isPassive && fact.type !== 'PeerStarted' && fact.type !== 'GraphTaken'
    const kept = isMarked ? { ...fact, forNext: true } : fact
    this.#facts.push(kept)
    return kept
  }

  send(kind: SendMessage['kind'], to: PeerId, events: readonly EventIndex[]): void {
    const bytes = encodeMessage(events.map((event) => this.state.graph.bytesOf(event)))
    this.sendBytes(kind, to, bytes)
  }

  /** A message that is no part of the graph. */
  sendBytes(kind: SendMessage['kind'], to: PeerId, bytes: Bytes): void {
    this.#effects.push({ type: 'send', kind, to, bytes })
  }

  sign(message: Bytes): Bytes {
    return this.#signer.sign(message)
  }

  blame(peer: PeerId, error: ParsecError, evidence?: Bytes): void {
    this.#faults.push(evidence === undefined ? { peer, error } : { peer, error, evidence })
  }

  /** What was found since the operation began; of one offender the first of each kind. */
  #blameOffenders(): void {
    const { watch, peers } = this.state
    const found = watch?.offences.found ?? []
    for (let i = this.#offencesBefore; i < found.length; i += 1) {
      const { offender, malice } = found[i] as Offence
      const isFirst = found.findIndex((it) => it.offender === offender && it.malice.type === malice.type) === i
      if (!isFirst || offender === this.state.self) continue
      const evidence = makeEvidence(this.state, found[i] as Offence)
      this.blame(peers.idOf(offender), new ParsecError({ code: 'Malice', kind: malice.type }), evidence ?? undefined)
    }
  }

  finish(error?: ParsecError): ParsecStep<Payload> {
    signDue(this)
    this.#blameOffenders()
    const step = {
      facts: this.#facts,
      effects: this.#effects,
      faults: this.#faults,
      blocks: this.state.blocks.since(this.#blocksBefore),
      proven: this.state.checkpoints.proven.slice(this.#provenBefore),
    }
    return error === undefined ? step : { ...step, error }
  }
}
