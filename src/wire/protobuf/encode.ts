/**
 * @module wire/protobuf/encode
 *
 * Canonical encoding (ballots §1): fields in order of number, default values left out. Signatures cover these bytes.
 */

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Proposal, Vote } from './messages.ts'

function putNumber(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, WireType.Varint).uint32(value)
}

function putTime(writer: BinaryWriter, field: number, value: bigint): void {
  if (value !== 0n) writer.tag(field, WireType.Varint).uint64(value)
}

function putFlag(writer: BinaryWriter, field: number, value: boolean): void {
  if (value) writer.tag(field, WireType.Varint).bool(value)
}

function putBytes(writer: BinaryWriter, field: number, value: Uint8Array): void {
  if (value.length > 0) writer.tag(field, WireType.LengthDelimited).bytes(value)
}

function putVote(writer: BinaryWriter, vote: Vote, signature: Uint8Array): void {
  putNumber(writer, 20, vote.voteId)
  putBytes(writer, 21, vote.voteOwner)
  putNumber(writer, 22, vote.proposalId)
  putTime(writer, 23, vote.timestamp)
  putFlag(writer, 24, vote.vote)
  putBytes(writer, 25, vote.parentHash)
  putBytes(writer, 26, vote.receivedHash)
  putBytes(writer, 27, vote.voteHash)
  putBytes(writer, 28, signature)
}

export function encodeVote(vote: Vote): Uint8Array {
  const writer = new BinaryWriter()
  putVote(writer, vote, vote.signature)
  return writer.finish()
}

const NO_SIGNATURE = new Uint8Array(0)

/** What the signature of a vote covers (ballots §2): the encoded vote, its signature empty. */
export function encodeVoteUnsigned(vote: Vote): Uint8Array {
  const writer = new BinaryWriter()
  putVote(writer, vote, NO_SIGNATURE)
  return writer.finish()
}

export function encodeProposal(proposal: Proposal): Uint8Array {
  const writer = new BinaryWriter()
  if (proposal.name !== '') writer.tag(10, WireType.LengthDelimited).string(proposal.name)
  putBytes(writer, 11, proposal.payload)
  putNumber(writer, 12, proposal.proposalId)
  putBytes(writer, 13, proposal.proposalOwner)
  for (const vote of proposal.votes) {
    writer.tag(14, WireType.LengthDelimited).fork()
    putVote(writer, vote, vote.signature)
    writer.join()
  }
  putNumber(writer, 15, proposal.expectedVotersCount)
  putNumber(writer, 16, proposal.round)
  putTime(writer, 17, proposal.timestamp)
  putTime(writer, 18, proposal.expirationTimestamp)
  putFlag(writer, 19, proposal.livenessCriteriaYes)
  return writer.finish()
}
