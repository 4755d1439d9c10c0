/**
 * @module bench/ballots/input
 *
 * Proposals and the votes of all their voters, as they come from the network; and services that take them.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildProposal, buildVote, type Proposal, type Vote } from '../../src/core/ballot/index.ts'
import { ethereumSigner } from '../../src/crypto/index.ts'
import { ConsensusService } from '../../src/index.ts'
import { type EventLog, embeddedLog, memoryLog } from '../../src/log/index.ts'
import type { SignatureScheme, Signer } from '../../src/ports/signature-scheme.ts'

export type SchemeName = 'ethereum' | 'always'
export type LogKind = 'memory' | 'embedded'

export interface SessionInput {
  readonly scope: string
  readonly proposal: Proposal
  readonly votes: readonly Vote[]
}

const SESSIONS_PER_SCOPE = 10
const LIFETIME_SEC = 36_000n

/** Every signature is valid: what is left is the engine. */
const ALWAYS_VALID: SignatureScheme = {
  name: 'always',
  identityLength: 20,
  signatureLength: 65,
  verify: () => 'valid',
  verifyBatch: (requests) => Promise.resolve(requests.map(() => 'valid')),
}

function signerOf(scheme: SchemeName, number: number): Signer {
  const bytes = new Uint8Array(32).fill(3)
  new DataView(bytes.buffer).setUint32(28, number)
  if (scheme === 'ethereum') return ethereumSigner(bytes)
  return { scheme: ALWAYS_VALID, identity: bytes.slice(12), sign: () => new Uint8Array(65).fill(1) }
}

/** `expectedVoters`: what the proposals say; by default the number of votes. */
export function sessionInputs(
  scheme: SchemeName,
  sessions: number,
  votes: number,
  expectedVoters = votes,
): SessionInput[] {
  const signers = Array.from({ length: votes }, (_, i) => signerOf(scheme, i + 1))
  const nowSec = BigInt(Math.floor(Date.now() / 1000))
  let voteId = 0
  return Array.from({ length: sessions }, (_, index) => {
    const request = {
      name: `proposal ${index}`,
      payload: new Uint8Array(32).fill(0xab),
      proposalOwner: signerOf(scheme, 1).identity,
      expectedVotersCount: expectedVoters,
      expirationSec: LIFETIME_SEC,
      livenessCriteriaYes: true,
    }
    const proposal = buildProposal(request, index + 1, nowSec)
    const build = (signer: Signer) => {
      voteId += 1
      return buildVote(proposal, {}, { voteId, choice: true, nowSec }, signer)
    }
    return { scope: `scope-${Math.floor(index / SESSIONS_PER_SCOPE)}`, proposal, votes: signers.map(build) }
  })
}

/** Gives `work` a fresh log, and ends it. */
export async function withLog<T>(kind: LogKind, work: (log: EventLog) => Promise<T>): Promise<T> {
  if (kind === 'memory') return work(memoryLog())
  const folder = await mkdtemp(join(tmpdir(), 'witan-bench-'))
  try {
    const log = await embeddedLog({ folder })
    try {
      return await work(log)
    } finally {
      await log.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export function serviceOn(log: EventLog, scheme: SchemeName): ConsensusService {
  return new ConsensusService({ log, signer: signerOf(scheme, 1), maxSessionsPerScope: SESSIONS_PER_SCOPE })
}

/** Calls under way at a time: what comes from the network is not awaited one by one. */
const IN_FLIGHT = 1000

async function inFlight<T>(items: readonly T[], take: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0
  const takeOneByOne = async (): Promise<void> => {
    for (let item = items[next]; item !== undefined; item = items[next]) {
      next += 1
      await take(item)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, takeOneByOne))
}

export function openSessions(service: ConsensusService, inputs: readonly SessionInput[]): Promise<void> {
  return inFlight(inputs, ({ scope, proposal }) => service.processIncomingProposal(scope, proposal))
}

export interface IncomingVote {
  readonly scope: string
  readonly vote: Vote
}

export function votesOf(inputs: readonly SessionInput[]): IncomingVote[] {
  return inputs.flatMap(({ scope, votes }) => votes.map((vote) => ({ scope, vote })))
}

export function takeVotes(service: ConsensusService, votes: readonly IncomingVote[]): Promise<void> {
  return inFlight(votes, ({ scope, vote }) => service.processIncomingVote(scope, vote))
}
