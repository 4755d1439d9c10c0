import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { toHex } from '../../src/base/text.ts'
import { encodeVote } from '../../src/core/ballot/index.ts'
import { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { embeddedLog } from '../../src/log/index.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { dump } from '../support/ballots.ts'
import { KEEP_ALL, SCOPE, SELF } from '../support/ballots-killed.ts'
import { cheapSigner } from '../support/cheap-scheme.ts'
import { startProcess } from '../support/typescript-process.ts'

const ROUNDS = 3

interface Note {
  readonly decided?: number
  readonly result?: boolean
  /** Ours, and those of others. */
  readonly cast?: number
  readonly accepted?: number
  readonly vote?: string
}

/** The last line may be torn: it was not noted whole. */
async function readNotes(path: string): Promise<Note[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Note)
}

/** What was answered or published, and is not so any more. */
function broken(service: ConsensusService, notes: readonly Note[]): Note[] {
  const votes = new Map<number, Set<string>>()
  const votesOf = (id: number): Set<string> => {
    const known = votes.get(id) ?? new Set(service.getProposal(SCOPE, id).votes.map((vote) => toHex(encodeVote(vote))))
    votes.set(id, known)
    return known
  }
  const decided = service.getReachedProposals(SCOPE)
  return notes.filter((note) => {
    if (note.decided !== undefined) return decided.get(note.decided) !== note.result
    // A vote after the decision is not counted, so it need not be among them.
    const id = note.cast ?? note.accepted ?? -1
    return !decided.has(id) && !votesOf(id).has(note.vote ?? '')
  })
}

it('a service that is killed among votes comes back with all that it answered and published', async () => {
  const seed = process.env['WITAN_SEED'] ?? String(Date.now())
  const random = new SeededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'witan-killed-'))
  const notesPath = join(folder, 'notes')
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { child, lines, ended } = startProcess('ballots-writer.ts', [folder, notesPath, `${seed}/${round}`])
      for await (const _ of lines) setTimeout(() => child.kill('SIGKILL'), random.int(20, 250))
      expect(await ended).toBe('SIGKILL')
      const log = await embeddedLog({ folder })
      const shown: string[] = []
      for (let time = 0; time < 2; time += 1) {
        const service = new ConsensusService({ log, signer: cheapSigner(SELF), maxSessionsPerScope: KEEP_ALL })
        await service.recover()
        expect(broken(service, await readNotes(notesPath)), `seed ${seed}, round ${round}`).toEqual([])
        shown.push(dump(service, [SCOPE]))
        await service.close()
      }
      expect(shown[1]).toBe(shown[0])
      await log.close()
    }
    expect((await readNotes(notesPath)).length, `seed ${seed}`).toBeGreaterThan(ROUNDS)
  } finally {
    await rm(folder, { recursive: true })
  }
})
