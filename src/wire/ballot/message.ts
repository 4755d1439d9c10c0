/**
 * @module wire/ballot/message
 *
 * What peers of a scope without an ordering group send each other (ballots §8.9): a proposal, a set of votes, or a
 * certificate. Votes go as a set: ascending, each owner and choice once.
 */

import { type Bytes, compareBytes } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import { BALLOT_LIMITS, type BallotFormat } from './format.ts'
import { readSignedProposal, type SignedProposal } from './proposal.ts'
import { encodeSafeVote, readVote, type SafeVote, voteBytes, writeVote } from './vote.ts'

export type BallotMessage =
  | { readonly type: 'proposal'; readonly signed: SignedProposal }
  | { readonly type: 'votes'; readonly votes: readonly SafeVote[] }
  | { readonly type: 'certificate'; readonly bytes: Bytes }

/** Both votes of every owner of the largest roster. */
const MAX_VOTES_PER_MESSAGE: number = 2 * BALLOT_LIMITS.maxRosterKeys

/** Proposal, choice and owner: what makes a vote one of a set. */
function voteKey(vote: SafeVote): Bytes {
  return encodeSafeVote({ ...vote, signature: new Uint8Array(0) })
}

export function encodeBallotMessage(message: BallotMessage): Bytes {
  const writer = new CanonicalWriter(1024)
  if (message.type === 'proposal') return writer.u32(0).fixed(message.signed.bytes).finish()
  if (message.type === 'certificate') return writer.u32(2).byteString(message.bytes).finish()
  const keyed = message.votes.map((vote) => ({ vote, key: voteKey(vote) }))
  const sorted = keyed.sort((a, b) => compareBytes(a.key, b.key))
  const unique = sorted.filter(
    ({ key }, i) => i === 0 || compareBytes((sorted[i - 1] as { key: Bytes }).key, key) !== 0,
  )
  writer.u32(1).u64(unique.length)
  for (const { vote } of unique) writeVote(writer, vote)
  return writer.finish()
}

export function decodeBallotMessage(bytes: Bytes, format: BallotFormat): BallotMessage {
  const reader = new CanonicalReader(bytes)
  const tag = reader.u32()
  const message = tag > 2 ? reader.unknownTag('ballot message', tag) : readMessage(reader, tag, format)
  reader.finish()
  return message
}

function readMessage(reader: CanonicalReader, tag: number, format: BallotFormat): BallotMessage {
  if (tag === 0) return { type: 'proposal', signed: readSignedProposal(reader, format) }
  if (tag === 2)
    return { type: 'certificate', bytes: reader.byteString(BALLOT_LIMITS.maxCertificateBytes, 'certificate') }
  const count = reader.count(voteBytes(format), MAX_VOTES_PER_MESSAGE, 'votes')
  const votes: SafeVote[] = []
  let previous: Bytes | null = null
  for (let i = 0; i < count; i += 1) {
    const offset = reader.offset
    const vote = readVote(reader, format)
    const key = voteKey(vote)
    if (previous !== null && compareBytes(previous, key) >= 0) throw new CodecError({ code: 'UnorderedSet', offset })
    previous = key
    votes.push(vote)
  }
  return { type: 'votes', votes }
}
