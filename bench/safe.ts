/**
 * @module bench/safe
 *
 * The policy `safe`, finality `quorum`: what a vote, a certificate and its verification cost as the roster grows.
 */

import { utf8 } from '../src/base/bytes.ts'
import { present } from '../src/base/errors.ts'
import {
  type BallotVerifier,
  buildSafeProposal,
  QuorumScope,
  quorumCertificate,
  type SafeVote,
  type SignedProposal,
  signVote,
  verifyCertificate,
} from '../src/core/ballot/safe/index.ts'
import { ed25519, ed25519Signer } from '../src/crypto/index.ts'
import type { Signer } from '../src/ports/signature-scheme.ts'
import { takeTurns, timed } from './support/measure.ts'
import type { Suite, SuiteOptions, Table } from './support/report.ts'

const ROSTERS = [10, 100, 1000, 10_000] as const
const MIN_VOTES = 10_000
const MICROSECONDS = 1000
const CREATED_SEC = 1_700_000_000

const alwaysValid: BallotVerifier = { isProposalValid: () => true, isVoteValid: () => true }

function signersOf(count: number): readonly Signer[] {
  return Array.from({ length: count }, (_, i) => {
    const seed = new Uint8Array(32)
    new DataView(seed.buffer).setUint32(0, i + 1)
    return ed25519Signer(seed)
  })
}

function proposalOf(signers: readonly Signer[], number: number): SignedProposal {
  const nonce = new Uint8Array(16)
  new DataView(nonce.buffer).setUint32(0, number)
  const draft = {
    scope: 'bench',
    groupId: null,
    name: 'a proposal',
    payload: utf8('payload'),
    roster: { type: 'Listed', keys: signers.map(({ identity }) => identity) },
    finality: { type: 'quorum' },
    createdSec: CREATED_SEC,
    expirySec: CREATED_SEC + 60,
  } as const
  return buildSafeProposal(draft, present(signers[0], 'an owner'), { nonce })
}

function scopeWith(proposals: readonly SignedProposal[], verifier: BallotVerifier): QuorumScope {
  const limits = { maxOpenPerOwner: proposals.length, maxSettled: proposals.length }
  const scope = new QuorumScope({ scope: 'bench', groupId: null, scheme: ed25519, verifier, limits })
  for (const proposal of proposals) scope.openProposal(proposal, CREATED_SEC)
  return scope
}

interface Costs {
  readonly voteMs: number
  readonly makeMs: number
  readonly verifyMs: number
  readonly bytes: number
}

async function measure(size: number, { rounds }: SuiteOptions): Promise<Costs> {
  const signers = signersOf(size)
  const proposals = Array.from({ length: Math.max(1, MIN_VOTES / size) }, (_, i) => proposalOf(signers, i))
  const signature = new Uint8Array(64)
  const unsigned: SafeVote[] = proposals.flatMap(({ id: proposalId }) =>
    signers.map(({ identity: owner }) => ({ proposalId, owner, choice: true, signature })),
  )
  const first = present(proposals[0], 'a proposal')
  const decided = scopeWith([first], alwaysValid)
  for (const signer of signers) decided.receiveVote(signVote(first.id, true, signer))
  const session = decided.session(first.id)
  const certificate = quorumCertificate(session)
  const policy = { finality: 'quorum', threshold: 2 / 3 } as const
  const roster = signers.map(({ identity }) => identity)
  const trust = { scheme: ed25519, scope: 'bench', groupId: null, policy, roster }
  const times = await takeTurns(
    [
      {
        name: 'vote',
        run: async () => {
          const scope = scopeWith(proposals, alwaysValid)
          return timed(() => {
            for (const vote of unsigned) scope.receiveVote(vote)
          })
        },
      },
      { name: 'make', run: async () => timed(() => quorumCertificate(session)) },
      { name: 'verify', run: async () => timed(() => verifyCertificate(certificate, trust)) },
    ],
    rounds,
  )
  const msOf = (name: string): number => times.get(name) ?? Number.NaN
  const voteMs = msOf('vote') / unsigned.length
  return { voteMs, makeMs: msOf('make'), verifyMs: msOf('verify'), bytes: certificate.length }
}

async function byRoster(options: SuiteOptions): Promise<Table> {
  const rows: Table['rows'][number][] = []
  for (const size of ROSTERS) {
    options.say(`safe ballots: roster of ${size}`)
    const { voteMs, makeMs, verifyMs, bytes } = await measure(size, options)
    rows.push([size, voteMs * MICROSECONDS, makeMs, verifyMs, bytes])
  }
  return {
    title: 'Safe ballots, finality quorum, by size of roster',
    columns: ['roster', 'µs a vote', 'certificate, ms', 'verify, ms', 'bytes'],
    rows,
    notes: [
      'A vote: signatures that count as valid, no log. Certificates: ed25519, listed roster, two thirds.',
      'Verifying checks every signature on one core; the bytes hold the roster itself (32 a key).',
    ],
  }
}

export const suite: Suite = async (options) => [await byRoster(options)]
