import { describe, expect, it } from 'vitest'
import { BallotError, ConsensusCore, decodeVote, encodeVote } from '../../../src/core/ballot/index.ts'
import { ed25519Signer, ethereumSigner } from '../../../src/crypto/index.ts'
import type { Signer } from '../../../src/ports/signature-scheme.ts'
import { proposalOf } from '../../support/ballot-messages.ts'

const SCOPE = 's'
const nowSec = 1_010n
const seed = (n: number) => new Uint8Array(32).fill(n)

function codeOf(operation: () => unknown): string {
  try {
    operation()
  } catch (error) {
    if (error instanceof BallotError) return error.code
    throw error
  }
  return 'ok'
}

describe.each<[string, (n: number) => Signer]>([
  ['ethereum', (n) => ethereumSigner(seed(n))],
  ['ed25519', (n) => ed25519Signer(seed(n))],
])('a group that signs with %s, ballots §2', (_, signerOf) => {
  const begin = (n: number): ConsensusCore => {
    const core = new ConsensusCore({ signer: signerOf(n) })
    core.processIncomingProposal(SCOPE, proposalOf(), { nowSec })
    return core
  }
  const [ann, ben] = [begin(1), begin(2)]
  const vote = ann.castVote(SCOPE, 7, false, { nowSec, voteId: 1 }).answer

  it('takes the votes of its members off the wire', () => {
    const heard = ben.processIncomingVote(SCOPE, decodeVote(encodeVote(vote)), { nowSec })
    expect(heard.facts).toMatchObject([{ fact: { type: 'VoteAccepted' } }])
    ben.castVote(SCOPE, 7, false, { nowSec, voteId: 2 })
    expect(ben.consensusResult(SCOPE, 7)).toBe(false)
  })

  it('refuses a signature that does not verify, and what cannot be one', () => {
    const other = begin(3).castVote(SCOPE, 7, false, { nowSec, voteId: 1 }).answer
    const forged = { ...vote, signature: other.signature }
    const cut = { ...vote, signature: vote.signature.slice(1) }
    expect(codeOf(() => begin(4).processIncomingVote(SCOPE, forged, { nowSec }))).toBe('InvalidVoteSignature')
    expect(codeOf(() => begin(4).processIncomingVote(SCOPE, cut, { nowSec }))).toBe('SignatureScheme')
  })
})
