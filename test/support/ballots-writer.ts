/**
 * A process that holds ballots on an embedded log as fast as it can, until it is killed. What was answered or published it
 * notes at once in a file, which survives it, one JSON object a line. Arguments: folder, that file, seed.
 */

import { openSync, writeSync } from 'node:fs'
import { toHex } from '../../src/base/text.ts'
import { encodeVote } from '../../src/core/ballot/index.ts'
import { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { embeddedLog } from '../../src/log/embedded/embedded-log.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { request, voteBy } from './ballots.ts'
import { KEEP_ALL, SCOPE, SELF } from './ballots-killed.ts'
import { cheapSigner } from './cheap-scheme.ts'

const [folder = '', notesPath = '', seed = ''] = process.argv.slice(2)
const notes = openSync(notesPath, 'a')
const note = (what: object): void => void writeSync(notes, `${JSON.stringify(what)}\n`)
const random = new SeededRandom(seed)
const log = await embeddedLog({ folder })
const service = new ConsensusService({ log, random, signer: cheapSigner(SELF), maxSessionsPerScope: KEEP_ALL })
await service.recover()
service.decisions$.subscribe(({ event }) => {
  if (event.type === 'ConsensusReached') note({ decided: event.proposalId, result: event.result })
})

async function hold(): Promise<void> {
  const expectedVotersCount = random.int(3, 9)
  const proposal = await service.createProposal(SCOPE, request({ expectedVotersCount, expirationSec: 999n }))
  const { proposalId } = proposal
  const voters = Array.from({ length: random.int(1, 6) }, (_, i) => `voter ${i}`)
  const castOwn = async (): Promise<void> => {
    const vote = await service.castVote(SCOPE, proposalId, random.chance(0.5))
    note({ cast: proposalId, vote: toHex(encodeVote(vote)) })
  }
  const votes = voters.map(async (voter) => {
    const vote = voteBy(voter, proposal, random.chance(0.5))
    await service.processIncomingVote(SCOPE, vote)
    note({ accepted: proposalId, vote: toHex(encodeVote(vote)) })
  })
  await Promise.all([castOwn(), ...votes])
  await hold()
}

process.stdout.write('ready\n')
await Promise.all(Array.from({ length: 8 }, hold))
