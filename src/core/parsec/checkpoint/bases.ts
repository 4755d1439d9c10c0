/**
 * @module core/parsec/checkpoint/bases
 *
 * What a peer gives to others that want to start from a checkpoint (parsec §8), and what its own start allows.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { decodeBase, encodeBase } from '../../../wire/checkpoint/base.ts'
import type { SharedSignature } from '../../../wire/checkpoint/shares.ts'
import type { ParsecStep } from '../facts.ts'
import { isCutOff } from '../gossip/pruned-ancestry.ts'
import { sendInPieces } from '../gossip/sending.ts'
import { decodeSummary, eventsBeyondSummary, firstBeyondSummary } from '../gossip/summary.ts'
import { Work } from '../gossip/work.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import type { State } from '../state.ts'
import { showSignatures } from './gathering.ts'
import { makeBase, vouchFor } from './make-base.ts'
import type { CheckpointTrust } from './verify.ts'

/** Where an answer to a follower broke off, and what it had asked with. */
export interface GraphCut {
  readonly summary: Bytes
  readonly next: EventIndex
}

export interface GraphAnswer<Payload> {
  readonly step: ParsecStep<Payload>
  /** For the answer to its next summary; none where it was given all. */
  readonly cut?: GraphCut
}

export class Bases<Payload> {
  readonly #state: State<Payload>
  readonly #signer: Signer

  constructor(state: State<Payload>, signer: Signer) {
    this.#state = state
    this.#signer = signer
  }

  /**
   * What others may start from at a proven checkpoint, with our own vouch if we vote from there on; null where it is not
   * proven, or a fork forbids it. A joiner gathers the vouches of others, until at least a third of the voters gave one.
   */
  at(position: number): Bytes | null {
    const checkpoint = this.#state.checkpoints.at(position)
    const base = checkpoint === undefined ? null : makeBase(this.#state, checkpoint)
    if (base === null) return null
    const signature = this.vouch(position, base.stubs)
    const signer = this.#state.peers.idOf(this.#state.self)
    return encodeBase({ ...base, vouches: signature === null ? [] : [{ signer, signature }] })
  }

  /**
   * Where a peer with this id may start from to take part: at the checkpoint of its admission, while it made no event; before it is admitted, at the
   * newest that is proven. Undefined: nowhere, or not yet.
   */
  placeFor(id: PeerId): number | undefined {
    const { peers, graph, admissions, checkpoints } = this.#state
    const peer = peers.find(id)
    if (peer === NONE || !peers.isAdmitted(peer))
      return checkpoints.all.findLast((it) => checkpoints.isProven(it))?.position
    const position = graph.placesOf(peer) > 0 ? undefined : admissions.of(peer)?.position
    const checkpoint = position === undefined ? undefined : checkpoints.at(position)
    return checkpoint !== undefined && checkpoints.isProven(checkpoint) ? position : undefined
  }

  /** It is a voter of whom we know no event: it may need a base to start from. */
  awaits(id: PeerId): boolean {
    const { peers, graph, election } = this.#state
    const peer = peers.find(id)
    return peer !== NONE && election.voters.has(peer) && graph.placesOf(peer) === 0
  }

  /** We take part as soon as the order admits us, or do so already. False: we follow for good. */
  get mayTakePart(): boolean {
    return this.#state.mayTakePart
  }

  /** So many blocks came before our life as a member, as far as we have it: none of who always had the whole graph. Undefined: we follow. */
  get memberSince(): number | undefined {
    const { takesPart, blocksBefore, admissions, self } = this.#state
    if (!takesPart) return undefined
    // Of an admission at our base, or before it, no position is known.
    return blocksBefore === 0 ? 0 : Math.max(blocksBefore, admissions.of(self)?.position ?? 0)
  }

  /**
   * We started from a checkpoint and take part, and too many voters may lack what we have stubs for: we gossip to so few that what we make may reach
   * nobody. That is so for a while where others are slow; where it lasts, we need the whole graph (`Parsec.again`).
   */
  get isCutOff(): boolean {
    return isCutOff(this.#state)
  }

  /** From now on we follow for good, even if the order admits us; nothing of it is logged. Does nothing where we made events already. */
  abstain(): void {
    const { graph, self } = this.#state
    if (graph.placesOf(self) === 0) this.#state.mayBeAdmitted = false
  }

  /** Our signature under the stubs of a base, if we vote from its checkpoint on and our graph says the same; else null. Throws a `CodecError`. */
  vouch(position: number, stubs: Bytes): Bytes | null {
    const checkpoint = this.#state.checkpoints.at(position)
    if (checkpoint === undefined || !checkpoint.nextVoters.has(this.#state.self)) return null
    const message = vouchFor(this.#state, checkpoint, stubs)
    return message === null ? null : this.#signer.sign(message)
  }

  /**
   * What a follower with this summary lacks, as messages of kind `graph`: so many bytes of it, what follows is for its next summary. Of a forker
   * a summary tells too little to know what of it is lacking, so that all of it is given: `cut` is where the answer before it broke off, and this
   * one goes on from there. It need not be known to us. Throws a `CodecError`.
   */
  graphBeyond(to: PeerId, summary: Bytes, maxBytes: number, cut?: GraphCut): GraphAnswer<Payload> {
    const work = new Work(this.#state, this.#signer)
    const events = this.#eventsBeyond(summary, cut)
    let bytes = 0
    const end = events.findIndex((event, i) => {
      bytes += this.#state.graph.byteLengthOf(event)
      return i > 0 && bytes > maxBytes
    })
    const some = end < 0 ? events : events.slice(0, end)
    if (some.length > 0) sendInPieces(work, 'graph', to, some)
    const next = events[end]
    return { step: work.finish(), ...(next === undefined ? {} : { cut: { summary, next } }) }
  }

  /** From the cut on, unless the follower lacks for certain what was before, and has taken something meanwhile: then that was lost. */
  #eventsBeyond(bytes: Bytes, cut: GraphCut | undefined): readonly EventIndex[] {
    const summary = decodeSummary(this.#state, bytes)
    const events = eventsBeyondSummary(this.#state, summary)
    if (cut === undefined) return events
    if (!equalBytes(cut.summary, bytes) && firstBeyondSummary(this.#state, summary) < cut.next) return events
    const rest = events.filter((event) => event >= cut.next)
    return rest.length > 0 ? rest : events
  }

  /** Answers a follower's message of kind `checkpoints` with the signatures that it lacks; takes none. */
  signatures(to: PeerId, message: Bytes): ParsecStep<Payload> {
    const work = new Work(this.#state, this.#signer)
    return work.finish(showSignatures(work, to, message) ?? undefined)
  }
}

/** The same base with further vouches. Throws a `CodecError`. */
export function withVouches<P>(
  base: Bytes,
  vouches: readonly SharedSignature[],
  { group }: Pick<CheckpointTrust<P>, 'group'>,
): Bytes {
  const decoded = decodeBase(base, group.format)
  return encodeBase({ ...decoded, vouches: [...decoded.vouches, ...vouches] })
}

/** The stubs that voters are asked to vouch for. Throws a `CodecError`. */
export function stubsOfBase<P>(base: Bytes, { group }: Pick<CheckpointTrust<P>, 'group'>): Bytes {
  return decodeBase(base, group.format).stubs
}
