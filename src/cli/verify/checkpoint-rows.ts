/**
 * @module cli/verify/checkpoint-rows
 *
 * Checkpoints, places in the order, and voters that signed two checkpoints (parsec §8), held against a group's genesis.
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { safe } from '../../core/ballot/index.ts'
import {
  CheckpointError,
  type CheckpointTrust,
  verifyCheckpoint,
  verifyCheckpointEvidence,
  verifyPosition,
} from '../../core/parsec/index.ts'
import { CHECKPOINT_EVIDENCE_DOMAIN } from '../../wire/checkpoint/evidence.ts'
import { CHECKPOINT_DOMAIN } from '../../wire/checkpoint/proof.ts'
import { UsageError } from '../usage-error.ts'
import type { Verified, VerifierRow } from './row.ts'
import { schemeOf, type TrustOptions, trustedGroup } from './trust.ts'

export const CHECKPOINT_ROWS: readonly VerifierRow[] = [
  { domain: CHECKPOINT_DOMAIN.checkpoint, what: 'checkpoint', verify: checkpoint },
  { domain: CHECKPOINT_DOMAIN.position, what: 'place in the order', verify: position },
  { domain: CHECKPOINT_EVIDENCE_DOMAIN, what: 'evidence of two checkpoints of one voter', verify: evidence },
]

/** For certificates of ordered ballots; nothing where no genesis is trusted. */
export function checkpointVerifier(options: TrustOptions): Pick<safe.CertificateTrust, 'verifyCheckpoint'> {
  const group = trustedGroup(options)
  if (group === undefined) return {}
  const trust = { group, scheme: schemeOf(options) }
  return {
    verifyCheckpoint: (bytes) => {
      try {
        return verifyCheckpoint(bytes, trust)
      } catch (error) {
        if (error instanceof CheckpointError) return null
        throw error
      }
    },
  }
}

function trustOf(options: TrustOptions): CheckpointTrust<Bytes> {
  const group = trustedGroup(options)
  if (group === undefined) throw new UsageError('--peer is missing: the genesis of the group must be known')
  return { group, scheme: schemeOf(options) }
}

function checkpoint(bytes: Bytes, options: TrustOptions): Verified {
  const { epoch, position: blocks, chainHash, stateDigest, nextVoters } = verifyCheckpoint(bytes, trustOf(options))
  return {
    sentence: `${blocks} blocks, epoch ${epoch}, ${nextVoters.length} voters from there on, chain hash ${toHex(chainHash)}`,
    json: {
      blocks,
      epoch,
      chainHash: toHex(chainHash),
      stateDigest: toHex(stateDigest),
      voters: nextVoters.map(toHex),
    },
  }
}

function position(bytes: Bytes, options: TrustOptions): Verified {
  const { position: index, observation, voter, checkpoint: after } = verifyPosition(bytes, trustOf(options))
  const by = voter === null ? 'by a supermajority' : `by ${toHex(voter)}`
  return {
    sentence: `block ${index} is ${observation.type} ${by}; the checkpoint after it covers ${after.position} blocks`,
    json: {
      index,
      type: observation.type,
      voter: voter === null ? null : toHex(voter),
      ...(observation.type === 'OpaquePayload' ? { payload: toHex(observation.payload) } : {}),
      checkpoint: after.position,
    },
  }
}

function evidence(bytes: Bytes, options: TrustOptions): Verified {
  const proven = verifyCheckpointEvidence(bytes, trustOf(options))
  const signer = toHex(proven.signer)
  return {
    sentence: `${signer} signed two checkpoints of ${proven.position} blocks`,
    json: { signer, blocks: proven.position },
  }
}
