import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Fifo } from '../../src/transport/fifo.ts'
import { Inbox } from '../../src/transport/inbox.ts'
import { checkedLimits } from '../../src/transport/limits.ts'
import { Outbox } from '../../src/transport/outbox.ts'
import { FRAME_KIND, type Frame, FrameReader, frameHeader } from '../../src/transport/tcp/frame.ts'
import { statement } from '../../src/transport/tcp/handshake.ts'
import { checkedTcpLimits } from '../../src/transport/tcp/options.ts'
import { namedSigner } from '../support/transport.ts'

const frame = (kind: number, payload: Uint8Array): Uint8Array => concatBytes(frameHeader(kind, payload.length), payload)

function readAll(reader: FrameReader): Frame[] {
  const frames: Frame[] = []
  for (let next = reader.next(); typeof next !== 'string'; next = reader.next()) frames.push(next)
  return frames
}

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    const frames = fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 })), { maxLength: 12 })
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.integer({ min: 1, max: 400 })), (wanted, cuts) => {
        const reader = new FrameReader(300)
        const bytes = concatBytes(...wanted.map(([kind, payload]) => frame(kind, payload)))
        const read: Frame[] = []
        for (let at = 0; at < bytes.length; ) {
          const end = at + cuts.next().value
          reader.push(bytes.subarray(at, end))
          read.push(...readAll(reader))
          at = end
        }
        expect(read).toEqual(wanted.map(([kind, payload]) => ({ kind, payload })))
      }),
    )
  })

  it('are malformed when empty, or larger than allowed, before any of it is held', () => {
    for (const header of [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(0, 0, 1, 46), new Uint8Array(4).fill(255)]) {
      const reader = new FrameReader(300)
      reader.push(header)
      expect(reader.next()).toBe('malformed')
    }
    const reader = new FrameReader(300)
    reader.push(Uint8Array.of(0, 0, 1, 45))
    expect(reader.next()).toBe('incomplete')
  })

  it('cost what has come, not what a header promises; what was large is let go', () => {
    const large = 8 * 1024 * 1024
    const reader = new FrameReader(large)
    reader.push(frameHeader(FRAME_KIND.message, large))
    expect(reader.next()).toBe('incomplete')
    expect(reader.heldBytes).toBeLessThanOrEqual(4096)
    const chunk = new Uint8Array(65_536)
    for (let sent = 0; sent < large; sent += chunk.length) {
      reader.push(chunk)
      expect(reader.heldBytes).toBeLessThanOrEqual(2 * (sent + chunk.length + 4096))
    }
    expect(readAll(reader)).toHaveLength(1)
    expect(reader.heldBytes).toBeLessThanOrEqual(65_536)
  })
})

const from = (id: number) => Uint8Array.of(id)

describe('the inbox', () => {
  it('charges tiny messages their overhead, and says when there is room again', async () => {
    const room: string[] = []
    const inbox = new Inbox(100 * 257, (sender) => room.push(sender))
    let count = 0
    for (; !inbox.isFull('01'); count += 1) inbox.push({ from: from(1), bytes: Uint8Array.of(count) })
    expect(count).toBe(100)
    const messages = inbox.receive(undefined)
    await messages.next()
    expect(room).toEqual(['01'])
    await messages.next()
    expect(room).toEqual(['01'])
    await messages.return()
  })

  it('serves senders in turn and each in order', async () => {
    const inbox = new Inbox(1_000_000, () => undefined)
    for (const id of [1, 2, 3]) for (let i = 0; i < 3; i += 1) inbox.push({ from: from(id), bytes: Uint8Array.of(i) })
    const messages = inbox.receive(undefined)
    const taken: string[] = []
    for (let i = 0; i < 9; i += 1) {
      const { value } = await messages.next()
      taken.push(`${value?.from[0]}:${value?.bytes[0]}`)
    }
    expect(taken).toEqual(['1:0', '2:0', '3:0', '1:1', '2:1', '3:1', '1:2', '2:2', '3:2'])
    inbox.close()
    expect((await messages.next()).done).toBe(true)
  })
})

