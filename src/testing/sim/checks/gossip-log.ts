/**
 * @module testing/sim/checks/gossip-log
 *
 * What is durable in a peer's gossip log, told from the facts alone: nothing stands in it twice, the peer never signed two
 * events at one index, what it made in one step stands in one append, and nothing was sent or shown that is not there.
 *
 * An event is known by its signature, the last bytes of it, which simulated signatures make unique.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { fromBase64Url } from '../../../base/text.ts'
import { decodeEvent, decodeMessage } from '../../../core/parsec/index.ts'
import { decodePeerMessage, type PeerMessageKind } from '../../../wire/peer-message.ts'
import type { DurableAppend } from '../disk.ts'
import { factText } from '../fact-text.ts'
import { violation } from '../violation.ts'
import type { Check, LifeCheck, Subject } from './check.ts'

const KEY_BYTES = 12

/** Short, unique, cheap. */
function eventKey(event: Bytes): string {
  return Buffer.from(event.buffer, event.byteOffset + event.length - 64, KEY_BYTES).toString('latin1')
}

const keyOf = (bytes: Bytes): string => Buffer.from(bytes).toString('latin1')

const WITHOUT_EVENTS: ReadonlySet<PeerMessageKind> = new Set(['summary', 'summaryReply', 'checkpoints'])

export class GossipLog implements Check {
  readonly #subject: Subject
  readonly #durable = new Set<string>()
  /** Our event on each self-parent, ever. */
  readonly #bySelfParent = new Map<string, string>()
  /** Self-parents of events by adversaries. */
  readonly #adversaryParents = new Set<string>()
  readonly #knownForkers = new Set<string>()
  #lastCause = ''
  #appends = 0
  #lastAppend = 0

  constructor(subject: Subject) {
    this.#subject = subject
  }

  get count(): number {
    return this.#durable.size
  }

  appended({ stream, facts }: DurableAppend): void {
    if (!stream.startsWith('gossip-')) return
    const { id } = this.#subject
    this.#appends += 1
    for (const { type, data, metadata } of facts) {
      if (type !== 'GossipEventAccepted') continue
      const bytes = fromBase64Url(factText(data, 'event'))
      const key = eventKey(bytes)
      if (this.#durable.has(key)) throw violation('fact-twice', this.#subject.name, 'an event is in its log twice')
      this.#durable.add(key)
      if (equalBytes(bytes.subarray(0, id.length), id)) this.#made(bytes, key, metadata.$causationId)
      else this.#received(bytes)
    }
  }

  #received(bytes: Bytes): void {
    this.#lastCause = ''
    const { id, isAdversary, counts } = this.#subject
    const creator = bytes.subarray(0, id.length)
    if (!isAdversary(creator)) return
    const forker = keyOf(creator)
    const place = forker + this.#selfParentOf(bytes)
    if (this.#adversaryParents.has(place) && !this.#knownForkers.has(forker)) {
      this.#knownForkers.add(forker)
      counts.knownForks += 1
    }
    this.#adversaryParents.add(place)
  }

  #selfParentOf(bytes: Bytes): string {
    const { selfParent } = decodeEvent(bytes, this.#subject.format)
    return selfParent === null ? '' : keyOf(selfParent)
  }

  /** A correct peer makes one event on each of its own; what it makes in a row, in one step, stands in one append. */
  #made(bytes: Bytes, key: string, cause: string): void {
    if (cause === this.#lastCause && this.#lastAppend !== this.#appends) {
      throw violation('step-in-one-append', this.#subject.name, 'events that it made in one step stand in two appends')
    }
    this.#lastCause = cause
    this.#lastAppend = this.#appends
    const parent = this.#selfParentOf(bytes)
    const other = this.#bySelfParent.get(parent)
    if (other !== undefined && other !== key)
      throw violation('own-fork', this.#subject.name, 'it signed two events at one index')
    this.#bySelfParent.set(parent, key)
  }

  /** A message leaves: all its events must be durable. */
  sent(message: Bytes): void {
    const opened = decodePeerMessage(message)
    if (opened === undefined || WITHOUT_EVENTS.has(opened.kind)) return
    for (const { bytes } of decodeMessage(opened.body, this.#subject.format)) {
      if (this.#durable.has(eventKey(bytes))) continue
      throw violation(
        'persist-before-publish',
        this.#subject.name,
        `it sent a ${opened.kind} with an event not on its disk`,
      )
    }
  }
  life(): LifeCheck {
    return {
      showsEvent: (bytes) => {
        if (this.#durable.has(eventKey(bytes))) return
        throw violation('durable-before-signal', this.#subject.name, 'an event shown is not on disk')
      },
    }
  }
}
