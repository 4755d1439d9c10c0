/**
 * @module testing/sim/durable-events
 *
 * The checker's side of a peer's gossip log: what is durable there, told from the facts alone.
 *
 * An event is known by its signature, the last bytes of it, which simulated signatures make unique.
 */

import { type Bytes, equalBytes } from '../../base/bytes.ts'
import { fromBase64Url } from '../../base/text.ts'
import { type CanonicalFormat, decodeEvent, decodeMessage } from '../../core/parsec/index.ts'
import { decodePeerMessage, type PeerMessageKind } from '../../wire/peer-message.ts'
import type { DurableAppend } from './disk.ts'
import { factText } from './fact-text.ts'
import { violation } from './violation.ts'

/** Whose forks to look for. */
export interface ForkWatch {
  readonly forker?: Bytes
  /** A correct peer has both branches, for the first time. */
  readonly forkKnown: () => void
}

const KEY_BYTES = 12

/** Short, unique, cheap. */
export function eventKey(event: Bytes): string {
  return Buffer.from(event.buffer, event.byteOffset + event.length - 64, KEY_BYTES).toString('latin1')
}

const WITHOUT_EVENTS: ReadonlySet<PeerMessageKind> = new Set(['summary', 'summaryReply', 'checkpoints'])

export class DurableEvents {
  readonly #name: string
  readonly #id: Bytes
  readonly #format: CanonicalFormat<Bytes>
  readonly #durable = new Set<string>()
  /** Our event on each self-parent, ever. */
  readonly #bySelfParent = new Map<string, string>()
  readonly #forks: ForkWatch
  readonly #forkerParents = new Set<string>()
  #knowsFork = false
  #lastCause = ''
  #appends = 0
  #lastAppend = 0

  constructor(name: string, id: Bytes, format: CanonicalFormat<Bytes>, forks: ForkWatch) {
    this.#forks = forks
    this.#name = name
    this.#id = id
    this.#format = format
  }

  get count(): number {
    return this.#durable.size
  }

  has(key: string): boolean {
    return this.#durable.has(key)
  }

  appended({ facts }: DurableAppend): void {
    this.#appends += 1
    for (const { type, data, metadata } of facts) {
      if (type !== 'GossipEventAccepted') continue
      const bytes = fromBase64Url(factText(data, 'event'))
      const key = eventKey(bytes)
      if (this.#durable.has(key)) throw violation('fact-twice', this.#name, 'an event is in its log twice')
      this.#durable.add(key)
      if (equalBytes(bytes.subarray(0, this.#id.length), this.#id)) this.#made(bytes, key, metadata.$causationId)
      else this.#received(bytes)
    }
  }

  #received(bytes: Bytes): void {
    this.#lastCause = ''
    const { forker, forkKnown } = this.#forks
    if (forker === undefined || this.#knowsFork || !equalBytes(bytes.subarray(0, forker.length), forker)) return
    const { selfParent } = decodeEvent(bytes, this.#format)
    const parent = selfParent === null ? '' : Buffer.from(selfParent).toString('latin1')
    this.#knowsFork = this.#forkerParents.has(parent)
    this.#forkerParents.add(parent)
    if (this.#knowsFork) forkKnown()
  }

  /** A correct peer makes one event on each of its own; what it makes in a row, in one step, stands in one append. */
  #made(bytes: Bytes, key: string, cause: string): void {
    if (cause === this.#lastCause && this.#lastAppend !== this.#appends) {
      throw violation('step-in-one-append', this.#name, 'events that it made in one step stand in two appends')
    }
    this.#lastCause = cause
    this.#lastAppend = this.#appends
    const { selfParent } = decodeEvent(bytes, this.#format)
    const parent = selfParent === null ? '' : Buffer.from(selfParent).toString('latin1')
    const other = this.#bySelfParent.get(parent)
    if (other !== undefined && other !== key)
      throw violation('own-fork', this.#name, 'it signed two events at one index')
    this.#bySelfParent.set(parent, key)
  }

  /** A message leaves: all its events must be durable. */
  sent(message: Bytes): void {
    const opened = decodePeerMessage(message)
    if (opened === undefined || WITHOUT_EVENTS.has(opened.kind)) return
    for (const { bytes } of decodeMessage(opened.body, this.#format)) {
      if (this.#durable.has(eventKey(bytes))) continue
      throw violation('persist-before-publish', this.#name, `it sent a ${opened.kind} with an event not on its disk`)
    }
  }
}
