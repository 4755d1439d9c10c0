/**
 * @module core/ballot/vote
 *
 * One vote: its hash, its making, its checks (ballots §2 and §3).
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { EMPTY_BYTES, equalBytes } from '../../base/bytes.ts'
import type { SignatureScheme, Verdict, VerificationRequest } from '../../ports/signature-scheme.ts'
import { encodeVoteUnsigned, type Proposal, type Vote } from '../../wire/protobuf/index.ts'
import { refuse } from './errors.ts'

/** The verdict on a vote's signature; may have been found earlier, in bulk. */
export type Verify = (vote: Vote) => Verdict

export interface VoteSigner {
  readonly identity: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** ballots §2: what stands in `voteHash`. */
export function computeVoteHash(vote: Omit<Vote, 'voteHash' | 'signature'>): Uint8Array {
  const { voteOwner, parentHash, receivedHash } = vote
  const bytes = new Uint8Array(17 + voteOwner.length + parentHash.length + receivedHash.length)
  const view = new DataView(bytes.buffer)
  let at = 0
  view.setUint32(at, vote.voteId, true)
  at += 4
  bytes.set(voteOwner, at)
  at += voteOwner.length
  view.setUint32(at, vote.proposalId, true)
  at += 4
  view.setBigUint64(at, vote.timestamp, true)
  at += 8
  bytes[at] = vote.vote ? 1 : 0
  at += 1
  bytes.set(parentHash, at)
  bytes.set(receivedHash, at + parentHash.length)
  return sha256(bytes)
}

export interface NewVote {
  readonly voteId: number
  readonly choice: boolean
  readonly nowSec: bigint
}

/** A signed vote that follows what the proposal holds (ballots §2). */
export function buildVote(
  proposal: Pick<Proposal, 'proposalId'>,
  links: { readonly parentHash?: Uint8Array | undefined; readonly receivedHash?: Uint8Array | undefined },
  { voteId, choice, nowSec }: NewVote,
  signer: VoteSigner,
): Vote {
  const content = {
    voteId,
    voteOwner: signer.identity,
    proposalId: proposal.proposalId,
    timestamp: nowSec,
    vote: choice,
    parentHash: links.parentHash ?? EMPTY_BYTES,
    receivedHash: links.receivedHash ?? EMPTY_BYTES,
  }
  const unsigned: Vote = { ...content, voteHash: computeVoteHash(content), signature: EMPTY_BYTES }
  return { ...unsigned, signature: signer.sign(encodeVoteUnsigned(unsigned)) }
}

/** What must be asked of the signature scheme to judge this vote. */
export function verificationOf(vote: Vote): VerificationRequest {
  return { identity: vote.voteOwner, message: encodeVoteUnsigned(vote), signature: vote.signature }
}

/** Checks each vote when it is asked for. */
export function verifierOf(scheme: Pick<SignatureScheme, 'verify'>): Verify {
  return (vote) => scheme.verify(vote.voteOwner, encodeVoteUnsigned(vote), vote.signature)
}

export interface VoteBounds {
  readonly createdSec: bigint
  readonly expirationSec: bigint
}

/** The checks of one vote, in their order; throws the first that fails (ballots §3). */
export function checkVote(vote: Vote, bounds: VoteBounds, nowSec: bigint, verify: Verify, schemeName: string): void {
  const { voteId, timestamp } = vote
  if (vote.voteOwner.length === 0) throw refuse({ code: 'EmptyVoteOwner', voteId })
  if (vote.voteHash.length === 0) throw refuse({ code: 'EmptyVoteHash', voteId })
  if (vote.signature.length === 0) throw refuse({ code: 'EmptySignature', voteId })
  if (!equalBytes(computeVoteHash(vote), vote.voteHash)) throw refuse({ code: 'InvalidVoteHash', voteId })
  const verdict = verify(vote)
  if (verdict === 'malformed') throw refuse({ code: 'SignatureScheme', scheme: schemeName, voteId })
  if (verdict === 'invalid') throw refuse({ code: 'InvalidVoteSignature', voteId })
  if (timestamp < bounds.createdSec) {
    throw refuse({
      code: 'TimestampOlderThanCreationTime',
      voteId,
      timestampSec: timestamp,
      limitSec: bounds.createdSec,
    })
  }
  const limitSec = bounds.expirationSec
  if (timestamp > limitSec) throw refuse({ code: 'VoteExpired', voteId, timestampSec: timestamp, limitSec })
  if (nowSec > limitSec) throw refuse({ code: 'VoteExpired', voteId, timestampSec: nowSec, limitSec })
}
