/**
 * @module wire/checkpoint/evidence
 *
 * Two checkpoints that one peer signed for one position (parsec §8): `text domain, [32] group id, id of the signer, twice
 * (bytes statement, signature)`, in order of the statements' bytes.
 */

import { type Bytes, compareBytes, utf8 } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import type { CanonicalFormat } from '../canonical/format.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { HASH_BYTES, type PeerId } from '../canonical/types.ts'
import { CanonicalWriter } from '../canonical/writer.ts'

export const CHECKPOINT_EVIDENCE_DOMAIN = 'witan/checkpoint/evidence/1'

export interface SignedStatement {
  /** Encoded; see statement.ts. */
  readonly statement: Bytes
  readonly signature: Bytes
}

export interface CheckpointEvidence {
  readonly groupId: Bytes
  readonly signer: PeerId
  readonly signed: readonly [SignedStatement, SignedStatement]
}

export function encodeCheckpointEvidence(
  groupId: Bytes,
  signer: PeerId,
  signed: readonly [SignedStatement, SignedStatement],
): Bytes {
  const writer = new CanonicalWriter(512).byteString(utf8(CHECKPOINT_EVIDENCE_DOMAIN)).fixed(groupId).fixed(signer)
  for (const { statement, signature } of [...signed].sort((a, b) => compareBytes(a.statement, b.statement))) {
    writer.byteString(statement).fixed(signature)
  }
  return writer.finish()
}

/** Exactly one piece of evidence; throws a `CodecError`. */
export function decodeCheckpointEvidence(bytes: Bytes, format: CanonicalFormat): CheckpointEvidence {
  const reader = new CanonicalReader(bytes)
  if (compareBytes(reader.byteString(64, 'domain'), utf8(CHECKPOINT_EVIDENCE_DOMAIN)) !== 0) {
    throw new CodecError({ code: 'InvalidValue', offset: 0, what: `domain is not ${CHECKPOINT_EVIDENCE_DOMAIN}` })
  }
  const groupId = reader.fixed(HASH_BYTES)
  const signer = format.identity.read(reader)
  const read = (): SignedStatement => ({
    statement: reader.byteString(bytes.length, 'statement'),
    signature: reader.fixed(format.signatureBytes),
  })
  const signed = [read(), read()] as const
  if (compareBytes(signed[0].statement, signed[1].statement) >= 0) {
    throw new CodecError({ code: 'InvalidValue', offset: reader.offset, what: 'statements out of order' })
  }
  reader.finish()
  return { groupId, signer, signed }
}
