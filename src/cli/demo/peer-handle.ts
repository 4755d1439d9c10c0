/**
 * @module cli/demo/peer-handle
 *
 * The parent's end of one peer's process: start, kill, start again, and wait for what it says.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { WitanError } from '../../base/errors.ts'

export class PeerProcessError extends WitanError<{ readonly code: 'PeerProcessFailed'; readonly peer: string }> {}

export interface Failure {
  readonly type: 'failed'
  readonly message: string
}

/** Any message of the line between parent and peer. */
export interface Typed {
  readonly type: string
}

type Answer<Message extends Typed, Type> = Extract<Message, { type: Type }>

interface Waiting {
  readonly resolve: (message: never) => void
  readonly reject: (error: Error) => void
}

export class PeerHandle<Name extends string, ToPeer extends Typed, FromPeer extends Typed> {
  readonly name: Name
  readonly #program: string
  readonly #onMessage: (from: this, message: FromPeer | Failure) => void
  readonly #waiting = new Map<string, Waiting>()
  #child: ChildProcess | undefined

  /** `program`: the path of the process's module. */
  constructor(
    name: Name,
    program: string,
    onMessage: (from: PeerHandle<Name, ToPeer, FromPeer>, message: FromPeer | Failure) => void,
  ) {
    this.name = name
    this.#program = program
    this.#onMessage = onMessage
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get isUp(): boolean {
    return this.#child !== undefined
  }

  /** Starts the process; it waits for what it is told. */
  launch(): void {
    const child = fork(this.#program, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child = child
    child.on('message', (received) => this.#take(received as FromPeer | Failure))
    const gone = (why: string): void => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#fail(why)
    }
    child.once('error', (error) => gone(`its process could not be started (${error.message})`))
    child.once('exit', (code, signal) => gone(`its process ended unexpectedly (${signal ?? `exit code ${code}`})`))
  }

  /** Tells the peer something; a peer that is down, or going down just now, misses it, as on any network. */
  tell(message: ToPeer): void {
    // Without the callback Node would throw what could not be written.
    if (this.#child?.connected === true) this.#child.send(message, () => undefined)
  }

  ask<Type extends FromPeer['type']>(message: ToPeer, answer: Type): Promise<Answer<FromPeer, Type>> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(answer, { resolve, reject })
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

  #take(message: FromPeer | Failure): void {
    if (message.type === 'failed') {
      this.#fail((message as Failure).message)
      return
    }
    const waiting = this.#waiting.get(message.type)
    this.#waiting.delete(message.type)
    waiting?.resolve(message as never)
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
