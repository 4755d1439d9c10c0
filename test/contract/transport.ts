/**
 * What every `Transport` does. Each adapter's test calls `describeTransport` with a way to make a group of peers that know
 * each other. No expectation here depends on how fast anything is: waits end on what happens.
 */
import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { IncomingMessage, Transport } from '../../src/ports/transport.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { TransportError, type TransportLimits } from '../../src/transport/index.ts'

export interface TestGroup {
  readonly transports: readonly Transport[]
  /** A new transport for the peer, whose last one is closed. */
  restart(index: number): Promise<Transport>
  close(): Promise<void>
}

export interface TransportSubject {
  make(count: number, limits: Partial<TransportLimits>): Promise<TestGroup>
  /** Bytes that what lies between two transports may hold: kernel buffers. */
  readonly slackBytes: number
}

const PATIENT = { sendTimeoutMs: 20_000 }
const KIB = 1024

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const label = (from: Uint8Array, bytes: Uint8Array): string => `${digest(from)} ${digest(bytes)}`

export async function takeMessages(transport: Transport, count: number): Promise<IncomingMessage[]> {
  const taken: IncomingMessage[] = []
  if (count === 0) return taken
  for await (const message of transport.receive()) {
    taken.push(message)
    if (taken.length === count) break
  }
  return taken
}

/** Whether the transport took it; any failure but `PeerUnreachable` is the test's. */
async function isTaken(from: Transport, to: Uint8Array, message: Uint8Array): Promise<boolean> {
  try {
    await from.send(to, message)
    return true
  } catch (error) {
    if (error instanceof TransportError && error.code === 'PeerUnreachable') return false
    throw error
  }
}

/** Sends without waiting for the consumer until a send fails; how many were handed over. */
async function fill(from: Transport, to: Transport, message: Uint8Array): Promise<number> {
  let sent = 0
  while (await isTaken(from, to.localPeer, message)) sent += 1
  return sent
}

/** The peer was told of, and may need a moment to be found again: sends until one is handed over. */
export async function sendUntilTaken(from: Transport, to: Uint8Array, message: Uint8Array): Promise<void> {
  let isDone = false
  while (!isDone) isDone = await isTaken(from, to, message)
}

