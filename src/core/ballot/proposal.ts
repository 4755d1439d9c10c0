/**
 * @module core/ballot/proposal
 *
 * A proposal: its making from a request, and its checks (ballots §1, §3 and §6).
 */

import type { Proposal } from '../../wire/protobuf/index.ts'
import { checkChain } from './chain.ts'
import { type ConsensusConfig, isCount, NS_PER_SEC } from './config.ts'
import { refuse } from './errors.ts'
import { checkVote, type Verify } from './vote.ts'

export interface ProposalRequest {
  readonly name: string
  readonly payload: Uint8Array
  readonly proposalOwner: Uint8Array
  readonly expectedVotersCount: number
  /** Seconds from now until the proposal expires. */
  readonly expirationSec: bigint
  readonly livenessCriteriaYes: boolean
}

const MAX_U64 = 2n ** 64n - 1n

/** ballots §1: the XOR of the four 32-bit words (big-endian) of a random UUID v4. */
export function idFromUuid(uuid: Uint8Array): number {
  const view = new DataView(uuid.buffer, uuid.byteOffset, 16)
  return (view.getUint32(0) ^ view.getUint32(4) ^ view.getUint32(8) ^ view.getUint32(12)) >>> 0
}

/** Sets version and variant, so that 16 random bytes are a UUID v4. */
export function uuidV4(random: Uint8Array): Uint8Array {
  const uuid = random.slice(0, 16)
  uuid[6] = ((uuid[6] ?? 0) & 0x0f) | 0x40
  uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80
  return uuid
}

export function checkRequest(request: ProposalRequest): void {
  const { expectedVotersCount, expirationSec } = request
  if (!isCount(expectedVotersCount) || expectedVotersCount < 1)
    throw refuse({ code: 'InvalidExpectedVotersCount', expectedVotersCount })
  if (expirationSec <= 0n) throw refuse({ code: 'InvalidTimeout', timeoutNs: expirationSec * NS_PER_SEC })
}

export function buildProposal(request: ProposalRequest, proposalId: number, nowSec: bigint): Proposal {
  checkRequest(request)
  const expiration = nowSec + request.expirationSec
  const { name, payload, proposalOwner, expectedVotersCount, livenessCriteriaYes } = request
  return {
    name,
    payload,
    proposalId,
    proposalOwner,
    votes: [],
    expectedVotersCount,
    round: 1,
    timestamp: nowSec,
    expirationTimestamp: expiration > MAX_U64 ? MAX_U64 : expiration,
    livenessCriteriaYes,
  }
}

export function checkNotExpired(proposal: Pick<Proposal, 'proposalId' | 'expirationTimestamp'>, nowSec: bigint): void {
  const { proposalId, expirationTimestamp: expirationSec } = proposal
  if (nowSec >= expirationSec) throw refuse({ code: 'ProposalExpired', proposalId, expirationSec, nowSec })
}

/** The checks of a proposal by itself, votes included; throws the first that fails (ballots §3). */
export function validateProposal(proposal: Proposal, nowSec: bigint, verify: Verify, schemeName: string): void {
  checkNotExpired(proposal, nowSec)
  const bounds = { createdSec: proposal.timestamp, expirationSec: proposal.expirationTimestamp }
  for (const vote of proposal.votes) {
    if (vote.proposalId !== proposal.proposalId) {
      throw refuse({ code: 'VoteProposalIdMismatch', expected: proposal.proposalId, actual: vote.proposalId })
    }
    checkVote(vote, bounds, nowSec, verify, schemeName)
  }
  checkChain(proposal.votes)
}

/** When silence is judged: at expiration, or after the timeout that an override gave (ballots §5). */
export function deadlineOf(proposal: Proposal, override: ConsensusConfig | undefined, nowSec: bigint): bigint {
  if (override === undefined) return proposal.expirationTimestamp
  return nowSec + (override.timeoutNs + NS_PER_SEC - 1n) / NS_PER_SEC
}
