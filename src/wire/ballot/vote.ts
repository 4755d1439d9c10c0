/**
 * @module wire/ballot/vote
 *
 * Codec of signed votes and of the proof that one owner signed both choices (ballots §8.2, §8.5).
 *
 * An owner signs the proposal's digest and the choice, nothing else: there is one message for each owner and choice.
 */

import type { Bytes } from '../../base/bytes.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import { type BallotFormat, DIGEST_BYTES, DOMAIN, readDomain, writeDomain } from './format.ts'

export interface SafeVote {
  readonly proposalId: Bytes
  readonly choice: boolean
  readonly owner: Bytes
  readonly signature: Bytes
}

/** The message that the owner signs. */
export function voteSignedBytes(proposalId: Bytes, choice: boolean): Bytes {
  return writeDomain(new CanonicalWriter(64), DOMAIN.vote).fixed(proposalId).bool(choice).finish()
}

export function writeVote(writer: CanonicalWriter, vote: SafeVote): CanonicalWriter {
  return writer.fixed(vote.proposalId).bool(vote.choice).fixed(vote.owner).fixed(vote.signature)
}

export function encodeSafeVote(vote: SafeVote): Bytes {
  return writeVote(new CanonicalWriter(160), vote).finish()
}

export function readVote(reader: CanonicalReader, format: BallotFormat): SafeVote {
  return {
    proposalId: reader.fixed(DIGEST_BYTES),
    choice: reader.bool(),
    owner: reader.fixed(format.identityLength),
    signature: reader.fixed(format.signatureLength),
  }
}

/** Exactly one vote. Its parts are views of `bytes`. */
export function decodeSafeVote(bytes: Bytes, format: BallotFormat): SafeVote {
  const reader = new CanonicalReader(bytes)
  const vote = readVote(reader, format)
  reader.finish()
  return vote
}

/** How many bytes a vote takes. */
export function voteBytes(format: BallotFormat): number {
  return DIGEST_BYTES + 1 + format.identityLength + format.signatureLength
}

/** One owner signed both choices. */
export interface Equivocation {
  readonly proposalId: Bytes
  readonly owner: Bytes
  readonly yesSignature: Bytes
  readonly noSignature: Bytes
}

export function encodeEquivocation(proof: Equivocation): Bytes {
  return writeDomain(new CanonicalWriter(256), DOMAIN.evidence)
    .fixed(proof.proposalId)
    .fixed(proof.owner)
    .fixed(proof.yesSignature)
    .fixed(proof.noSignature)
    .finish()
}

export function decodeEquivocation(bytes: Bytes, format: BallotFormat): Equivocation {
  const reader = new CanonicalReader(bytes)
  readDomain(reader, DOMAIN.evidence)
  const proof = {
    proposalId: reader.fixed(DIGEST_BYTES),
    owner: reader.fixed(format.identityLength),
    yesSignature: reader.fixed(format.signatureLength),
    noSignature: reader.fixed(format.signatureLength),
  }
  reader.finish()
  return proof
}
