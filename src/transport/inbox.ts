/**
 * @module transport/inbox
 *
 * What arrived and was not taken yet: one lane for each sender, emptied in turn, so that a peer that floods delays
 * nobody else. A lane is full when it holds `maxReadAheadBytes`, overhead included; the transport then reads no more
 * from that sender until `onRoom` names it.
 */

import { toHex } from '../base/text.ts'
import type { IncomingMessage } from '../ports/transport.ts'
import { alreadyReceivingError } from './errors.ts'
import { Fifo } from './fifo.ts'
import { MESSAGE_OVERHEAD_BYTES } from './limits.ts'

interface Lane {
  readonly messages: Fifo<IncomingMessage>
  heldBytes: number
}

const costOf = (message: IncomingMessage): number => message.bytes.length + MESSAGE_OVERHEAD_BYTES

export class Inbox {
  readonly #maxReadAheadBytes: number
  readonly #onRoom: (sender: string) => void
  /** Lanes with messages only; the first is next. */
  readonly #lanes = new Map<string, Lane>()
  #wakeConsumer: (() => void) | undefined
  #isReceiving = false
  #isClosed = false

  /** `onRoom` is called with the sender's id in hex, when its lane is full no more. */
  constructor(maxReadAheadBytes: number, onRoom: (sender: string) => void) {
    this.#maxReadAheadBytes = maxReadAheadBytes
    this.#onRoom = onRoom
  }

  isFull(sender: string): boolean {
    return (this.#lanes.get(sender)?.heldBytes ?? 0) >= this.#maxReadAheadBytes
  }

  push(message: IncomingMessage): void {
    if (this.#isClosed) return
    const sender = toHex(message.from)
    const lane = this.#lanes.get(sender) ?? { messages: new Fifo(), heldBytes: 0 }
    this.#lanes.set(sender, lane)
    lane.messages.push(message)
    lane.heldBytes += costOf(message)
    this.#wakeConsumer?.()
  }

  async *receive(signal: AbortSignal | undefined): AsyncGenerator<IncomingMessage, void, undefined> {
    if (this.#isReceiving) throw alreadyReceivingError()
    this.#isReceiving = true
    const wake = (): void => this.#wakeConsumer?.()
    signal?.addEventListener('abort', wake)
    try {
      for (;;) {
        if (this.#isClosed || signal?.aborted === true) return
        const message = this.#take()
        if (message === undefined) await this.#arrival()
        else yield message
      }
    } finally {
      signal?.removeEventListener('abort', wake)
      this.#isReceiving = false
    }
  }

  close(): void {
    this.#isClosed = true
    this.#lanes.clear()
    this.#wakeConsumer?.()
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeConsumer = () => {
        this.#wakeConsumer = undefined
        resolve()
      }
    })
  }

  #take(): IncomingMessage | undefined {
    for (const [sender, lane] of this.#lanes) {
      const message = lane.messages.shift()
      if (message === undefined) continue
      const wasFull = this.isFull(sender)
      lane.heldBytes -= costOf(message)
      // To the end of the row: the next message is another sender's.
      this.#lanes.delete(sender)
      if (lane.messages.length > 0) this.#lanes.set(sender, lane)
      if (wasFull && !this.isFull(sender)) this.#onRoom(sender)
      return message
    }
    return undefined
  }
}
