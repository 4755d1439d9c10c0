/**
 * @module cli/demo/peer-handle
 *
 * The parent's end of one peer's process: start, kill, start again, and wait for what it says.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname, join } from 'node:path'
import { WitanError } from '../../base/errors.ts'
import type { DemoPeer } from './proposals-file.ts'
import type { FromPeer, ToPeer } from './protocol.ts'

export class PeerProcessError extends WitanError<{ readonly code: 'PeerProcessFailed'; readonly peer: string }> {}

type Answer<Type extends FromPeer['type']> = Extract<FromPeer, { type: Type }>

/** The same file when compiled (`.js`) and when run from source (`.ts`). */
const PROGRAM = join(import.meta.dirname, `peer-process${extname(import.meta.filename)}`)

export class PeerHandle {
  readonly name: DemoPeer
  readonly #onMessage: (from: PeerHandle, message: FromPeer) => void
  #child: ChildProcess | undefined
  readonly #waiting = new Map<
    FromPeer['type'],
    { resolve: (message: FromPeer) => void; reject: (error: Error) => void }
  >()

  constructor(name: DemoPeer, onMessage: (from: PeerHandle, message: FromPeer) => void) {
    this.name = name
    this.#onMessage = onMessage
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get isUp(): boolean {
    return this.#child !== undefined
  }

  async start(message: Extract<ToPeer, { type: 'start' }>): Promise<Answer<'started'>> {
    const child = fork(PROGRAM, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child = child
    child.on('message', (received) => this.#take(received as FromPeer))
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#fail(`its process ended unexpectedly (${signal ?? `exit code ${code}`})`)
    })
    return this.ask(message, 'started')
  }

  /** Tells the peer something; a peer that is down misses it, as on any network. */
  tell(message: ToPeer): void {
    if (this.#child?.connected === true) this.#child.send(message)
  }

  ask<Type extends FromPeer['type']>(message: ToPeer, answer: Type): Promise<Answer<Type>> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(answer, { resolve: (received) => resolve(received as Answer<Type>), reject })
      this.tell(message)
    })
  }

  /** SIGKILL: the process gets no chance to write or say anything more. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  #take(message: FromPeer): void {
    if (message.type === 'failed') {
      this.#fail(message.message)
      return
    }
    const waiting = this.#waiting.get(message.type)
    this.#waiting.delete(message.type)
    waiting?.resolve(message)
    this.#onMessage(this, message)
  }

  #fail(why: string): void {
    const error = new PeerProcessError({ code: 'PeerProcessFailed', peer: this.name }, `${this.name}: ${why}`)
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(error)
    this.#onMessage(this, { type: 'failed', message: error.message })
  }
}
