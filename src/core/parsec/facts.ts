/**
 * @module core/parsec/facts
 *
 * What an operation of the engine yields: facts to log, and what to do once they are durable.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { EventHash, Observation, PeerId } from '../../wire/canonical/types.ts'
import type { Step } from '../step.ts'
import type { ParsecError } from './errors.ts'

/** Who we are, and in which group. The first fact; again where a peer starts again: what came before holds until the new start is whole. */
export interface PeerStarted {
  readonly type: 'PeerStarted'
  readonly self: PeerId
  /**
   * `genesis`: a member from the beginning; `existing`: joins a section that runs already, by its whole graph;
   * `checkpoint`: by a base, which the facts after this one hold; `again`: by its whole graph after all, own events included,
   * until `GraphTaken`.
   */
  readonly origin: 'genesis' | 'existing' | 'checkpoint' | 'again'
  readonly members: readonly PeerId[]
  readonly relatedInfo: Bytes
  /** Other peers of the section that a joining peer was told. */
  readonly section: readonly PeerId[]
}

/** An event, made or received, is in the graph now. With its hashes, so that replay computes none. */
export interface GossipEventAccepted {
  readonly type: 'GossipEventAccepted'
  readonly hash: EventHash
  /** Content and signature. */
  readonly bytes: Bytes
  /** For a vote: hash of its observation. */
  readonly observationHash: Bytes | null
  /** For an accusation that carries an event: whether that is signed by its creator. */
  readonly isCarriedSigned?: boolean
}

/** We have no event yet: the sync event for this message comes later (parsec §8). */
export interface SyncEventOwed {
  readonly type: 'SyncEventOwed'
  readonly cause: 'Request' | 'Response'
  readonly otherParent: EventHash
}

/** We signed a checkpoint (parsec §8), as it stands here: once, and before the signature left. */
export interface CheckpointSigned {
  readonly type: 'CheckpointSigned'
  readonly position: number
  /** Encoded. */
  readonly statement: Bytes
  readonly signature: Bytes
}

/** Another voter's signature of a checkpoint; verified. */
export interface CheckpointSignatureTaken {
  readonly type: 'CheckpointSignatureTaken'
  readonly position: number
  readonly signer: PeerId
  /** Null: what we state too. Otherwise what the signer states, encoded. */
  readonly statement: Bytes | null
  readonly signature: Bytes
}

/** An offence that the graph does not show: with an event that was not added, or one that nobody else can check. */
export interface OffenceReported {
  readonly type: 'OffenceReported'
  /** The accusation that we would make, an encoded observation. */
  readonly accusation: Bytes
}

/** A part of the base that we start from (parsec §8), verified. Nothing of it holds before the last part is there. */
export interface BaseTaken {
  readonly type: 'BaseTaken'
  readonly part: Bytes
  readonly isLast: boolean
  /** With the last part: what the host counts besides blocks, up to the checkpoint. Nothing to core. */
  readonly hostPosition?: number
}

/** The whole graph is here, with all that the former start had (parsec §8): from now on this start holds. */
export interface GraphTaken {
  readonly type: 'GraphTaken'
  /** So many blocks the host never had from us: those before the base of the former start. */
  readonly blocksBefore: number
}

/** Which start of the peer a fact is for. */
interface OfStart {
  /** For a start by the whole graph (`again`) that is not ended yet. Whatever is not marked so is for the start that holds meanwhile. */
  readonly forNext?: true
}

export type ParsecFact = OfStart &
  (
    | BaseTaken
    | GraphTaken
    | PeerStarted
    | GossipEventAccepted
    | SyncEventOwed
    | CheckpointSigned
    | CheckpointSignatureTaken
    | OffenceReported
  )

/**
 * A message for a peer. `request` is for its `handleRequest`, `response` for `handleResponse`; `graph` for
 * `handleGraph`: an earlier piece of a message too long for one, or what a peer without events has to tell; `checkpoints`
 * for `handleCheckpoints`: signatures of checkpoints.
 */
export interface SendMessage {
  readonly type: 'send'
  readonly kind: 'request' | 'response' | 'graph' | 'checkpoints'
  readonly to: PeerId
  readonly bytes: Bytes
}

/** A peer sent what it should not have. */
export interface ParsecFault {
  readonly peer: PeerId
  readonly error: ParsecError
  /** What proves it to a third party. */
  readonly evidence?: Bytes
}

export interface Proof {
  readonly id: PeerId
  /** The peer's signature of the observation. */
  readonly signature: Bytes
}

/** An agreed observation, with the votes for it (parsec §2). */
export interface Block<Payload> {
  readonly payload: Observation<Payload>
  /** Hash of the encoded observation. */
  readonly hash: Bytes
  /** In order of id. */
  readonly proofs: readonly Proof[]
}

/**
 * The result of one operation. The caller owes: append `facts`, also when there is an `error` (what came before it
 * stays), and only then act on `effects` and use `blocks`.
 */
export interface ParsecStep<Payload> extends Step<ParsecFact, SendMessage, ParsecFault> {
  /** Blocks that this operation decided; `poll` gives them too. */
  readonly blocks: readonly Block<Payload>[]
  /** Positions of the checkpoints that this operation proved. */
  readonly proven: readonly number[]
  /** Why the operation refused, at all or from some event on. */
  readonly error?: ParsecError
}
