import { expect, it } from 'vitest'
import { type ChunkRequest, pull } from '../../src/log/pull.ts'
import type { RecordedFact } from '../../src/ports/event-log.ts'

const metadata = { schemaVersion: 1, $correlationId: '', $causationId: '' }
const factAt = (revision: number): RecordedFact => ({
  id: '',
  stream: 's',
  revision,
  position: BigInt(revision),
  type: 'Test',
  data: {},
  metadata,
})

/** A stream of so many facts, which can be made to fail. */
class Source {
  readonly isClosed = false
  readonly requests: ChunkRequest[] = []
  failure: Error | undefined
  length: number

  constructor(length: number) {
    this.length = length
  }

  async chunk(request: ChunkRequest): Promise<readonly number[]> {
    this.requests.push(request)
    if (this.failure !== undefined) throw this.failure
    const { from, isBackward, limit } = request
    const first = Math.min(from, this.length - 1)
    const count = isBackward ? first + 1 : this.length - from
    return Array.from({ length: Math.max(0, Math.min(limit, count)) }, (_, i) => (isBackward ? first - i : from + i))
  }

  decode(revision: number): RecordedFact {
    return factAt(revision)
  }
}

async function revisions(source: Source, options: Parameters<typeof pull>[2]): Promise<number[]> {
  const all: number[] = []
  for await (const { revision } of pull(source, 's', options)) all.push(revision)
  return all
}

const upTo = (length: number): number[] => Array.from({ length }, (_, i) => i)

it.each([0, 1, 31, 32, 33, 95, 96, 97, 5_000])('reads %i facts, each once', async (length) => {
  expect(await revisions(new Source(length), {})).toEqual(upTo(length))
  expect(await revisions(new Source(length), { direction: 'backward' })).toEqual(upTo(length).reverse())
})

it('gives no more than was asked for, and fetches no more', async () => {
  for (const maxCount of [1, 32, 40, 96, 97, 500]) {
    const source = new Source(5_000)
    expect(await revisions(source, { maxCount })).toEqual(upTo(maxCount))
    expect(source.requests.reduce((sum, { limit }) => sum + limit, 0)).toBe(maxCount)
  }
})

it('gives what is appended while it is read, also after looking ahead', async () => {
  const source = new Source(96)
  const seen: number[] = []
  for await (const { revision } of pull(source, 's', {})) {
    seen.push(revision)
    if (revision === 95) source.length = 200
  }
  expect(seen).toEqual(upTo(200))
})

it('fetches one chunk ahead, from the second chunk on', async () => {
  const source = new Source(5_000)
  const reader = pull(source, 's', {})
  for (let i = 0; i < 32; i += 1) await reader.next()
  expect(source.requests).toHaveLength(1)
  await reader.next()
  expect(source.requests.map(({ from }) => from)).toEqual([0, 32, 96])
  await reader.return()
})

it('fails where the chunk ahead could not be read, and not before', async () => {
  const source = new Source(5_000)
  const seen: number[] = []
  const reading = async (): Promise<void> => {
    for await (const { revision } of pull(source, 's', {})) {
      seen.push(revision)
      if (revision === 32) source.failure = new Error('a damaged disk')
    }
  }
  await expect(reading()).rejects.toThrow('a damaged disk')
  // The chunk after the second was on its way already.
  expect(seen).toEqual(upTo(224))
})

it('leaves nothing rejected behind when a loop is left before a chunk that cannot be read', async () => {
  const source = new Source(5_000)
  const reader = pull(source, 's', {})
  for (let i = 0; i < 32; i += 1) await reader.next()
  const second = reader.next()
  // The second chunk is under way; the look-ahead after it fails.
  source.failure = new Error('a damaged disk')
  expect((await second).value?.revision).toBe(32)
  await reader.return()
  await new Promise((resolve) => setImmediate(resolve))
})
