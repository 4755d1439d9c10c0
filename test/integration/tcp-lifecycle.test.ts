/** Connections between honest peers over time: who dials whom, breaks, moves, removals, waits between dials. */
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { createTcpTransport, type TcpAddress, type TcpTransport } from '../../src/transport/index.ts'
import { FRAME_KIND } from '../../src/transport/tcp/frame.ts'
import { digest, sendUntilTaken, takeMessages } from '../contract/transport.ts'
import { eventually, GROUP, HOST, namedSigner, Opened } from '../support/transport.ts'

const ALICE = namedSigner('alice')
const BOB = namedSigner('bob')

const opened = new Opened()
afterEach(() => opened.closeAll())

const addressOf = (transport: TcpTransport): TcpAddress => present(transport.address, 'it listens')
const socketCount = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

describe('two tcp peers', () => {
  it('that dial each other at once keep one connection, and lose nothing on the other', async () => {
    for (let round = 0; round < 10; round += 1) {
      const before = socketCount()
      const alice = await opened.peer(ALICE)
      const bob = await opened.peer(BOB)
      const introductions = [
        () => alice.setPeer(BOB.identity, addressOf(bob)),
        () => bob.setPeer(ALICE.identity, addressOf(alice)),
      ]
      for (const introduce of round % 2 === 0 ? introductions : introductions.toReversed()) introduce()
      const sent = Array.from({ length: 20 }, (_, i) => new SeededRandom(i).bytes(1 + i * 997))
      const sends = sent.flatMap((bytes) => [alice.send(BOB.identity, bytes), bob.send(ALICE.identity, bytes)])
      const received = await Promise.all([takeMessages(alice, sent.length), takeMessages(bob, sent.length)])
      await Promise.all(sends)
      const expected = sent.map(digest).toSorted()
      expect(received.map((all) => all.map(({ bytes }) => digest(bytes)).toSorted())).toEqual([expected, expected])
      await eventually(() => socketCount() === before + 2)
      expect([alice.isConnected(BOB.identity), bob.isConnected(ALICE.identity)]).toEqual([true, true])
      await opened.closeAll()
    }
  })

  it('that replace a connection first send all that it took', async () => {
    const bob = await opened.peer(BOB, { peers: [{ peer: ALICE.identity }], limits: { closeTimeoutMs: 10_000 } })
    const { port } = addressOf(bob)
    const { socket, reader } = await opened.provedClient(port, ALICE, BOB)
    reader.setMaxPayloadBytes(1 << 20)
    for (let i = 0; i < 12; i += 1) await bob.send(ALICE.identity, new Uint8Array(1 << 20).fill(i))
    await opened.provedClient(port, ALICE, BOB)
    const read: string[] = []
    for await (const chunk of socket) {
      reader.push(chunk as Buffer)
      for (let frame = reader.next(); typeof frame !== 'string'; frame = reader.next())
        read.push(`${frame.kind} ${frame.payload.length} ${frame.payload[0]}`)
      if (read.at(-1)?.startsWith(String(FRAME_KIND.goodbye)) === true) break
    }
    const messages = Array.from({ length: 12 }, (_, i) => `${FRAME_KIND.message} ${1 << 20} ${i}`)
    expect(read).toEqual([...messages, `${FRAME_KIND.goodbye} 0 undefined`])
  })

  it('find each other again when their connection is broken', async () => {
    const bob = await opened.peer(BOB, { peers: [{ peer: ALICE.identity }] })
    const relayed: Socket[] = []
    const relay = await opened.plainServer((socket) => {
      relayed.push(socket)
      void opened.plainClient(addressOf(bob).port).then((onward) => socket.pipe(onward).pipe(socket))
    })
    const alice = await opened.peer(ALICE, { peers: [{ peer: BOB.identity, address: { host: HOST, port: relay } }] })
    for (let round = 1; round <= 3; round += 1) {
      await eventually(() => alice.isConnected(BOB.identity) && bob.isConnected(ALICE.identity))
      await bob.send(ALICE.identity, Uint8Array.of(round))
      expect((await takeMessages(alice, 1))[0]?.bytes).toEqual(Uint8Array.of(round))
      relayed.at(-1)?.destroy()
      await eventually(() => relayed.length > round)
    }
  })

  it('meet at a new address once told of it; who listens nowhere can dial', async () => {
    const bob = await opened.peer(BOB, { peers: [{ peer: ALICE.identity }] })
    const closed = await opened.peer(namedSigner('closed'))
    await closed.close()
    // Its clock stands still, so it dials again only because it is told a new address.
    const alice = await createTcpTransport({
      signer: ALICE,
      groupId: GROUP,
      clock: new VirtualClock(),
      random: new SeededRandom('alice'),
      peers: [{ peer: BOB.identity, address: addressOf(closed) }],
    })
    opened.add(alice, () => alice.close())
    expect(alice.address).toBeUndefined()
    const waiting = alice.send(BOB.identity, Uint8Array.of(1))
    await new Promise((resolve) => setTimeout(resolve, 50))
    alice.setPeer(BOB.identity, addressOf(bob))
    await waiting
    expect(await takeMessages(bob, 1)).toHaveLength(1)
  })

  it('part when one removes the other: what waits fails, and it is let in no more', async () => {
    const bob = await opened.peer(BOB, { peers: [{ peer: ALICE.identity }] })
    const alice = await opened.peer(ALICE, { peers: [{ peer: BOB.identity, address: addressOf(bob) }] })
    await sendUntilTaken(alice, BOB.identity, Uint8Array.of(1))
    expect(await takeMessages(bob, 1)).toHaveLength(1)
    await bob.removePeer(ALICE.identity)
    await expect(bob.send(ALICE.identity, Uint8Array.of(1))).rejects.toMatchObject({ code: 'UnknownRecipient' })
    await eventually(() => !alice.isConnected(BOB.identity))
    const waiting = Promise.allSettled([alice.send(BOB.identity, Uint8Array.of(2))])
    await alice.removePeer(BOB.identity)
    expect(await waiting).toMatchObject([{ reason: { code: 'UnknownRecipient' } }])
    bob.setPeer(ALICE.identity)
    alice.setPeer(BOB.identity, addressOf(bob))
    await sendUntilTaken(alice, BOB.identity, Uint8Array.of(3))
    expect((await takeMessages(bob, 1))[0]?.bytes).toEqual(Uint8Array.of(3))
  })
})

