/** Who is not the peer that it says it is, is nobody: over TCP, with every attack that the threat model names. */
import { afterEach, describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import type { TcpAddress, TcpTransport } from '../../src/transport/index.ts'
import { sendUntilTaken, takeMessages } from '../contract/transport.ts'
import { eventually, GROUP, HOST, namedSigner, Opened, Recorder } from '../support/transport.ts'

const ALICE = namedSigner('alice')
const BOB = namedSigner('bob')
const MALLORY = namedSigner('mallory')
const MESSAGE = Uint8Array.of(42)

/** Says to be `victim`, with its own key. */
const asIf = (victim: Signer): Signer => ({ ...MALLORY, identity: victim.identity })
const at = (port: number): TcpAddress => ({ host: HOST, port })
const portOf = (transport: TcpTransport): number => present(transport.address, 'it listens').port

const opened = new Opened()
afterEach(() => opened.closeAll())

/** Bob, who knows Alice, and what he logs. */
async function bob(limits: object = {}) {
  const logger = new Recorder()
  const transport = await opened.peer(BOB, { logger, peers: [{ peer: ALICE.identity }], limits })
  return { transport, logger, port: portOf(transport) }
}

/** Alice, who dials Bob at `port`, and what she logs. */
async function alice(port: number, signer: Signer = ALICE, groupId = GROUP) {
  const logger = new Recorder()
  const peers = [{ peer: BOB.identity, address: at(port) }]
  const transport = await opened.peer(signer, { logger, groupId, peers, limits: { sendTimeoutMs: 250 } })
  return { transport, logger }
}

async function expectNoWay(from: TcpTransport, to: TcpTransport): Promise<void> {
  await expect(from.send(BOB.identity, MESSAGE)).rejects.toMatchObject({ code: 'PeerUnreachable' })
  expect(from.isConnected(BOB.identity)).toBe(false)
  expect(to.isConnected(ALICE.identity)).toBe(false)
}

describe('a tcp peer', () => {
  it('that holds its key is let in; also through somebody who only passes bytes on', async () => {
    const { transport, port } = await bob()
    const relay = await opened.plainServer((socket) => {
      void opened.plainClient(port).then((onward) => socket.pipe(onward).pipe(socket))
    })
    const { transport: dialler } = await alice(relay)
    await sendUntilTaken(dialler, BOB.identity, MESSAGE)
    expect(await takeMessages(transport, 1)).toEqual([{ from: ALICE.identity, bytes: MESSAGE }])
  })

  it('that dials with another key than its id is refused', async () => {
    const { transport, logger, port } = await bob()
    const { transport: impostor } = await alice(port, asIf(ALICE))
    await expectNoWay(impostor, transport)
    expect(logger.count({ reason: 'not-proved' })).toBeGreaterThan(0)
  })

  it('that answers with another key than its id is left', async () => {
    const impostor = await opened.peer(asIf(BOB), { peers: [{ peer: ALICE.identity }] })
    const { transport, logger } = await alice(portOf(impostor))
    await expect(transport.send(BOB.identity, MESSAGE)).rejects.toMatchObject({ code: 'PeerUnreachable' })
    expect(transport.isConnected(BOB.identity)).toBe(false)
    expect(logger.count({ reason: 'not-proved' })).toBeGreaterThan(0)
  })

  it('that is a true peer, but not the one that was meant, refuses itself', async () => {
    const logger = new Recorder()
    const carol = await opened.peer(namedSigner('carol'), { logger, peers: [{ peer: ALICE.identity }] })
    const { transport } = await alice(portOf(carol))
    await expectNoWay(transport, carol)
    expect(logger.count({ reason: 'not-proved' })).toBeGreaterThan(0)
  })

  it('that is not on the list hears nothing at all', async () => {
    const { logger, port } = await bob()
    const { relay, answers } = await opened.tlsRelay(port)
    await alice(relay, MALLORY)
    await eventually(() => logger.count({ reason: 'unknown-peer' }) > 0)
    await eventually(() => answers.isOver)
    expect(answers.bytes).toBe(0)
  })

  it('of another group is refused by its first packet', async () => {
    const { transport, logger, port } = await bob()
    const { transport: stranger } = await alice(port, ALICE, Uint8Array.of(1))
    await expectNoWay(stranger, transport)
    expect(logger.entries.some(({ data }) => JSON.stringify(data).includes('binder does not verify'))).toBe(true)
  })
})

describe('somebody in the middle', () => {
  it('who opens a channel to each end and passes on what they say, gets neither end', async () => {
    const { transport, logger, port } = await bob()
    const { relay } = await opened.tlsRelay(port)
    const { transport: dialler } = await alice(relay)
    await expectNoWay(dialler, transport)
    expect(logger.count({ reason: 'not-proved' })).toBeGreaterThan(0)
  })

  it('who kept a handshake cannot use it again', async () => {
    const { transport, logger, port } = await bob()
    const kept: Buffer[] = []
    const trap = await opened.tlsServer((socket) => void socket.on('data', (chunk) => kept.push(chunk)))
    await alice(trap)
    await eventually(() => kept.length > 0)
    const replay = await opened.tlsClient(port)
    replay.write(Buffer.concat(kept))
    await eventually(() => logger.count({ reason: 'not-proved' }) === 1)
    expect(transport.isConnected(ALICE.identity)).toBe(false)
  })

  it('who sends an end its own words back gets nowhere', async () => {
    const echo = await opened.tlsServer((socket) => void socket.pipe(socket))
    const { transport, logger } = await alice(echo)
    await eventually(() => logger.count({ reason: 'malformed' }) > 0)
    expect(transport.isConnected(BOB.identity)).toBe(false)
  })
})
