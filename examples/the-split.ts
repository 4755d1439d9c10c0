/**
 * Why the policy `compatible` is not the default: three peers with the default settings of the reference, none of them
 * faulty, decide the same proposal differently, because two votes reach them in different orders. A silent peer is counted
 * for the flag (here yes) as soon as two of three have voted, though its vote is only late.
 *
 * Then the same votes, in the same orders, under the policy `safe`: whoever has heard of no quorum waits, and all decide once.
 *
 * Run it: npx tsx examples/the-split.ts
 */

import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { safe } from '../src/core/ballot/index.ts'
import { ethereum } from '../src/crypto/index.ts'
import { createConsensusService } from '../src/index.ts'

const SCOPE = 'treasury'

export interface Split {
  readonly ann: boolean
  readonly cid: boolean
}

export async function split(say: (line: string) => void): Promise<Split> {
  await using ann = createConsensusService()
  await using ben = createConsensusService()
  await using cid = createConsensusService()

  const proposal = await ann.createProposal(SCOPE, {
    name: 'Sell the warehouse in Lyon',
    payload: new TextEncoder().encode('{"lot":"L-17"}'),
    proposalOwner: ann.identity,
    expectedVotersCount: 3,
    expirationSec: 3_600n,
    livenessCriteriaYes: true,
  })
  const { proposalId } = proposal
  await ben.processIncomingProposal(SCOPE, proposal)
  await cid.processIncomingProposal(SCOPE, proposal)

  const yesOfAnn = await ann.castVote(SCOPE, proposalId, true)
  const noOfBen = await ben.castVote(SCOPE, proposalId, false)
  const noOfCid = await cid.castVote(SCOPE, proposalId, false)
  say('Votes: ann yes, ben no, cid no. Nobody is faulty, every message arrives.')

  await ann.processIncomingVote(SCOPE, noOfBen)
  say(`ann has heard yes, no (cid is late):  ${word(ann.getConsensusResult(SCOPE, proposalId))}`)
  await cid.processIncomingVote(SCOPE, noOfBen)
  say(`cid has heard no, no (ann is late):   ${word(cid.getConsensusResult(SCOPE, proposalId))}`)

  // What comes later changes nothing: decided is decided.
  await ann.processIncomingVote(SCOPE, noOfCid)
  await cid.processIncomingVote(SCOPE, yesOfAnn)
  const results = {
    ann: ann.getConsensusResult(SCOPE, proposalId),
    cid: cid.getConsensusResult(SCOPE, proposalId),
  }
  say(
    results.ann === results.cid
      ? 'They agree.'
      : `All three votes are with both now, and they still differ: ann ${word(results.ann)}, cid ${word(results.cid)}.`,
  )
  return results
}

export interface Agreement {
  /** After yes and no: not a guess, but nothing. */
  readonly annHavingHeardTwo: safe.Outcome | null
  readonly ann: safe.Outcome | null
  readonly cid: safe.Outcome | null
}

/** The same three voters, votes and orders of arrival. */
export async function agree(say: (line: string) => void): Promise<Agreement> {
  await using ann = createConsensusService()
  await using ben = createConsensusService()
  await using cid = createConsensusService()
  const roster = [ann, ben, cid].map(({ identity }) => identity)

  for (const service of [ann, ben, cid]) await service.scope(SCOPE).configure({ roster })
  const asked = await ann.scope(SCOPE).propose({ name: 'Sell the warehouse in Lyon', payload: '{"lot":"L-17"}' })
  const [proposal] = await ann.scope(SCOPE).messagesOf(asked.id)
  for (const service of [ben, cid]) await service.scope(SCOPE).receive(proposal as Uint8Array)
  const [annsView, bensView, cidsView] = [ann, ben, cid].map((service) => service.scope(SCOPE).proposal(asked.id)) as [
    typeof asked,
    typeof asked,
    typeof asked,
  ]
  const yesOfAnn = await annsView.vote(true)
  const noOfBen = await bensView.vote(false)
  const noOfCid = await cidsView.vote(false)

  await ann.scope(SCOPE).receive(give(noOfBen))
  const annHavingHeardTwo = annsView.outcome
  say(`ann has heard yes, no (cid is late):  ${annHavingHeardTwo ?? 'undecided: two of three decide'}`)
  await cid.scope(SCOPE).receive(give(noOfBen))
  say(`cid has heard no, no (ann is late):   ${word(cidsView.outcome === 'yes')}`)

  await ann.scope(SCOPE).receive(give(noOfCid))
  await cid.scope(SCOPE).receive(give(yesOfAnn))
  say(`All three votes are with both now: ann ${annsView.outcome}, cid ${cidsView.outcome}.`)
  const certificate = await annsView.certificate()
  const { outcome } = safe.verifyCertificate(certificate, {
    scheme: ethereum,
    scope: SCOPE,
    groupId: null,
    policy: { finality: 'quorum', threshold: 2 / 3 },
    roster,
  })
  say(`A stranger who knows the three keys verifies ${certificate.length} bytes: ${outcome}.`)
  return { annHavingHeardTwo, ann: annsView.outcome, cid: cidsView.outcome }
}

const give = (vote: safe.SafeVote): Uint8Array => safe.encodeBallotMessage({ type: 'votes', votes: [vote] })

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const word = (result: boolean): string => (result ? 'YES' : 'NO')

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  say('--- policy compatible ---')
  await split(say)
  say('\n--- policy safe ---')
  await agree(say)
}
