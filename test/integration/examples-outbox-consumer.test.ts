import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { OutboxConsumer } from '../../examples/outbox-consumer.ts'
import { type Json, startLocalGroup } from '../../examples/support/local-group.ts'
import type { Witan } from '../../src/index.ts'

interface Consumer {
  readonly seen: () => readonly Json[]
  /** Ends when aborted, or with what `before` threw. */
  readonly run: (witan: Witan<Json>, before?: (payload: Json) => void, signal?: AbortSignal) => Promise<void>
}

function consumerOf(file: string): Consumer {
  const saved = (): { readonly state: readonly Json[] } => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as { state: Json[] }
    } catch {
      return { state: [] }
    }
  }
  const run: Consumer['run'] = async (witan, before, signal = new AbortController().signal) => {
    const apply = (state: readonly Json[], payload: Json): readonly Json[] => {
      before?.(payload)
      return [...state, payload]
    }
    await new OutboxConsumer<readonly Json[]>({ file, initial: [], apply }).run(witan, signal)
  }
  return { seen: () => saved().state, run }
}

const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `payment ${from + i}`)

async function agree(witan: Witan<Json>, payloads: readonly Json[]): Promise<void> {
  const receipts = await Promise.all(payloads.map((payload) => witan.vote(payload)))
  await Promise.all(receipts.map(({ agreed }) => agreed))
}

test('each payload once, through a crash in the middle, a torn file aside, and a restart of the whole group', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'witan-outbox-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'consumer.json')
  const consumer = consumerOf(file)

  const group = await startLocalGroup(folder)
  await agree(group.peers[0], ids(0, 5))
  let calls = 0
  const crash = consumer.run(group.peers[0], () => {
    calls += 1
    if (calls === 4) throw new Error('power cut')
  })
  await expect(crash).rejects.toThrow('power cut')
  expect(consumer.seen()).toHaveLength(3)
  // A crash can also leave the next state half written, beside the file.
  writeFileSync(`${file}.new`, '{"next":4,"sta')

  await agree(group.peers[0], ids(5, 8))
  await group[Symbol.asyncDispose]()
  const again = await startLocalGroup(folder)
  onTestFinished(() => again[Symbol.asyncDispose]())
  const stop = new AbortController()
  const running = consumer.run(again.peers[0], undefined, stop.signal)
  await agree(again.peers[0], ids(8, 10))
  await vi.waitFor(() => expect(consumer.seen()).toHaveLength(10), { timeout: 30_000 })
  stop.abort()
  await running

  expect(new Set(consumer.seen())).toEqual(new Set(ids(0, 10)))
  const order: Json[] = []
  for await (const { payload } of again.peers[0].history.blocks()) order.push(payload)
  expect(consumer.seen()).toEqual(order)
})
