import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts'
import { type Level, openClassicLevel } from '../../src/log/embedded/level-store.ts'
import { type EventLog, NO_STREAM } from '../../src/log/index.ts'
import { collect, contents, fact, facts, failureOf, range } from '../contract/event-log-support.ts'

const NO_SPACE = 'IO error: facts/000003.log: No space left on device'

/** What fails from now on. `unknown`: the write fails as far as anybody can see, but is there. */
interface Faults {
  write: 'none' | 'fails' | 'unknown'
  open: string | undefined
  openings: number
}

function faultyLevel(folder: string, faults: Faults): Level {
  const level = openClassicLevel(folder)
  return {
    async open() {
      faults.openings += 1
      if (faults.open !== undefined) throw new Error('not open', { cause: new Error(faults.open) })
      await level.open()
    },
    close: () => level.close(),
    iterator: level.iterator.bind(level),
    values: level.values.bind(level),
    getMany: level.getMany.bind(level),
    batch() {
      const batch = level.batch()
      return {
        put: (key, value) => batch.put(key, value),
        async write(options) {
          if (faults.write !== 'fails') await batch.write(options)
          if (faults.write !== 'none') throw new Error(NO_SPACE)
        },
      }
    },
  }
}

describe('the embedded log on a failing disk', () => {
  let folder: string
  let faults: Faults
  let log: EventLog
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'witan-log-'))
    faults = { write: 'none', open: undefined, openings: 0 }
    log = await openEmbeddedLog({ folder }, (path) => faultyLevel(path, faults))
    await log.append('s', facts(3), NO_STREAM)
  })
  afterEach(async () => {
    await log.close()
    await rm(folder, { recursive: true })
  })

  it('refuses what it could not write, with all that was built upon it, and recovers', async () => {
    faults.write = 'fails'
    const appends = range(3, 8).map((n) => log.append('s', [fact(n)], n - 1))
    const others = [log.append('t', facts(2), NO_STREAM), log.append('s', facts(5, 3), 2)]
    for (const append of [...appends, ...others]) expect(await failureOf(append)).toEqual({ code: 'LogFull' })
    expect(contents(await collect(log.readAll()))).toEqual(facts(3))
    faults.write = 'none'
    expect(faults.openings).toBeGreaterThan(1)
    expect(await log.append('s', facts(2, 3), 2)).toBe(4)
    expect(await log.append('t', facts(2), NO_STREAM)).toBe(1)
    expect(contents(await collect(log.read('s')))).toEqual(facts(5))
    const positions = (await collect(log.readAll())).map(({ position }) => Number(position))
    expect(positions).toEqual(range(0, 7))
  })

  it('finds out that a write which seemed to fail is there', async () => {
    faults.write = 'unknown'
    const appends = [log.append('s', [fact(3)], 2), log.append('t', facts(2), NO_STREAM)]
    expect(await Promise.all(appends)).toEqual([3, 1])
    faults.write = 'none'
    expect(await log.append('s', [fact(4)], 3)).toBe(4)
    expect(contents(await collect(log.read('s')))).toEqual(facts(5))
  })

  it('stays shut while it cannot be opened, then knows what is there; a retry is answered', async () => {
    faults.write = 'unknown'
    faults.open = NO_SPACE
    expect(await failureOf(log.append('s', [fact(3)], 2))).toEqual({ code: 'LogFull' })
    expect(await failureOf(log.append('s', [fact(3)], 2))).toEqual({ code: 'LogFull' })
    expect(await failureOf(() => collect(log.read('s')))).toEqual({ code: 'LogFull' })
    expect(await failureOf(() => collect(log.readAll()))).toEqual({ code: 'LogFull' })
    expect(await failureOf(log.lastRevision('s'))).toEqual({ code: 'LogFull' })
    faults.write = 'none'
    faults.open = undefined
    expect(await log.append('s', [fact(3)], 2)).toBe(3)
    expect(await failureOf(log.append('s', [fact(9)], 2))).toMatchObject({ code: 'WrongExpectedRevision', actual: 3 })
    expect(contents(await collect(log.readAll()))).toEqual(facts(4))
  })

  it('serves readers and subscribers across failures', async () => {
    const subscriber = collect(log.subscribe('s'), 103)
    const readers: Promise<unknown>[] = []
    for (let n = 3; n < 103; n += 1) {
      faults.write = n % 3 === 0 ? 'fails' : 'none'
      const failure = n % 3 === 0 ? failureOf(log.append('s', [fact(n)], n - 1)) : undefined
      readers.push(collect(log.read('s')), collect(log.readAll({ direction: 'backward' })))
      expect((await failure)?.code).toBe(failure && 'LogFull')
      faults.write = 'none'
      expect(await log.append('s', [fact(n)], n - 1)).toBe(n)
    }
    expect(contents(await subscriber)).toEqual(facts(103))
    await Promise.all(readers)
  })

  it('is closed even where it cannot be opened again', async () => {
    faults.write = 'fails'
    faults.open = 'IO error: something else'
    expect(await failureOf(log.append('s', [fact(3)], 2))).toEqual({ code: 'LogFull' })
    expect(await failureOf(log.lastRevision('s'))).toMatchObject({ code: 'LogUnavailable' })
    await log.close()
    expect(await failureOf(log.lastRevision('s'))).toEqual({ code: 'LogClosed' })
  })
})
