/**
 * Why the policy `compatible` is not the default: three peers with the default settings of the reference, none of them
 * faulty, decide the same proposal differently, because two votes reach them in different orders. A silent peer is counted
 * for the flag (here yes) as soon as two of three have voted, though its vote is only late.
 *
 * Run it: npx tsx examples/the-split.ts
 */

import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
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

const word = (result: boolean): string => (result ? 'YES' : 'NO')

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  await split((line) => void process.stdout.write(`${line}\n`))
}
