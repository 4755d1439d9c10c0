/**
 * @module wire/checkpoint/shares
 *
 * Signatures of checkpoints under way, as they travel beside gossip: `bool is an answer, sequence of (bytes statement,
 * sequence of (id, signature))`. A question shows what its sender has; an answer gives what the sender of the question lacks.
 */

import type { Bytes } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import type { CanonicalFormat } from '../canonical/format.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import type { PeerId } from '../canonical/types.ts'
import { CanonicalWriter } from '../canonical/writer.ts'

export interface CheckpointShares {
  readonly isAnswer: boolean
  readonly entries: readonly ShareEntry[]
}

export interface ShareEntry {
  /** Encoded; see statement.ts. */
  readonly statement: Bytes
  readonly signatures: readonly SharedSignature[]
}

export interface SharedSignature {
  readonly signer: PeerId
  readonly signature: Bytes
}

/** Checkpoints in one message. */
export const MAX_SHARE_ENTRIES = 4

export function encodeShares({ isAnswer, entries }: CheckpointShares): Bytes {
  const writer = new CanonicalWriter(512).bool(isAnswer).u64(entries.length)
  for (const { statement, signatures } of entries) {
    writer.byteString(statement).u64(signatures.length)
    for (const { signer, signature } of signatures) writer.fixed(signer).fixed(signature)
  }
  return writer.finish()
}

/** Throws a `CodecError`. */
export function decodeShares(bytes: Bytes, format: CanonicalFormat): CheckpointShares {
  const { identity, signatureBytes, limits } = format
  if (bytes.length > limits.maxMessageBytes) {
    const limit = limits.maxMessageBytes
    throw new CodecError({ code: 'LimitExceeded', what: 'message', limit, actual: bytes.length })
  }
  const reader = new CanonicalReader(bytes)
  const isAnswer = reader.bool()
  const entries = Array.from({ length: reader.count(16, MAX_SHARE_ENTRIES, 'checkpoints') }, () => {
    const statement = reader.byteString(limits.maxMessageBytes, 'statement')
    const count = reader.count(identity.minBytes + signatureBytes, limits.maxSetItems, 'signatures')
    const signatures = Array.from({ length: count }, () => ({
      signer: identity.read(reader),
      signature: reader.fixed(signatureBytes),
    }))
    return { statement, signatures }
  })
  reader.finish()
  return { isAnswer, entries }
}
