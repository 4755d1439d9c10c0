/**
 * @module core/ballot/safe/certificate/ordered
 *
 * Certificates of the finality `ordered` (ballots §8.7): every block from the proposal's `fromPosition` to the one that
 * settled it, chained to a checkpoint. Verifying is the same fold that the peers did.
 *
 * Why from `fromPosition`, and why whole blocks: a proposal may be carried into the order again after its session was
 * closed, and a key alone does not show that its block is no vote and no Close. A certificate that left either out
 * would prove another outcome.
 */

import { type Bytes, equalBytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import {
  type BlockKey,
  type CertifiedBlock,
  decodeSafeVote,
  decodeSignedProposal,
  encodeCertificate,
  nextChainHash,
  type OrderedCertificate,
  observationHash,
  opaquePayloadOf,
  type SignedProposal,
} from '../../../../wire/ballot/index.ts'
import { CodecError } from '../../../../wire/canonical/errors.ts'
import { decodePayload } from '../../../../wire/payload.ts'
import { refuseSafe } from '../errors.ts'
import { OrderedFold } from '../ordered/fold.ts'
import type { OrderedSession } from '../ordered/session.ts'
import { strictVerifier } from '../verifier.ts'
import { type CertificateTrust, type CheckpointView, checkTrusted, unproven } from './trust.ts'

/** A session that the order settled: what a certificate says of it. */
export type SettledBallot = Pick<OrderedSession, 'signed' | 'outcome' | 'settledAt'>

export interface OrderedCertificateParts {
  readonly session: SettledBallot
  /** Chain hash before the block at the proposal's `fromPosition`. */
  readonly chainHashBefore: Bytes
  /** The blocks from `fromPosition` to the session's `settledAt`, both included. */
  readonly blocks: readonly CertifiedBlock[]
  /** The keys of the blocks after them, up to the checkpoint. */
  readonly keysAfter: readonly BlockKey[]
  readonly checkpoint: Bytes
}

/** Throws `NotDecided`. */
export function orderedCertificate({ session, ...parts }: OrderedCertificateParts): Bytes {
  const { outcome, signed } = session
  if (outcome === null) throw refuseSafe({ code: 'NotDecided', proposalId: toHex(signed.id) })
  return encodeCertificate({ type: 'ordered', outcome, proposalId: signed.id, ...parts })
}

/** The proposal; throws `InvalidCertificate`. */
export function verifyOrderedCertificate(certificate: OrderedCertificate, trust: CertificateTrust): SignedProposal {
  const checkpoint = trust.verifyCheckpoint?.(certificate.checkpoint) ?? null
  if (checkpoint === null) throw unproven('its checkpoint does not verify')
  const from = checkChain(certificate, checkpoint)
  const session = foldBlocks(certificate, from, checkpoint, trust)
  if (session === undefined) throw unproven('its blocks do not open the proposal')
  const { signed, outcome, settledAt } = session
  checkTrusted(signed, trust)
  const { finality } = signed.proposal
  // ballots §8.7: an earlier block could have opened the session, and a Close have ended it.
  if (finality.type !== 'ordered' || finality.fromPosition !== from) throw unproven('it leaves earlier blocks out')
  if (outcome !== certificate.outcome || settledAt !== from + certificate.blocks.length - 1) {
    throw unproven('its blocks do not lead to its outcome')
  }
  return signed
}

/** The position of the first block. The chain hash fixes every key, and with it every block's place. */
function checkChain(certificate: OrderedCertificate, checkpoint: CheckpointView): number {
  let hash = certificate.chainHashBefore
  for (const { observation, voter } of certificate.blocks) {
    hash = nextChainHash(hash, { hash: observationHash(observation), voter })
  }
  for (const key of certificate.keysAfter) hash = nextChainHash(hash, key)
  if (!equalBytes(hash, checkpoint.chainHash)) throw unproven('its blocks do not lead to its checkpoint')
  const from = checkpoint.position - certificate.blocks.length - certificate.keysAfter.length
  if (from < 0) throw unproven('it holds more blocks than its checkpoint covers')
  return from
}

function foldBlocks(
  certificate: OrderedCertificate,
  from: number,
  { votersBefore }: CheckpointView,
  trust: CertificateTrust,
): OrderedSession | undefined {
  const { groupId, proposers = [], scheme } = trust
  if (groupId === null) throw unproven('no group is trusted')
  const verifier = strictVerifier(scheme)
  const fold = new OrderedFold({ groupId, format: scheme, verifier, proposersOf: () => proposers })
  for (const [i, { observation, voter }] of certificate.blocks.entries()) {
    const payload = opaquePayloadOf(observation)
    if (payload !== null && concerns(payload, certificate.proposalId, trust)) {
      fold.fold({ position: from + i, payload, voter }, votersBefore)
    }
  }
  return fold.find(certificate.proposalId)
}

/** Sessions do not touch each other: only the blocks of this one need be folded. */
function concerns(payload: Bytes, proposalId: Bytes, { scheme }: CertificateTrust): boolean {
  try {
    const { kind, body } = decodePayload(payload)
    switch (kind) {
      case 'ballotProposal':
        return equalBytes(decodeSignedProposal(body, scheme).id, proposalId)
      case 'ballotVote':
        return equalBytes(decodeSafeVote(body, scheme).proposalId, proposalId)
      case 'close':
        return equalBytes(body, proposalId)
      case 'application':
      case 'batch':
        return false
    }
  } catch (error) {
    if (error instanceof CodecError) return false
    throw error
  }
}
