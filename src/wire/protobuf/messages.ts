/**
 * @module wire/protobuf/messages
 *
 * The messages of package `consensus.v1` (ballots §1). Times are seconds since the Unix epoch, as 64-bit integers.
 */

export interface Vote {
  readonly voteId: number
  readonly voteOwner: Uint8Array
  readonly proposalId: number
  readonly timestamp: bigint
  readonly vote: boolean
  readonly parentHash: Uint8Array
  readonly receivedHash: Uint8Array
  readonly voteHash: Uint8Array
  readonly signature: Uint8Array
}

export interface Proposal {
  readonly name: string
  readonly payload: Uint8Array
  readonly proposalId: number
  readonly proposalOwner: Uint8Array
  readonly votes: readonly Vote[]
  readonly expectedVotersCount: number
  readonly round: number
  readonly timestamp: bigint
  readonly expirationTimestamp: bigint
  readonly livenessCriteriaYes: boolean
}