export function describeTransport(name: string, subject: TransportSubject): void {
  let group: TestGroup | undefined

  const make = async (count: number, limits: Partial<TransportLimits> = {}): Promise<readonly Transport[]> => {
    group = await subject.make(count, { ...PATIENT, ...limits })
    return group.transports
  }
  const makePair = async (limits: Partial<TransportLimits> = {}): Promise<readonly [Transport, Transport]> => {
    const [a, b] = await make(2, limits)
    if (a === undefined || b === undefined) throw new Error('the subject made no pair')
    return [a, b]
  }

  afterEach(async () => {
    await group?.close()
    group = undefined
  })

  describe(`${name}: delivery`, () => {
    it('brings every message, unchanged, under the id of its sender', async () => {
      const transports = await make(3)
      const random = new SeededRandom('contract delivery')
      const expected = transports.map(() => [] as string[])
      const sends: Promise<void>[] = []
      for (const [i, from] of transports.entries())
        for (const [j, to] of transports.entries())
          for (const length of i === j ? [] : [0, 1, 5, 1000, 65_536, random.int(2, 200_000)]) {
            const bytes = random.bytes(length)
            expected[j]?.push(label(from.localPeer, bytes))
            sends.push(from.send(to.localPeer, bytes))
          }
      const received = transports.map(async (to, j) => {
        const messages = await takeMessages(to, expected[j]?.length ?? 0)
        return messages.map(({ from, bytes }) => label(from, bytes)).toSorted()
      })
      await Promise.all(sends)
      expect(await Promise.all(received)).toEqual(expected.map((labels) => labels.toSorted()))
    })

    it('carries the largest message, and refuses a larger one', async () => {
      const [a, b] = await makePair()
      const largest = new SeededRandom('largest').bytes(8 * KIB * KIB)
      await a.send(b.localPeer, largest)
      const [message] = await takeMessages(b, 1)
      expect(digest(message?.bytes ?? new Uint8Array())).toBe(digest(largest))
      await expect(a.send(b.localPeer, new Uint8Array(largest.length + 1))).rejects.toMatchObject({
        data: { code: 'MessageTooLarge', bytes: largest.length + 1, maxBytes: largest.length },
      })
    })

    it('gives the consumer bytes of its own', async () => {
      const [a, b] = await makePair()
      const sender = a.localPeer.slice()
      const bytes = Uint8Array.of(1, 2, 3)
      await a.send(b.localPeer, bytes)
      const [message] = await takeMessages(b, 1)
      message?.bytes.fill(9)
      message?.from.fill(9)
      await a.send(b.localPeer, bytes)
      expect(await takeMessages(b, 1)).toEqual([{ from: sender, bytes: Uint8Array.of(1, 2, 3) }])
    })

    it('knows no peer that it was not told of, and not itself', async () => {
      const [a] = await makePair()
      const stranger = a.localPeer.map((byte) => byte ^ 1)
      await expect(a.send(stranger, Uint8Array.of(1))).rejects.toMatchObject({ code: 'UnknownRecipient' })
      await expect(a.send(a.localPeer, Uint8Array.of(1))).rejects.toMatchObject({ code: 'UnknownRecipient' })
    })
  })

  describe(`${name}: back-pressure`, () => {
    const limits = { maxQueuedBytes: 256 * KIB, maxReadAheadBytes: 256 * KIB, sendTimeoutMs: 400 }

    it('makes senders wait for a slow consumer, within bounds, and loses nothing that was handed over', async () => {
      const [a, b] = await makePair(limits)
      const message = new SeededRandom('slow').bytes(64 * KIB)
      const sent = await fill(a, b, message)
      expect(sent * message.length).toBeGreaterThanOrEqual(256 * KIB)
      expect(sent * message.length).toBeLessThanOrEqual(2 * 256 * KIB + 64 * KIB + subject.slackBytes)
      const received = await takeMessages(b, sent)
      expect(new Set(received.map(({ bytes }) => digest(bytes)))).toEqual(new Set([digest(message)]))
      await a.send(b.localPeer, Uint8Array.of(7))
      expect((await takeMessages(b, 1))[0]?.bytes).toEqual(Uint8Array.of(7))
    })

    it('lets no sender hold up another', async () => {
      const [a, b, c] = await make(3, limits)
      if (a === undefined || b === undefined || c === undefined) throw new Error('the subject made no three peers')
      await fill(a, c, new Uint8Array(8 * KIB))
      await b.send(c.localPeer, Uint8Array.of(1))
      let before = 0
      for await (const { from } of c.receive()) {
        if (digest(from) === digest(b.localPeer)) break
        before += 1
        // Other than in a line: what b sent passes the rest of what a has waiting.
        if (before === 1) await new Promise((resolve) => setTimeout(resolve, 100))
      }
      expect(before).toBeLessThanOrEqual(3)
    })

    it('refuses more waiting sends than its bound', async () => {
      const [a, b] = await makePair({ ...limits, maxWaitingSends: 3 })
      const message = new Uint8Array(64 * KIB)
      await fill(a, b, message)
      const waiting = [1, 2, 3].map(() => a.send(b.localPeer, message))
      const settled = Promise.allSettled(waiting)
      await expect(a.send(b.localPeer, message)).rejects.toMatchObject({ data: { code: 'TooManySends', waiting: 3 } })
      for (const result of await settled) expect(result).toMatchObject({ reason: { code: 'PeerUnreachable' } })
    })
  })

  describe(`${name}: abort and close`, () => {
    const limits = { maxQueuedBytes: 64 * KIB, maxReadAheadBytes: 64 * KIB, sendTimeoutMs: 400 }

    it('gives up a waiting send when aborted, and never hands it over', async () => {
      const [a, b] = await makePair(limits)
      const sent = await fill(a, b, new Uint8Array(64 * KIB))
      const controller = new AbortController()
      const send = a.send(b.localPeer, Uint8Array.of(1), { signal: controller.signal })
      controller.abort()
      await expect(send).rejects.toMatchObject({ code: 'Aborted' })
      await expect(a.send(b.localPeer, Uint8Array.of(2), { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'Aborted',
      })
      const rest = takeMessages(b, sent + 1)
      await sendUntilTaken(a, b.localPeer, Uint8Array.of(3))
      const small = (await rest).map(({ bytes }) => bytes).filter((bytes) => bytes.length === 1)
      expect(small).toEqual([Uint8Array.of(3)])
    })

    it('ends receive when aborted; the next consumer takes what is left', async () => {
      const [a, b] = await makePair()
      const controller = new AbortController()
      const first = (async () => {
        let count = 0
        for await (const _ of b.receive({ signal: controller.signal })) count += 1
        return count
      })()
      controller.abort()
      expect(await first).toBe(0)
      await a.send(b.localPeer, Uint8Array.of(1))
      await a.send(b.localPeer, Uint8Array.of(2))
      expect(await takeMessages(b, 1)).toHaveLength(1)
      expect(await takeMessages(b, 1)).toHaveLength(1)
    })

    it('has one consumer at a time', async () => {
      const [a, b] = await makePair()
      const first = b.receive()[Symbol.asyncIterator]()
      const next = first.next()
      await expect(takeMessages(b, 1)).rejects.toMatchObject({ code: 'AlreadyReceiving' })
      await a.send(b.localPeer, Uint8Array.of(1))
      expect((await next).value).toMatchObject({ bytes: Uint8Array.of(1) })
      await first.return?.()
    })

    it('fails what waits, ends receive, and refuses what comes after, when closed; twice is once', async () => {
      const [a, b] = await makePair(limits)
      await fill(a, b, new Uint8Array(64 * KIB))
      const receiving = (async () => {
        for await (const _ of a.receive()) throw new Error('nobody sends to it')
      })()
      const waiting = Promise.allSettled([a.send(b.localPeer, new Uint8Array(KIB))])
      await Promise.all([a.close(), a.close()])
      expect(await waiting).toMatchObject([{ reason: { code: 'TransportClosed' } }])
      await receiving
      await expect(a.send(b.localPeer, Uint8Array.of(1))).rejects.toMatchObject({ code: 'TransportClosed' })
      expect((await a.receive()[Symbol.asyncIterator]().next()).done).toBe(true)
    })

    it('still brings what was handed over before it closed', async () => {
      const [a, b] = await makePair()
      const message = new SeededRandom('farewell').bytes(300 * KIB)
      for (let i = 0; i < 5; i += 1) await a.send(b.localPeer, message)
      const received = takeMessages(b, 5)
      await a.close()
      for (const { bytes } of await received) expect(digest(bytes)).toBe(digest(message))
    })
  })

  describe(`${name}: restart`, () => {
    it('cannot reach a peer that is down, and reaches it, both ways, when it is back', async () => {
      const [a, b] = await makePair({ sendTimeoutMs: 300 })
      await sendUntilTaken(a, b.localPeer, Uint8Array.of(1))
      await takeMessages(b, 1)
      await b.close()
      // What was handed over to a connection that is just breaking may be lost; soon nothing is handed over.
      await fill(a, b, new Uint8Array(KIB))
      const again = await group?.restart(1)
      if (again === undefined) throw new Error('not restarted')
      await sendUntilTaken(a, again.localPeer, Uint8Array.of(2))
      for await (const { from, bytes } of again.receive()) {
        expect(from).toEqual(a.localPeer)
        if (bytes[0] === 2) break
      }
      await sendUntilTaken(again, a.localPeer, Uint8Array.of(3))
      expect((await takeMessages(a, 1))[0]).toEqual({ from: again.localPeer, bytes: Uint8Array.of(3) })
    })
  })
}
