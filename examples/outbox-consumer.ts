/**
 * A consumer of the agreed order that keeps its position in a file, and counts each payload exactly once whatever
 * happens to it in between.
 *
 * The order is read from the log with a position, so nothing is missed while the consumer is down. What remains is the
 * crash between doing and noting that it is done; so what a payload does and the next position are one write: here one
 * file that replaces the one before, in a database one transaction.
 *
 *     npx tsx examples/outbox-consumer.ts [folder]      run it twice: the second time it goes on where the first stood
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Witan } from '../src/index.ts'
import { type Json, startLocalGroup } from './support/local-group.ts'

interface Saved<State> {
  /** The first position that is not in `state` yet. */
  readonly next: number
  readonly state: State
}

export interface ConsumerOptions<State> {
  readonly file: string
  readonly initial: State
  /** What a payload does to the state. Must have no effect elsewhere, since a crash may run it again. */
  readonly apply: (state: State, payload: Json, position: number) => State
}

export class OutboxConsumer<State extends Json> {
  readonly #options: ConsumerOptions<State>

  constructor(options: ConsumerOptions<State>) {
    this.#options = options
  }

  async read(): Promise<Saved<State>> {
    const { file, initial } = this.#options
    if (!existsSync(file)) return { next: 0, state: initial }
    return JSON.parse(await readFile(file, 'utf8')) as Saved<State>
  }

  /** Follows the order until aborted. */
  async run(witan: Witan<Json>, signal: AbortSignal): Promise<void> {
    let { next, state } = await this.read()
    for await (const { position, payload } of witan.history.blocks({ from: next, live: true, signal })) {
      state = this.#options.apply(state, payload, position)
      next = position + 1
      await this.#save({ next, state })
    }
  }

  /** All of it or nothing, also when the machine loses power: written aside, flushed, then put in place. */
  async #save(saved: Saved<State>): Promise<void> {
    const { file } = this.#options
    await mkdir(dirname(file), { recursive: true })
    const aside = await open(`${file}.new`, 'w')
    try {
      await aside.writeFile(JSON.stringify(saved))
      await aside.sync()
    } finally {
      await aside.close()
    }
    await rename(`${file}.new`, file)
  }
}

/** What a payload is worth. Others may have had something else ordered; it must not stop us. */
export function centsOf(payload: Json): number {
  const cents = payload !== null && typeof payload === 'object' && 'cents' in payload ? payload['cents'] : 0
  return typeof cents === 'number' ? cents : 0
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ?? 'data/outbox'
  await using group = await startLocalGroup(folder)
  const [witan] = group.peers
  const consumer = new OutboxConsumer<number>({
    file: join(folder, 'consumer.json'),
    initial: 0,
    apply: (cents, payload) => cents + centsOf(payload),
  })
  const before = await consumer.read()
  console.log(`before: ${before.state} cents, up to position ${before.next}`)
  const stop = new AbortController()
  const running = consumer.run(witan, stop.signal)
  // A peer votes once for one payload: two equal orders are two payloads only if something in them tells them apart.
  const receipts = await Promise.all([100, 250, 400].map((cents) => witan.vote({ id: randomUUID(), cents })))
  const last = Math.max(...(await Promise.all(receipts.map(({ agreed }) => agreed))).map(({ position }) => position))
  while ((await consumer.read()).next <= last) await new Promise((resolve) => setTimeout(resolve, 20))
  stop.abort()
  await running
  const after = await consumer.read()
  console.log(`after:  ${after.state} cents, up to position ${after.next}: 750 more, each once`)
}
