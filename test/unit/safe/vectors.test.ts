/**
 * docs/wire.md in bytes: fixed proposals, votes, evidence and certificates, for implementations in other languages.
 * `UPDATE_VECTORS=1` writes the file again; a difference in git is then a change of the format.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { toHex } from '../../../src/base/text.ts'
import { quorumCertificate } from '../../../src/core/ballot/safe/certificate/quorum.ts'
import { buildSafeProposal, type ProposalDraft, signVote } from '../../../src/core/ballot/safe/propose.ts'
import { QuorumScope } from '../../../src/core/ballot/safe/quorum/scope.ts'
import { ed25519Signer, ethereumSigner } from '../../../src/crypto/index.ts'
import type { Signer } from '../../../src/ports/signature-scheme.ts'
import {
  encodeEquivocation,
  encodeProposalBody,
  encodeSafeVote,
  FIRST_CHAIN_HASH,
  nextChainHash,
  proposalSignedBytes,
  voteSignedBytes,
} from '../../../src/wire/ballot/index.ts'
import { encodePayload } from '../../../src/wire/payload.ts'

const FILE = join(import.meta.dirname, 'vectors.json')
const seed = (n: number): Uint8Array => new Uint8Array(32).fill(n)

function vectorsOf(name: string, signerOf: (key: Uint8Array) => Signer) {
  const signers = [1, 2, 3, 4].map((n) => signerOf(seed(n)))
  const [first, second] = signers as [Signer, Signer]
  const draft: ProposalDraft = {
    scope: 'treasury',
    groupId: null,
    name: 'buy a bell',
    payload: utf8('bronze, 40 kg'),
    roster: { type: 'Listed', keys: signers.map(({ identity }) => identity) },
    finality: { type: 'quorum' },
    createdSec: 1_700_000_000,
    expirySec: 1_700_003_600,
  }
  const nonce = new Uint8Array(16).fill(9)
  const listed = buildSafeProposal(draft, first, { nonce })
  const ordered = buildSafeProposal(
    {
      ...draft,
      groupId: new Uint8Array(32).fill(7),
      roster: { type: 'VotersAtOpening' },
      finality: { type: 'ordered', fromPosition: 123 },
      threshold: 0.75,
      livenessCriteriaYes: true,
    },
    second,
    { nonce },
  )
  const scope = new QuorumScope({ scope: 'treasury', groupId: null, scheme: first.scheme })
  scope.openProposal(listed, 1_700_000_000)
  for (const signer of signers.slice(0, 3)) scope.castVote(listed.id, true, signer)
  const [yes, no] = [true, false].map((choice) => signVote(listed.id, choice, second))
  if (yes === undefined || no === undefined) throw new Error('two votes')
  const proof = {
    proposalId: listed.id,
    owner: second.identity,
    yesSignature: yes.signature,
    noSignature: no.signature,
  }
  return {
    scheme: name,
    privateKeys: [1, 2, 3, 4].map((n) => toHex(seed(n))),
    identities: signers.map(({ identity }) => toHex(identity)),
    proposals: [listed, ordered].map(({ id, proposal, signature, bytes }) => ({
      body: toHex(encodeProposalBody(proposal)),
      id: toHex(id),
      signedBytes: toHex(proposalSignedBytes(id)),
      signature: toHex(signature),
      bytes: toHex(bytes),
    })),
    votes: [yes, no].map((vote) => ({
      choice: vote.choice,
      signedBytes: toHex(voteSignedBytes(vote.proposalId, vote.choice)),
      bytes: toHex(encodeSafeVote(vote)),
      payload: toHex(encodePayload('ballotVote', encodeSafeVote(vote))),
    })),
    evidence: toHex(encodeEquivocation(proof)),
    certificate: toHex(quorumCertificate(scope.session(listed.id))),
  }
}

describe('the vectors of safe ballots', () => {
  const vectors = {
    schemes: [vectorsOf('ed25519', (key) => ed25519Signer(key)), vectorsOf('ethereum', (key) => ethereumSigner(key))],
    chain: [
      { hash: seed(1), voter: null },
      { hash: seed(2), voter: seed(3) },
    ].map((key) => ({
      hash: toHex(key.hash),
      voter: key.voter === null ? null : toHex(key.voter),
      chainHash: toHex(nextChainHash(FIRST_CHAIN_HASH, key)),
    })),
  }

  it('are those that were published', () => {
    if (process.env['UPDATE_VECTORS'] === '1') writeFileSync(FILE, `${JSON.stringify(vectors, null, 2)}\n`)
    expect(vectors).toEqual(JSON.parse(readFileSync(FILE, 'utf8')))
  })
})
