/**
 * @module wire/ballot/certificate
 *
 * Codec of certificates (ballots §8.7): what proves an outcome to a stranger. Only the form is judged here; see
 * `core/ballot/safe/certificate` for what a certificate proves.
 */

import type { Bytes } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import { type BlockKey, type CertifiedBlock, readBlock, readKeys, writeBlock, writeKeys } from '../checkpoint/chain.ts'
import { BALLOT_LIMITS, type BallotFormat, DIGEST_BYTES, DOMAIN, invalid, readDomain, writeDomain } from './format.ts'
import { readSignedProposal, type SignedProposal } from './proposal.ts'

/** `failed`: closed in the order without a decision, for good. */
export type Outcome = 'no' | 'yes' | 'failed'

/** Outcomes in order of their byte. */
const OUTCOMES = ['no', 'yes', 'failed'] as const satisfies readonly Outcome[]

export interface QuorumCertificate {
  readonly type: 'quorum'
  readonly choice: boolean
  readonly signed: SignedProposal
  /** Bit `i` (of byte `i >> 3`, lowest first): the owner at place `i` of the ascending roster signed. */
  readonly signers: Bytes
  /** Of the signers, in order. */
  readonly signatures: readonly Bytes[]
}

export interface OrderedCertificate {
  readonly type: 'ordered'
  readonly outcome: Outcome
  readonly proposalId: Bytes
  /** Chain hash before the first of `blocks`. */
  readonly chainHashBefore: Bytes
  /** All blocks from the proposal's `fromPosition` to the one that settled it. */
  readonly blocks: readonly CertifiedBlock[]
  /** Keys of the blocks after them, up to the checkpoint. */
  readonly keysAfter: readonly BlockKey[]
  /** Opaque here: what proves the chain hash after all of them (parsec §8). */
  readonly checkpoint: Bytes
}

export type Certificate = QuorumCertificate | OrderedCertificate

export function encodeCertificate(certificate: Certificate): Bytes {
  const writer = writeDomain(new CanonicalWriter(1024), DOMAIN.certificate)
  if (certificate.type === 'quorum') {
    writer.u32(0).bool(certificate.choice).fixed(certificate.signed.bytes).byteString(certificate.signers)
    writer.u64(certificate.signatures.length)
    for (const signature of certificate.signatures) writer.fixed(signature)
    return writer.finish()
  }
  writer.u32(1).u8(OUTCOMES.indexOf(certificate.outcome)).fixed(certificate.proposalId)
  writer.fixed(certificate.chainHashBefore).u64(certificate.blocks.length)
  for (const block of certificate.blocks) writeBlock(writer, block)
  return writeKeys(writer, certificate.keysAfter).byteString(certificate.checkpoint).finish()
}

/** Exactly one certificate; throws a `CodecError`. */
export function decodeCertificate(bytes: Bytes, format: BallotFormat): Certificate {
  const limit = BALLOT_LIMITS.maxCertificateBytes
  if (bytes.length > limit) {
    throw new CodecError({ code: 'LimitExceeded', what: 'certificate', limit, actual: bytes.length })
  }
  const reader = new CanonicalReader(bytes)
  readDomain(reader, DOMAIN.certificate)
  const tag = reader.u32()
  if (tag > 1) return reader.unknownTag('certificate', tag)
  const certificate = tag === 0 ? readQuorum(reader, format) : readOrdered(reader)
  reader.finish()
  return certificate
}

function readQuorum(reader: CanonicalReader, format: BallotFormat): QuorumCertificate {
  const choice = reader.bool()
  const signed = readSignedProposal(reader, format)
  const signers = reader.byteString(Math.ceil(BALLOT_LIMITS.maxRosterKeys / 8), 'signers')
  const count = reader.count(format.signatureLength, BALLOT_LIMITS.maxRosterKeys, 'signatures')
  const signatures = Array.from({ length: count }, () => reader.fixed(format.signatureLength))
  return { type: 'quorum', choice, signed, signers, signatures }
}

function readOrdered(reader: CanonicalReader): OrderedCertificate {
  const limit = BALLOT_LIMITS.maxCertificateBytes
  const at = reader.offset
  const outcome = OUTCOMES[reader.u8()] ?? invalid(at, 'outcome')
  const proposalId = reader.fixed(DIGEST_BYTES)
  const chainHashBefore = reader.fixed(DIGEST_BYTES)
  const blocks = Array.from({ length: reader.count(9, limit, 'blocks') }, () => readBlock(reader, limit))
  const keysAfter = readKeys(reader, limit)
  const checkpoint = reader.byteString(limit, 'checkpoint')
  return { type: 'ordered', outcome, proposalId, chainHashBefore, blocks, keysAfter, checkpoint }
}
