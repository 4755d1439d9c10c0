/**
 * @module test/support/eventstoredb/wire
 *
 * A TCP relay in front of the stand-in server, so that tests break real connections: `cut` resets them, `down` refuses
 * new ones as well, `frozen` lets bytes of neither side through (a peer that vanished without a word).
 */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class Wire {
  /** Connections accepted since the start. */
  accepted = 0
  readonly #backendPort: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port: number
  #frozen = false

  constructor(backendPort: number, port: number) {
    this.#backendPort = backendPort
    this.#port = port
  }

  get port(): number {
    return this.#port
  }

  get open(): number {
    return this.#sockets.size / 2
  }

  async up(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer((socket) => this.#relay(socket))
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async down(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = once(server, 'close')
    server.close()
    this.cut()
    await closed
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.#sockets.clear()
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen
    for (const socket of this.#sockets) {
      if (frozen) socket.pause()
      else socket.resume()
    }
  }

  #relay(front: Socket): void {
    this.accepted += 1
    const back = connect(this.#backendPort, '127.0.0.1')
    this.#join(front, back)
    this.#join(back, front)
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.setNoDelay(true)
    from.on('data', (bytes) => {
      if (to.write(bytes)) return
      from.pause()
      to.once('drain', () => {
        if (!this.#frozen) from.resume()
      })
    })
    from.on('error', () => undefined)
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    if (this.#frozen) from.pause()
  }
}
