/**
 * @module wire/protobuf
 *
 * Package `consensus.v1` (ballots §1): the messages of the compatible policy.
 */

export * from './decode.ts'
export * from './encode.ts'
export type { Proposal, Vote } from './messages.ts'
