import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assert, present } from '../../src/base/errors.ts'
import { embeddedLog, LogError, NO_STREAM, type RecordedFact } from '../../src/log/index.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { collect, failureOf } from '../contract/event-log-support.ts'
import { isWhole, writtenFact } from '../support/written-fact.ts'

const STREAMS = 5
const FACTS = 3000
const seed = process.env['WITAN_SEED'] ?? String(Date.now())

/** Appends facts `from` to `to`, over several streams, two to an append. */
async function fill(folder: string, from: number, to: number): Promise<void> {
  const log = await embeddedLog({ folder })
  const last = new Map<string, number>()
  for (let n = 0; n < STREAMS; n += 1) last.set(`s${n}`, await log.lastRevision(`s${n}`))
  const appends: Promise<number>[] = []
  for (let n = from; n < to; n += 2) {
    const stream = `s${(n / 2) % STREAMS}`
    const before = last.get(stream) ?? NO_STREAM
    const facts = [1, 2].map((i) => writtenFact(stream, before + i, i === 2, n % 400))
    last.set(stream, before + 2)
    appends.push(log.append(stream, facts, before))
    if (n % 60 === 0) await Promise.all(appends)
  }
  await Promise.all(appends)
  await log.close()
}

/** Everything, both ways through the log; or the error with which that ends. */
async function readEverything(folder: string): Promise<RecordedFact[] | LogError> {
  try {
    const log = await embeddedLog({ folder })
    try {
      const all = await collect(log.readAll())
      const byStream: RecordedFact[] = []
      for (let n = 0; n < STREAMS; n += 1) byStream.push(...(await collect(log.read(`s${n}`))))
      const byPosition = byStream.sort((a, b) => Number(a.position - b.position))
      assert(all.length === byPosition.length, 'both ways give the same facts')
      assert(
        all.every((fact, i) => fact.position === BigInt(i) && fact.position === byPosition[i]?.position),
        'no gap',
      )
      assert(all.every(isWhole) && byStream.every(isWhole), 'only facts that were written')
      return all
    } finally {
      await log.close()
    }
  } catch (error) {
    if (error instanceof LogError) return error
    throw error
  }
}

/** The name of the one that LevelDB would read at its next opening. */
async function writeAheadLog(folder: string): Promise<string> {
  const names = await readdir(join(folder, 'facts'))
  return present(
    names.find((name) => name.endsWith('.log')),
    'a closed LevelDB has a write-ahead log',
  )
}

const DAMAGE: readonly (readonly [string, (path: string, at: number, random: SeededRandom) => Promise<void>])[] = [
  ['flip', (path, at, random) => change(path, (file) => file.set([(file[at] ?? 0) ^ (1 << random.int(0, 7))], at))],
  ['zero', (path, at) => change(path, (file) => file.fill(0, at, Math.min(file.length, at + 100)))],
  ['garble', (path, at, random) => change(path, (file) => file.set(random.bytes(Math.min(file.length - at, 20)), at))],
  ['truncate', (path, at) => truncate(path, at)],
  ['remove', (path) => rm(path)],
]

async function change(path: string, edit: (file: Uint8Array) => void): Promise<void> {
  const file = await readFile(path)
  edit(file)
  await writeFile(path, file)
}

describe(`a damaged embedded log (seed ${seed})`, () => {
  const random = new SeededRandom(seed)
  let parent: string
  let original: string
  let copy: string
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'witan-damage-'))
    original = join(parent, 'original')
    copy = join(parent, 'copy')
    // Each opening turns the write-ahead log of the time before into a sorted table.
    for (const from of [0, 1000, 2000]) await fill(original, from, from + 1000)
  })
  afterAll(() => rm(parent, { recursive: true }))

  const restore = async (): Promise<void> => {
    await rm(copy, { recursive: true, force: true })
    await cp(original, copy, { recursive: true })
  }

  it('gives every acknowledged fact, or says that it is damaged', async () => {
    // LOCK is empty, LOG is for people.
    const names = (await readdir(join(original, 'facts'))).filter((name) => !name.startsWith('LO'))
    expect(names.filter((name) => name.endsWith('.ldb')).length).toBeGreaterThan(0)
    expect(names.filter((name) => name.endsWith('.log'))).toHaveLength(1)
    const paths = [...names.map((name) => join('facts', name)), 'head']
    let damagedCount = 0
    for (let round = 0; round < 120; round += 1) {
      await restore()
      const path = join(copy, random.pick(paths))
      const at = random.int(0, (await readFile(path)).length - 1)
      const [kind, damage] = random.pick(DAMAGE)
      await damage(path, at, random)
      const result = await readEverything(copy)
      const outcome = result instanceof LogError ? result.code : `${result.length} facts`
      assert(outcome === 'LogCorrupted' || outcome === `${FACTS} facts`, `${kind} ${path} at ${at}: ${outcome}`)
      if (outcome === 'LogCorrupted') damagedCount += 1
    }
    expect(damagedCount).toBeGreaterThan(60)
  })

  it('is left as it is found: the next look says the same', async () => {
    await restore()
    const log = await writeAheadLog(copy)
    await change(join(copy, 'facts', log), (file) => file.fill(0, 1000, 1010))
    for (let i = 0; i < 2; i += 1) {
      const { code, where } = { where: '', ...(await failureOf(embeddedLog({ folder: copy }))) }
      expect(code).toBe('LogCorrupted')
      expect(where).toContain(log)
    }
    await cp(join(original, 'facts', log), join(copy, 'facts', log))
    expect(await readEverything(copy)).toHaveLength(FACTS)
  })

  it('gives a prefix of whole appends where only the end, never acknowledged, is torn', async () => {
    await restore()
    const headBefore = await readFile(join(copy, 'head'))
    await fill(copy, FACTS, FACTS + 400)
    // As if the process had died before it could acknowledge any of them.
    await writeFile(join(copy, 'head'), headBefore)
    const torn = join(parent, 'torn')
    const log = await writeAheadLog(copy)
    const { length } = await readFile(join(copy, 'facts', log))
    const counts = new Set<number>()
    for (let round = 0; round < 25; round += 1) {
      await rm(torn, { recursive: true, force: true })
      await cp(copy, torn, { recursive: true })
      await truncate(join(torn, 'facts', log), random.int(0, length))
      const facts = await readEverything(torn)
      if (facts instanceof LogError) throw facts
      expect(facts.length).toBeGreaterThanOrEqual(FACTS)
      expect(facts.length % 2).toBe(0)
      counts.add(facts.length)
    }
    expect(counts.size).toBeGreaterThan(3)
  })

  it('is told from an intact one by the facts that it acknowledged, when its end is cut off', async () => {
    await restore()
    const log = await writeAheadLog(copy)
    const { length } = await readFile(join(copy, 'facts', log))
    await truncate(join(copy, 'facts', log), length - 1)
    for (let i = 0; i < 2; i += 1) expect((await failureOf(embeddedLog({ folder: copy }))).code).toBe('LogCorrupted')
  })
})