describe('a tcp peer', () => {
  it('waits longer between dials, up to the bound, half of it drawn', async () => {
    const gone = await opened.peer(BOB)
    const address = addressOf(gone)
    await gone.close()
    const clock = new VirtualClock()
    const limits = { handshakeTimeoutMs: 1_000_000, minBackoffMs: 100, maxBackoffMs: 1600 }
    const alice = await opened.peer(ALICE, { clock, limits, peers: [{ peer: BOB.identity, address }] })
    const waits: number[] = []
    for (let i = 0; i < 7; i += 1) {
      const isWaiting = (): boolean => (clock.nextAtMs ?? Number.POSITIVE_INFINITY) - clock.nowMs() <= 1600
      while (!isWaiting()) await setImmediate()
      const nowMs = clock.nowMs()
      clock.runNext()
      waits.push(clock.nowMs() - nowMs)
    }
    const highest = [100, 200, 400, 800, 1600, 1600, 1600]
    for (const [i, waitMs] of waits.entries()) {
      expect(waitMs).toBeLessThanOrEqual(highest[i] ?? 0)
      expect(waitMs).toBeGreaterThanOrEqual((highest[i] ?? 0) / 2)
    }
    expect(new Set(waits.slice(4)).size).toBeGreaterThan(1)
    await alice.close()
    expect(clock.scheduledCount).toBe(0)
  })

  it('says what is wrong with its arguments, and with its port', async () => {
    const alice = await opened.peer(ALICE)
    const invalid = expect.objectContaining({ code: 'InvalidTransportArgument' })
    expect(() => alice.setPeer(ALICE.identity)).toThrow(invalid)
    expect(() => alice.setPeer(Uint8Array.of(1))).toThrow(invalid)
    expect(() => alice.setPeer(BOB.identity, { host: '', port: 1 })).toThrow(invalid)
    expect(() => alice.setPeer(BOB.identity, { host: HOST, port: 0 })).toThrow(invalid)
    const taken = addressOf(alice)
    await expect(opened.peer(BOB, { listen: taken })).rejects.toMatchObject({
      data: { code: 'ListenFailed', host: HOST, port: taken.port },
    })
  })
})
