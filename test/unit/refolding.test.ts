import { describe, expect, it } from 'vitest'
import { type Refold, Refolding } from '../../src/engine/refolding.ts'
import { StreamWriter } from '../../src/engine/stream-writer.ts'
import { type EventLog, LogError, type NewFact } from '../../src/ports/event-log.ts'

const FACT: NewFact = {
  type: 'Noted',
  data: {},
  metadata: { schemaVersion: 1, $correlationId: 'c', $causationId: 'c' },
}
const FULL = new LogError({ code: 'LogFull' }, 'full')
const FENCED = new LogError({ code: 'WrongExpectedRevision', stream: 's', expected: 4, actual: 5 }, 'fenced')

/** A writer at revision 4 whose first append failed. */
async function failed(error: LogError): Promise<{ writer: StreamWriter; refolding: Refolding }> {
  const failures: LogError[] = [error]
  const log: Pick<EventLog, 'append'> = {
    append: async (_stream, facts, expected) => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return expected + facts.length
    },
  }
  const writer = new StreamWriter(log as EventLog, 's', 4)
  const refolding = new Refolding(writer)
  expect(refolding.isSound).toBe(true)
  await expect(writer.append([FACT])).rejects.toBe(error)
  expect(refolding.isSound).toBe(false)
  return { writer, refolding }
}

function folds(revision: number) {
  const counts = { folded: 0, adopted: 0 }
  const fold = async (): Promise<Refold> => {
    counts.folded += 1
    await Promise.resolve()
    return {
      revision,
      adopt: () => {
        counts.adopted += 1
      },
    }
  }
  return { counts, fold }
}

describe('Refolding', () => {
  it('folds once for all who ask, and the writer goes on from what was read', async () => {
    const { writer, refolding } = await failed(FULL)
    const { counts, fold } = folds(7)
    await Promise.all([refolding.ensure(fold), refolding.ensure(fold)])
    expect(counts).toEqual({ folded: 1, adopted: 1 })
    expect(refolding.isSound).toBe(true)
    expect(await writer.append([FACT])).toBe(8)
  })

  it('accounts for a fence, and leaves the writer fenced', async () => {
    const { writer, refolding } = await failed(FENCED)
    const { counts, fold } = folds(5)
    await refolding.ensure(fold)
    expect(counts).toEqual({ folded: 1, adopted: 1 })
    expect(refolding.isSound).toBe(true)
    expect(writer.isFenced).toBe(true)
    await expect(writer.append([FACT])).rejects.toBe(FENCED)
  })

  it('fails with a log that cannot be read, and may be asked again', async () => {
    const { refolding } = await failed(FULL)
    await expect(refolding.ensure(() => Promise.reject(FULL))).rejects.toBe(FULL)
    expect(refolding.isSound).toBe(false)
    const { counts, fold } = folds(4)
    await refolding.ensure(fold)
    expect(counts.adopted).toBe(1)
    expect(refolding.isSound).toBe(true)
  })
})
