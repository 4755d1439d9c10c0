/**
 * @module wire/protobuf/decode
 *
 * Lenient decoding (ballots §1): fields in any order, the last value wins, unknown fields and groups are skipped, a u32
 * is taken modulo 2^32, any non-zero bool is true. What is no message at all is a `DecodeError`. The result shares no
 * memory with the input.
 */

import { EMPTY_BYTES } from '../../base/bytes.ts'
import { WitanError } from '../../base/errors.ts'
import type { Proposal, Vote } from './messages.ts'
import { FieldReader } from './reader.ts'

export type DecodeErrorData =
  | { readonly code: 'MalformedMessage'; readonly message: 'vote' | 'proposal' }
  | { readonly code: 'MessageTooLarge'; readonly bytes: number; readonly maxBytes: number }

/** Bytes from outside that are no message. */
export class DecodeError extends WitanError<DecodeErrorData> {}

/** Far above what a session of 10,000 votes takes. */
export const DEFAULT_MAX_MESSAGE_BYTES = 8 * 1024 * 1024

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

export function decodeVote(bytes: Uint8Array, maxBytes: number = DEFAULT_MAX_MESSAGE_BYTES): Vote {
  return guarded('vote', bytes, maxBytes, readVote)
}

export function decodeProposal(bytes: Uint8Array, maxBytes: number = DEFAULT_MAX_MESSAGE_BYTES): Proposal {
  return guarded('proposal', bytes, maxBytes, readProposal)
}

function guarded<T>(
  message: 'vote' | 'proposal',
  bytes: Uint8Array,
  maxBytes: number,
  read: (fields: FieldReader) => T,
): T {
  if (bytes.length > maxBytes) {
    throw new DecodeError(
      { code: 'MessageTooLarge', bytes: bytes.length, maxBytes },
      `a ${message} of ${bytes.length} bytes; at most ${maxBytes} are taken`,
    )
  }
  try {
    return read(new FieldReader(bytes))
  } catch (error) {
    throw new DecodeError(
      { code: 'MalformedMessage', message },
      `these bytes are no ${message} of consensus.v1: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function readVote(fields: FieldReader): Vote {
  const vote: Mutable<Vote> = {
    voteId: 0,
    voteOwner: EMPTY_BYTES,
    proposalId: 0,
    timestamp: 0n,
    vote: false,
    parentHash: EMPTY_BYTES,
    receivedHash: EMPTY_BYTES,
    voteHash: EMPTY_BYTES,
    signature: EMPTY_BYTES,
  }
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    switch (field) {
      case 20:
        vote.voteId = fields.number()
        break
      case 21:
        vote.voteOwner = fields.bytes()
        break
      case 22:
        vote.proposalId = fields.number()
        break
      case 23:
        vote.timestamp = fields.time()
        break
      case 24:
        vote.vote = fields.flag()
        break
      case 25:
        vote.parentHash = fields.bytes()
        break
      case 26:
        vote.receivedHash = fields.bytes()
        break
      case 27:
        vote.voteHash = fields.bytes()
        break
      case 28:
        vote.signature = fields.bytes()
        break
      default:
        fields.skip()
    }
  }
  return vote
}

function readProposal(fields: FieldReader): Proposal {
  const votes: Vote[] = []
  const proposal: Mutable<Proposal> = {
    name: '',
    payload: EMPTY_BYTES,
    proposalId: 0,
    proposalOwner: EMPTY_BYTES,
    votes,
    expectedVotersCount: 0,
    round: 0,
    timestamp: 0n,
    expirationTimestamp: 0n,
    livenessCriteriaYes: false,
  }
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    switch (field) {
      case 10:
        proposal.name = fields.text()
        break
      case 11:
        proposal.payload = fields.bytes()
        break
      case 12:
        proposal.proposalId = fields.number()
        break
      case 13:
        proposal.proposalOwner = fields.bytes()
        break
      case 14:
        votes.push(readVote(fields.message()))
        break
      case 15:
        proposal.expectedVotersCount = fields.number()
        break
      case 16:
        proposal.round = fields.number()
        break
      case 17:
        proposal.timestamp = fields.time()
        break
      case 18:
        proposal.expirationTimestamp = fields.time()
        break
      case 19:
        proposal.livenessCriteriaYes = fields.flag()
        break
      default:
        fields.skip()
    }
  }
  return proposal
}
