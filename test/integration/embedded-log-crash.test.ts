import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { assert } from '../../src/base/errors.ts'
import { embeddedLog, type LogErrorData, type RecordedFact } from '../../src/log/index.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { failureOf } from '../contract/event-log-support.ts'
import { startProcess } from '../support/typescript-process.ts'
import { isWhole } from '../support/written-fact.ts'

const ROUNDS = 6

async function writeUntilKilled(folder: string, ackPath: string, random: SeededRandom): Promise<void> {
  const args = [folder, ackPath, String(random.uint32()), String(random.pick([0, 300, 20_000]))]
  const { child, lines, ended } = startProcess('log-writer.ts', args)
  let refusal: LogErrorData | undefined
  for await (const _ of lines) {
    // It has the folder now: nobody else may.
    refusal = await failureOf(embeddedLog({ folder }))
    setTimeout(() => child.kill('SIGKILL'), random.int(0, 250))
  }
  expect(await ended).toBe('SIGKILL')
  expect(refusal).toEqual({ code: 'LogLocked', folder })
}

/** The last acknowledged revision of each stream. */
async function readAcknowledged(ackPath: string): Promise<Map<string, number>> {
  const last = new Map<string, number>()
  for (const line of (await readFile(ackPath, 'utf8')).split('\n').slice(0, -1)) {
    const [stream = '', revision] = line.split(' ')
    last.set(stream, Math.max(Number(revision), last.get(stream) ?? -1))
  }
  return last
}

/** Checks every fact and every stream; gives the count of facts. */
async function checkAll(folder: string, acknowledged: ReadonlyMap<string, number>): Promise<number> {
  const log = await embeddedLog({ folder, verify: 'all' })
  let count = 0
  const newest = new Map<string, RecordedFact>()
  for await (const fact of log.readAll()) {
    assert(fact.position === BigInt(count) && isWhole(fact), `${fact.stream}@${fact.revision} at ${fact.position}`)
    assert(
      fact.revision === (newest.get(fact.stream)?.revision ?? -1) + 1,
      `gap before ${fact.stream}@${fact.revision}`,
    )
    newest.set(fact.stream, fact)
    count += 1
  }
  for (const [stream, { data, revision }] of newest) {
    expect(data['isLastOfAppend']).toBe(true)
    expect(await log.lastRevision(stream)).toBe(revision)
  }
  for (const [stream, revision] of acknowledged) {
    expect(newest.get(stream)?.revision).toBeGreaterThanOrEqual(revision)
  }
  await log.close()
  return count
}

// Two at a time: a writer that competes for the processor dies at other moments than one that has it alone.
it.concurrent.for(['a', 'b'])('a killed writer loses nothing that was acknowledged (%s)', async (part) => {
  const seed = `${part}/${process.env['WITAN_SEED'] ?? Date.now()}`
  const random = new SeededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'witan-crash-'))
  const ackPath = join(folder, 'acknowledged')
  try {
    let count = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      await writeUntilKilled(folder, ackPath, random)
      const before = count
      count = await checkAll(folder, await readAcknowledged(ackPath))
      expect(count).toBeGreaterThanOrEqual(before)
    }
    expect(count).toBeGreaterThan(0)
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error })
  } finally {
    await rm(folder, { recursive: true })
  }
})
