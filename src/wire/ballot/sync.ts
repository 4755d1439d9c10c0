/**
 * @module wire/ballot/sync
 *
 * How the peers of a group tell each other of `quorum` ballots (ballots §8.9): a message for a scope, and what a peer has.
 *
 * - scoped message: `text scope, ballot message`.
 * - holdings: `sequence of (text scope, sequence of (proposal id [32], digest of its votes [8]))`, in any order.
 */

import { type Bytes, utf8 } from '../../base/bytes.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import { BALLOT_LIMITS, DIGEST_BYTES, readText } from './format.ts'

export interface ScopedBallot {
  readonly scope: string
  /** An encoded ballot message. */
  readonly message: Bytes
}

export interface HeldSession {
  readonly proposalId: Bytes
  /** Two peers with the same votes have the same. */
  readonly votesDigest: Bytes
}

export interface HeldScope {
  readonly scope: string
  readonly sessions: readonly HeldSession[]
}

export const VOTES_DIGEST_BYTES = 8
/** Sessions in one message of holdings; more are told another time. */
export const MAX_HELD_SESSIONS = 2_000
const MAX_HELD_SCOPES = 1_000

export function encodeScopedBallot({ scope, message }: ScopedBallot): Bytes {
  return new CanonicalWriter(message.length + 64).byteString(utf8(scope)).fixed(message).finish()
}

/** Throws a `CodecError`; the message is a view, not judged. */
export function decodeScopedBallot(bytes: Bytes): ScopedBallot {
  const reader = new CanonicalReader(bytes)
  const scope = readText(reader, BALLOT_LIMITS.maxScopeBytes, 'scope')
  return { scope, message: bytes.subarray(reader.offset) }
}

export function encodeHoldings(scopes: readonly HeldScope[]): Bytes {
  const writer = new CanonicalWriter(1024).u64(scopes.length)
  for (const { scope, sessions } of scopes) {
    writer.byteString(utf8(scope)).u64(sessions.length)
    for (const { proposalId, votesDigest } of sessions) writer.fixed(proposalId).fixed(votesDigest)
  }
  return writer.finish()
}

/** Throws a `CodecError`. */
export function decodeHoldings(bytes: Bytes): readonly HeldScope[] {
  const reader = new CanonicalReader(bytes)
  const scopes = Array.from({ length: reader.count(16, MAX_HELD_SCOPES, 'scopes') }, () => ({
    scope: readText(reader, BALLOT_LIMITS.maxScopeBytes, 'scope'),
    sessions: Array.from(
      { length: reader.count(DIGEST_BYTES + VOTES_DIGEST_BYTES, MAX_HELD_SESSIONS, 'sessions') },
      () => ({ proposalId: reader.fixed(DIGEST_BYTES), votesDigest: reader.fixed(VOTES_DIGEST_BYTES) }),
    ),
  }))
  reader.finish()
  return scopes
}
