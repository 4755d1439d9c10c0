import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_PENDING_BYTES } from '../../src/log/embedded/group-commit.ts'
import { encodeHead, encodeRecord, headKey, POSITIONS, placeKey, streamPrefix } from '../../src/log/embedded/layout.ts'
import { embeddedLog, type LogErrorData, NO_STREAM } from '../../src/log/index.ts'
import { collect, contents, fact, facts, failureOf, range } from '../contract/event-log-support.ts'

const record = (revision: number): string => placeKey(streamPrefix('a'), revision)
const position = (place: number): string => placeKey(POSITIONS, place)

describe('opening the embedded log', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'witan-log-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** Two streams of four facts each, in turn. */
  async function fill(): Promise<void> {
    const log = await embeddedLog({ folder })
    for (let n = 0; n < 4; n += 1) {
      await log.append('a', [fact(n)], n - 1)
      await log.append('b', [fact(n)], n - 1)
    }
    await log.close()
  }

  /** Changes what is stored as no failing disk could, with all of LevelDB's own checksums in order. */
  async function tamper(change: (level: ClassicLevel) => Promise<void>): Promise<void> {
    const level = new ClassicLevel(join(folder, 'facts'))
    await level.open()
    await change(level)
    await level.close()
  }

  async function outcome(): Promise<LogErrorData['code'] | 'read'> {
    try {
      const log = await embeddedLog({ folder })
      try {
        await collect(log.read('a'))
        await collect(log.read('b', { direction: 'backward' }))
        await collect(log.readAll())
      } finally {
        await log.close()
      }
      return 'read'
    } catch (error) {
      return (await failureOf(Promise.reject(error))).code
    }
  }

  it('takes the folder for itself, in this process too, and gives it back', async () => {
    const log = await embeddedLog({ folder })
    expect(await failureOf(embeddedLog({ folder }))).toEqual({ code: 'LogLocked', folder })
    await log.append('s', facts(2), NO_STREAM)
    await log.close()
    const again = await embeddedLog({ folder })
    expect(contents(await collect(again.readAll()))).toEqual(facts(2))
    await again.close()
  })

  it('says in its errors what to do', async () => {
    const log = await embeddedLog({ folder })
    await expect(embeddedLog({ folder })).rejects.toThrow(/stop that one, or give this one its own folder/)
    await log.close()
    await rm(join(folder, 'facts', 'CURRENT'))
    await expect(embeddedLog({ folder })).rejects.toThrow(/Restore .* or join again under a new identity/)
  })

  it('refuses places and options that make no sense', async () => {
    await writeFile(join(folder, 'file'), '')
    expect(await failureOf(embeddedLog({ folder: join(folder, 'file', 'x') }))).toMatchObject({
      code: 'LogUnavailable',
    })
    expect(await failureOf(embeddedLog({ folder: '' }))).toMatchObject({ code: 'InvalidLogArgument' })
    const verify = 'some' as 'all'
    expect(await failureOf(embeddedLog({ folder, verify }))).toMatchObject({ code: 'InvalidLogArgument' })
  })

  it.for<[string, (level: ClassicLevel) => Promise<void>]>([
    ['a record is missing', (level) => level.del(record(1))],
    ['the first record is missing', (level) => level.del(record(0))],
    ['the last record is missing', (level) => level.del(record(3))],
    ['the last record and its place are missing', (level) => level.batch().del(record(3)).del(position(6)).write()],
    ['a place is missing', (level) => level.del(position(2))],
    ['the last place is missing', (level) => level.del(position(7))],
    ['the head of a stream is missing', (level) => level.del(headKey(streamPrefix('a')))],
    ['the head of the log is missing', (level) => level.del(headKey(POSITIONS))],
    [
      'a record is changed',
      async (level) => level.put(record(1), `${await level.get(record(1))}`.replace('fact', 'fiction')),
    ],
    ['two records changed places', async (level) => level.put(record(1), `${await level.get(record(2))}`)],
    ['a record is that of another stream', (level) => level.put(record(1), encodeRecord('b', 1, 2, fact(1)))],
    ['a record has another position', (level) => level.put(record(1), encodeRecord('a', 1, 3, fact(1)))],
    ['a place is garbled', (level) => level.put(position(2), 'nothing')],
    ['a head is garbled', (level) => level.put(headKey(streamPrefix('a')), encodeHead(streamPrefix('b'), 3))],
    ['everything is gone', (level) => level.clear()],
  ])('is told when %s', async ([, change]) => {
    await fill()
    expect(await outcome()).toBe('read')
    await tamper(change)
    expect(await outcome()).toBe('LogCorrupted')
    expect(await failureOf(embeddedLog({ folder, verify: 'all' }))).toMatchObject({ code: 'LogCorrupted' })
  })

  it('is told by a reader of one stream alone', async () => {
    for (const change of [
      (level: ClassicLevel) => level.del(record(1)),
      async (level: ClassicLevel) => level.put(record(1), `${await level.get(record(2))}`),
    ]) {
      await rm(folder, { recursive: true })
      await fill()
      await tamper(change)
      const log = await embeddedLog({ folder })
      expect(await failureOf(() => collect(log.read('a')))).toMatchObject({ code: 'LogCorrupted' })
      expect(await failureOf(() => collect(log.read('a', { from: 1 })))).toMatchObject({ code: 'LogCorrupted' })
      expect(await failureOf(() => collect(log.subscribe('a')))).toMatchObject({ code: 'LogCorrupted' })
      expect(await collect(log.read('a', { from: 2 }))).toHaveLength(2)
      expect(await collect(log.read('b'))).toHaveLength(4)
      await log.close()
    }
  })

  it('bounds what waits to be written', async () => {
    const log = await embeddedLog({ folder })
    await log.append('s', [fact(0)], NO_STREAM)
    const megabytes = (MAX_PENDING_BYTES >> 20) + 40
    const large = { ...fact(0), data: { text: 'x'.repeat(900_000) } }
    const appends = range(0, megabytes * 1.2).map((n) => log.append('s', [large], n))
    const results = await Promise.allSettled(appends)
    const written = results.filter(({ status }) => status === 'fulfilled').length
    expect(written).toBeGreaterThan((megabytes - 45) / 1.2)
    expect(written).toBeLessThan(results.length)
    expect(await failureOf(appends.at(-1) ?? Promise.resolve())).toMatchObject({ code: 'LogUnavailable' })
    expect(await log.lastRevision('s')).toBe(written)
    await log.close()
  })
})
