/**
 * @module core/ballot/safe/propose
 *
 * Makes signed proposals and signed votes (ballots §8.2). Time, nonce and key are arguments.
 */

import { type Bytes, utf8 } from '../../../base/bytes.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import {
  BALLOT_LIMITS,
  decodeProposalBody,
  encodeProposalBody,
  type FinalitySpec,
  GROUP_ID_BYTES,
  NONCE_BYTES,
  proposalDigest,
  proposalSignedBytes,
  type RosterSpec,
  type SafeProposal,
  type SafeVote,
  type SignedProposal,
  signedProposal,
  voteSignedBytes,
} from '../../../wire/ballot/index.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import { refuseSafe } from './errors.ts'
import { Roster } from './roster.ts'

export interface ProposalDraft {
  readonly scope: string
  /** Of the ordering group, or `null`. */
  readonly groupId: Bytes | null
  /** At most 256 bytes of UTF-8. */
  readonly name: string
  /** At most 64 KiB. */
  readonly payload: Bytes
  /** Listed keys may come in any order. */
  readonly roster: RosterSpec
  readonly finality: FinalitySpec
  /** Seconds since the Unix epoch. */
  readonly createdSec: number
  readonly expirySec: number
  /** Default: two thirds. */
  readonly threshold?: number
  /** Default: silence is no. */
  readonly livenessCriteriaYes?: boolean
}

export interface ProposeOptions {
  /** 16 random bytes: the same draft twice is two proposals. */
  readonly nonce: Bytes
  /** Of the whole encoded proposal; in `ordered` it must fit into a payload of the group. Default: no further bound. */
  readonly maxBytes?: number
}

export const DEFAULT_SAFE_THRESHOLD: number = 2 / 3

/** The proposal, signed by `signer`, which becomes its owner. Throws a `SafeBallotError` for a draft out of bounds. */
export function buildSafeProposal(draft: ProposalDraft, signer: Signer, options: ProposeOptions): SignedProposal {
  const body = encodeProposalBody(checked(draft, signer, options.nonce))
  const bytes = body.length + signer.scheme.signatureLength
  if (bytes > (options.maxBytes ?? Number.POSITIVE_INFINITY)) {
    throw refuseSafe({ code: 'ProposalTooLarge', what: 'the proposal', bytes, maxBytes: options.maxBytes ?? 0 })
  }
  let proposal: SafeProposal
  try {
    proposal = decodeProposalBody(body, signer.scheme)
  } catch (error) {
    if (error instanceof CodecError) throw refuseSafe({ code: 'InvalidProposal', why: error.message }, { cause: error })
    throw error
  }
  return signedProposal(proposal, body, signer.sign(proposalSignedBytes(proposalDigest(body))))
}

function checked(draft: ProposalDraft, signer: Signer, nonce: Bytes): SafeProposal {
  const { createdSec, expirySec, threshold = DEFAULT_SAFE_THRESHOLD } = draft
  checkSize('the scope', utf8(draft.scope).length, BALLOT_LIMITS.maxScopeBytes)
  checkSize('the name', utf8(draft.name).length, BALLOT_LIMITS.maxNameBytes)
  checkSize('the payload', draft.payload.length, BALLOT_LIMITS.maxPayloadBytes)
  if (!draft.scope.isWellFormed() || !draft.name.isWellFormed()) {
    throw refuseSafe({ code: 'InvalidProposal', why: 'scope or name has half of a surrogate pair' })
  }
  if (!(threshold >= 0 && threshold <= 1)) throw refuseSafe({ code: 'InvalidConsensusThreshold', threshold })
  if (
    !Number.isSafeInteger(createdSec) ||
    !Number.isSafeInteger(expirySec) ||
    createdSec < 0 ||
    expirySec <= createdSec
  ) {
    throw refuseSafe({ code: 'InvalidTimeout', createdSec, expirySec })
  }
  checkLength('nonce', nonce, NONCE_BYTES)
  if (draft.groupId !== null) checkLength('groupId', draft.groupId, GROUP_ID_BYTES)
  const keys = draft.roster.type === 'Listed' ? draft.roster.keys : []
  for (const key of keys) checkLength('key', key, signer.scheme.identityLength)
  return {
    scheme: signer.scheme.name,
    groupId: draft.groupId,
    scope: draft.scope,
    name: draft.name,
    payload: draft.payload,
    roster: draft.roster.type === 'Listed' ? { type: 'Listed', keys: Roster.of(draft.roster.keys).keys } : draft.roster,
    owner: signer.identity,
    createdSec,
    expirySec,
    // 0 and -0 are one threshold.
    threshold: threshold === 0 ? 0 : threshold,
    livenessCriteriaYes: draft.livenessCriteriaYes ?? false,
    finality: draft.finality,
    nonce,
  }
}

function checkLength(what: string, bytes: Bytes, expected: number): void {
  if (bytes.length === expected) return
  throw refuseSafe({ code: 'InvalidProposal', why: `${what} of ${bytes.length} bytes, not ${expected}` })
}

function checkSize(what: string, bytes: number, maxBytes: number): void {
  // ballots §8.11
  if (bytes > maxBytes) throw refuseSafe({ code: 'ProposalTooLarge', what, bytes, maxBytes })
}

/** Signs without asking what was signed before: `castVote` of a scope does. */
export function signVote(proposalId: Bytes, choice: boolean, signer: Signer): SafeVote {
  const signature = signer.sign(voteSignedBytes(proposalId, choice))
  return { proposalId, choice, owner: signer.identity, signature }
}
