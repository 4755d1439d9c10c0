/** Connections that send nonsense, or nothing, cost little and are dropped; peers that dial come through all the same. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import type { TcpLimits } from '../../src/transport/index.ts'
import { FRAME_KIND, frameHeader } from '../../src/transport/tcp/frame.ts'
import { sendUntilTaken, takeMessages } from '../contract/transport.ts'
import { eventually, HOST, namedSigner, Opened, Recorder } from '../support/transport.ts'

const ALICE = namedSigner('alice')
const BOB = namedSigner('bob')

const opened = new Opened()
afterEach(() => opened.closeAll())

async function bob(limits: Partial<TcpLimits> = {}) {
  const logger = new Recorder()
  const transport = await opened.peer(BOB, { logger, peers: [{ peer: ALICE.identity }], limits })
  return { transport, logger, port: present(transport.address, 'it listens').port }
}

/** Whether Alice's message arrives; the test's time limit is the alternative. */
async function comesThrough(to: Awaited<ReturnType<typeof bob>>): Promise<boolean> {
  const address = { host: HOST, port: to.port }
  const alice = await opened.peer(ALICE, { peers: [{ peer: BOB.identity, address }] })
  await sendUntilTaken(alice, BOB.identity, Uint8Array.of(1))
  for await (const { bytes } of to.transport.receive()) if (bytes.length === 1) return true
  return false
}

const isClosed = (socket: Socket): Promise<unknown> => (socket.destroyed ? Promise.resolve() : once(socket, 'close'))

describe('strangers', () => {
  it('that send what is no TLS, or no handshake, are dropped at once', async () => {
    const subject = await bob()
    const noTls = await opened.plainClient(subject.port)
    noTls.write('GET / HTTP/1.1\r\n\r\n')
    await isClosed(noTls)
    const garbage = [Buffer.alloc(64, 7), frameHeader(FRAME_KIND.hello, 1 << 20), frameHeader(FRAME_KIND.message, 0)]
    for (const bytes of garbage) {
      const client = await opened.tlsClient(subject.port)
      client.resume().write(bytes)
      await isClosed(client)
    }
    expect(subject.logger.count({ reason: 'malformed' })).toBe(garbage.length)
    expect(await comesThrough(subject)).toBe(true)
  })

  it('that say nothing are dropped after the time for handshakes, before TLS and after it', async () => {
    const subject = await bob({ handshakeTimeoutMs: 150 })
    const silent = await opened.plainClient(subject.port)
    const halfWay = await opened.tlsClient(subject.port)
    await Promise.all([isClosed(silent), isClosed(halfWay.resume())])
    expect(await comesThrough(subject)).toBe(true)
  })

  it('hold no more connections than the bound, and cannot lock a peer out', async () => {
    const subject = await bob({ maxPendingHandshakes: 8 })
    const other = await opened.plainClient(subject.port, '127.0.0.2')
    const crowd: Socket[] = []
    for (let i = 0; i < 40; i += 1) crowd.push(await opened.plainClient(subject.port))
    for (const socket of [other, ...crowd]) socket.resume()
    await eventually(() => crowd.filter((socket) => !socket.destroyed).length <= 7)
    expect(other.destroyed).toBe(false)
    expect(await comesThrough(subject)).toBe(true)
  })
})

describe('a peer that turned', () => {
  it('is dropped when it sends what is no frame', async () => {
    const subject = await bob({ maxMessageBytes: 1000 })
    const tooLarge = frameHeader(FRAME_KIND.message, 1001)
    const unknownKind = frameHeader(200, 0)
    const handshakeAgain = frameHeader(FRAME_KIND.hello, 0)
    for (const bytes of [tooLarge, unknownKind, handshakeAgain, Buffer.alloc(8)]) {
      const socket = (await opened.provedClient(subject.port, ALICE, BOB)).socket.resume()
      await eventually(() => subject.transport.isConnected(ALICE.identity))
      socket.write(bytes)
      await isClosed(socket)
    }
    expect(await comesThrough(subject)).toBe(true)
  })

  it('is read no further than the bound, however small its messages', async () => {
    const subject = await bob({ maxReadAheadBytes: 64 * 1024 })
    const socket = (await opened.provedClient(subject.port, ALICE, BOB)).socket.resume()
    const tiny = Buffer.alloc(6 * 10_000)
    for (let at = 0; at < tiny.length; at += 6) frameHeader(FRAME_KIND.message, 1).copy(tiny, at)
    let taken = 0
    const flood = async (): Promise<void> => {
      while (!socket.destroyed && taken < 500) {
        await new Promise((resolve) => socket.write(tiny, resolve))
        taken += 1
      }
    }
    const flooding = flood()
    const memory = process.memoryUsage().rss
    // Stops when nothing has been taken for a while: kernel buffers are full, and Bob reads no more.
    for (let last = -1; last !== taken; ) {
      last = taken
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(taken).toBeLessThan(500)
    expect(process.memoryUsage().rss - memory).toBeLessThan(100 * 1024 * 1024)
    expect(await takeMessages(subject.transport, 2000)).toHaveLength(2000)
    socket.destroy()
    await flooding
  })

  it('is dropped when it falls silent; one with nothing to say is not', async () => {
    const subject = await bob({ keepAliveMs: 60, idleTimeoutMs: 300 })
    const socket = (await opened.provedClient(subject.port, ALICE, BOB)).socket.resume()
    await isClosed(socket)
    expect(subject.logger.count({ idleTimeoutMs: 300 })).toBe(1)
    const address = { host: HOST, port: subject.port }
    const limits = { keepAliveMs: 60, idleTimeoutMs: 300 }
    const alice = await opened.peer(ALICE, { limits, peers: [{ peer: BOB.identity, address }] })
    await eventually(() => alice.isConnected(BOB.identity))
    await new Promise((resolve) => setTimeout(resolve, 900))
    expect(alice.isConnected(BOB.identity)).toBe(true)
    expect(subject.logger.count({ idleTimeoutMs: 300 })).toBe(1)
  })
})