describe('the outbox', () => {
  it('keeps its order: what waits for room is not overtaken by what would fit', async () => {
    const taken: number[] = []
    const way = { queuedBytes: 0, take: (bytes: Uint8Array) => taken.push(bytes.length) }
    const limits = checkedLimits({ maxQueuedBytes: 1000 })
    const clock = new VirtualClock()
    const outbox = new Outbox({ peer: '01', clock, limits, way: () => way })
    await outbox.send(new Uint8Array(1), undefined)
    way.queuedBytes = 600
    const large = outbox.send(new Uint8Array(500), undefined)
    const small = outbox.send(new Uint8Array(2), undefined)
    expect(taken).toEqual([1])
    way.queuedBytes = 0
    outbox.pump()
    await Promise.all([large, small])
    expect(taken).toEqual([1, 500, 2])
    expect(clock.scheduledCount).toBe(0)
  })

  it('lets what stood behind a send go when that is given up', async () => {
    const taken: number[] = []
    const way = { queuedBytes: 600, take: (bytes: Uint8Array) => taken.push(bytes.length) }
    const limits = checkedLimits({ maxQueuedBytes: 1000 })
    const outbox = new Outbox({ peer: '01', clock: new VirtualClock(), limits, way: () => way })
    const controller = new AbortController()
    const large = Promise.allSettled([outbox.send(new Uint8Array(500), controller.signal)])
    const small = outbox.send(new Uint8Array(2), undefined)
    controller.abort()
    await small
    expect(await large).toMatchObject([{ reason: { code: 'Aborted' } }])
    expect(taken).toEqual([2])
  })
})

it('a fifo gives what was put in, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(), { nil: undefined })), (steps) => {
      const fifo = new Fifo<number>()
      const model: number[] = []
      for (const step of steps) {
        expect(fifo.peek()).toBe(model[0])
        if (step !== undefined) fifo.push(step)
        expect(step === undefined ? fifo.shift() : step).toBe(step === undefined ? model.shift() : step)
        if (step !== undefined) model.push(step)
        expect(fifo.length).toBe(model.length)
      }
    }),
  )
})

it('a handshake statement differs whenever any of what it binds differs', () => {
  const bytes = fc.uint8Array({ maxLength: 6 })
  const input = fc.record({
    role: fc.constantFrom('initiator' as const, 'responder' as const),
    groupId: bytes,
    initiator: bytes,
    responder: bytes,
    binding: bytes,
  })
  const signer = namedSigner('statement')
  const of = ({ role, groupId, ...parties }: typeof input extends fc.Arbitrary<infer T> ? T : never) =>
    Buffer.from(statement(role, { signer, groupId }, parties)).toString('hex')
  fc.assert(
    fc.property(input, input, (a, b) => {
      expect(of(a) === of(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      expect(of(a)).not.toBe(of({ ...a, role: a.role === 'initiator' ? 'responder' : 'initiator' }))
    }),
  )
})

const refused = (argument: string) =>
  expect.objectContaining({ data: expect.objectContaining({ code: 'InvalidTransportArgument', argument }) })

it('limits outside their bounds are refused by name', () => {
  expect(() => checkedLimits({ maxMessageBytes: 2 ** 32 })).toThrow(refused('maxMessageBytes'))
  expect(() => checkedLimits({ sendTimeoutMs: 0 })).toThrow(refused('sendTimeoutMs'))
  expect(() => checkedTcpLimits({ maxWaitingSends: 1.5 })).toThrow(refused('maxWaitingSends'))
  expect(() => checkedTcpLimits({ keepAliveMs: 30_000 })).toThrow(refused('idleTimeoutMs'))
  expect(() => checkedTcpLimits({ maxBackoffMs: 50 })).toThrow(refused('maxBackoffMs'))
  expect(checkedTcpLimits({ keepAliveMs: 10 }).maxMessageBytes).toBe(8 * 1024 * 1024)
})
