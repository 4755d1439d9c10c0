/** For tests of transports: keys by name, waiting for what will happen, TCP peers, and somebody in the middle. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, connect as plainConnect, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { utf8 } from '../../src/base/bytes.ts'
import { ed25519Signer as testSigner } from '../../src/crypto/index.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import type { Logger } from '../../src/ports/logger.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { createTcpTransport, type TcpTransport, type TcpTransportOptions } from '../../src/transport/index.ts'
import { clientOptions, serverOptions } from '../../src/transport/tcp/channel.ts'
import type { FrameReader } from '../../src/transport/tcp/frame.ts'
import { initiate } from '../../src/transport/tcp/handshake.ts'

export const HOST = '127.0.0.1'
export const GROUP = utf8('the group')

export function namedSigner(name: string): Signer {
  return testSigner(new Uint8Array(createHash('sha256').update(name).digest()))
}

/** Waits until it is so; the test's own time limit ends a wait in vain. */
export async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(2)
}

export interface LogEntry {
  readonly data: object
  readonly message: string
}

export class Recorder implements Logger {
  readonly entries: LogEntry[] = []
  debug = (data: object, message: string): void => void this.entries.push({ data, message })
  info = this.debug
  warn = this.debug
  error = this.debug

  count(part: object): number {
    const wanted = Object.entries(part)
    return this.entries.filter(({ data }) =>
      wanted.every(([name, value]) => new Map(Object.entries(data)).get(name) === value),
    ).length
  }
}

/** All that a test opens, closed in the reverse order. */
export class Opened {
  readonly #closes: (() => unknown)[] = []

  add<T>(thing: T, close: (thing: T) => unknown): T {
    this.#closes.push(() => close(thing))
    return thing
  }

  async closeAll(): Promise<void> {
    for (const close of this.#closes.splice(0).toReversed()) await close()
  }

  async peer(signer: Signer, options: Partial<TcpTransportOptions> = {}): Promise<TcpTransport> {
    const transport = await createTcpTransport({
      signer,
      groupId: GROUP,
      clock: systemClock,
      random: new SeededRandom('tcp test'),
      listen: { host: HOST, port: 0 },
      ...options,
      limits: { minBackoffMs: 10, maxBackoffMs: 50, closeTimeoutMs: 300, ...options.limits },
    })
    return this.add(transport, () => transport.close())
  }

  /** A client that knows the group and speaks TLS, but has proved nothing. */
  async tlsClient(port: number): Promise<TLSSocket> {
    const socket = this.add(connect({ ...clientOptions(GROUP), host: HOST, port }), (it) => it.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'secureConnect')
    return socket
  }

  /** A connection that proved to be `signer`'s, in the hands of the test; paused. */
  async provedClient(port: number, signer: Signer, to: Signer): Promise<{ socket: TLSSocket; reader: FrameReader }> {
    const socket = await this.tlsClient(port)
    const outcome = await initiate(socket, { signer, groupId: GROUP }, to.identity)
    if (outcome.kind === 'refused') throw new Error(outcome.refusal)
    return { socket, reader: outcome.reader }
  }

  async plainClient(port: number, localAddress = HOST): Promise<Socket> {
    const socket = this.add(plainConnect({ host: HOST, port, localAddress }), (it) => it.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  /** A server that knows the group and speaks TLS. */
  tlsServer(onConnection: (socket: TLSSocket) => void): Promise<number> {
    const server = createTlsServer(serverOptions(GROUP, 5000), (socket) => {
      this.add(socket, (it) => it.destroy()).on('error', () => undefined)
      onConnection(socket)
    })
    return this.#listen(server)
  }

  /** Somebody in the middle with a channel to each end, who passes on all that is said. */
  async tlsRelay(port: number): Promise<{ relay: number; answers: { bytes: number; isOver: boolean } }> {
    const answers = { bytes: 0, isOver: false }
    const passOn = async (socket: TLSSocket): Promise<void> => {
      const onward = await this.tlsClient(port)
      onward.on('data', (chunk: Buffer) => {
        answers.bytes += chunk.length
      })
      onward.on('close', () => {
        answers.isOver = true
        socket.destroy()
      })
      socket.pipe(onward).pipe(socket)
    }
    return { relay: await this.tlsServer((socket) => void passOn(socket)), answers }
  }

  plainServer(onConnection: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      this.add(socket, (it) => it.destroy()).on('error', () => undefined)
      onConnection(socket)
    })
    return this.#listen(server)
  }

  async #listen(server: Server): Promise<number> {
    this.add(server, (it) => it.close())
    server.listen(0, HOST)
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
}
