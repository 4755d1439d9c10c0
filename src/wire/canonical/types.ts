/**
 * @module wire/canonical/types
 *
 * Observations (parsec §2), gossip events (§3), malice (§9) and messages of key generation (§10), as values.
 */

import type { Bytes } from '../../base/bytes.ts'

/** The encoded id of a peer. */
export type PeerId = Bytes
/** SHA3-256 of an event's content. */
export type EventHash = Bytes

export const HASH_BYTES = 32

export type Observation<Payload = Bytes> =
  | { readonly type: 'Genesis'; readonly group: readonly PeerId[]; readonly relatedInfo: Bytes }
  | { readonly type: 'Add'; readonly peerId: PeerId; readonly relatedInfo: Bytes }
  | { readonly type: 'Remove'; readonly peerId: PeerId; readonly relatedInfo: Bytes }
  | { readonly type: 'Accusation'; readonly offender: PeerId; readonly malice: Malice }
  | { readonly type: 'OpaquePayload'; readonly payload: Payload }
  | { readonly type: 'StartDkg'; readonly participants: readonly PeerId[] }
  | { readonly type: 'DkgResult'; readonly participants: readonly PeerId[]; readonly publicKeySet: readonly Bytes[] }
  | { readonly type: 'DkgMessage'; readonly message: DkgMessage }

export type ObservationType = Observation['type']

/** Variants in order of their tags. */
export const OBSERVATION_TYPES = [
  'Genesis',
  'Add',
  'Remove',
  'Accusation',
  'OpaquePayload',
  'StartDkg',
  'DkgResult',
  'DkgMessage',
] as const satisfies readonly ObservationType[]

/** Evidence is the hash of the event to look at or, where that event is not added to graphs, its encoded bytes. */
export type Malice =
  | { readonly type: 'UnexpectedGenesis' | 'MissingGenesis' | 'Fork' | 'InvalidAccusation'; readonly event: EventHash }
  | { readonly type: 'DuplicateVote'; readonly events: readonly [EventHash, EventHash] }
  | { readonly type: CarriedMalice; readonly carried: Bytes }
  | { readonly type: 'Unprovable' }
  | { readonly type: 'Accomplice'; readonly event: EventHash; readonly malice: Malice }

export type CarriedMalice =
  | 'IncorrectGenesis'
  | 'OtherParentBySameCreator'
  | 'SelfParentByDifferentCreator'
  | 'InvalidRequest'
  | 'InvalidResponse'

/** Kinds in order of their tags (parsec §9). */
export const MALICE_TYPES = [
  'UnexpectedGenesis',
  'DuplicateVote',
  'MissingGenesis',
  'IncorrectGenesis',
  'Fork',
  'InvalidAccusation',
  'OtherParentBySameCreator',
  'SelfParentByDifferentCreator',
  'InvalidRequest',
  'InvalidResponse',
  'Unprovable',
  'Accomplice',
] as const satisfies readonly Malice['type'][]

export type DkgMessage =
  | { readonly type: 'Part'; readonly generation: number; readonly part: DkgPart }
  | { readonly type: 'Ack'; readonly generation: number; readonly ack: DkgAck }

/** Points are 48 bytes, compressed G1; rows are ciphertexts by participant. */
export interface DkgPart {
  readonly degree: number
  readonly commitment: readonly Bytes[]
  readonly rows: readonly Bytes[]
}

export interface DkgAck {
  readonly proposer: number
  readonly values: readonly Bytes[]
}

export type Cause<Payload = Bytes> =
  | { readonly type: 'Requesting'; readonly selfParent: EventHash; readonly recipient: PeerId }
  | { readonly type: 'Request' | 'Response'; readonly selfParent: EventHash; readonly otherParent: EventHash }
  | {
      readonly type: 'Observation'
      readonly selfParent: EventHash
      readonly observation: Observation<Payload>
      readonly voteSignature: Bytes
    }
  | { readonly type: 'Initial' }

/** Tags of causes (parsec §3). */
export const CAUSE_TAG = { Requesting: 0, Request: 1, Response: 2, Observation: 3, Initial: 4 } as const
export type CauseTag = (typeof CAUSE_TAG)[keyof typeof CAUSE_TAG]
