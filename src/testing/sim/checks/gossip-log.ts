/**
 * @module testing/sim/checks/gossip-log
 *
 * What is durable in a peer's gossip log, told from the facts alone: nothing stands in it twice, the peer never signed two
 * events at one index, what it made in one step stands in one append, and nothing was sent or shown that is not there.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { decodePeerMessage, type PeerMessageKind } from '../../../wire/peer-message.ts'
import type { DurableAppend } from '../disk.ts'
import { factText } from '../fact-text.ts'
import { violation } from '../violation.ts'
import type { Check, LifeCheck, Subject } from './check.ts'
import { EventSet, latin1, selfParentOf } from './event-set.ts'

/** Of the sequence in a message: its length, before the first event (parsec §11). */
const COUNT_BYTES = 8

const WITH_EVENTS: ReadonlySet<PeerMessageKind> = new Set<PeerMessageKind>([
  'request',
  'response',
  'graph',
  'graphGiven',
])

export class GossipLog implements Check {
  readonly #subject: Subject
  readonly #durable = new EventSet()
  /** Our event on each self-parent, ever. */
  readonly #ownParents = new Set<string>()
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
      const bytes = new Uint8Array(Buffer.from(factText(data, 'event'), 'base64url'))
      const isNew = this.#durable.add(bytes)
      // A start by the whole graph holds what the one before it holds too, and what that one made.
      if (data['forNext'] === true) continue
      if (!isNew) throw violation('fact-twice', this.#subject.name, 'an event is in its log twice')
      if (equalBytes(bytes.subarray(0, id.length), id)) this.#made(bytes, metadata.$causationId)
      else this.#received(bytes)
    }
  }

  #received(bytes: Bytes): void {
    this.#lastCause = ''
    const { id, isAdversary, counts } = this.#subject
    const creator = bytes.subarray(0, id.length)
    if (!isAdversary(creator)) return
    const forker = latin1(creator)
    const place = forker + selfParentOf(bytes)
    if (this.#adversaryParents.has(place) && !this.#knownForkers.has(forker)) {
      this.#knownForkers.add(forker)
      counts.knownForks += 1
    }
    this.#adversaryParents.add(place)
  }

  /** A correct peer makes one event on each of its own; what it makes in a row, in one step, stands in one append. */
  #made(bytes: Bytes, cause: string): void {
    if (cause === this.#lastCause && this.#lastAppend !== this.#appends) {
      throw violation('step-in-one-append', this.#subject.name, 'events that it made in one step stand in two appends')
    }
    this.#lastCause = cause
    this.#lastAppend = this.#appends
    const parent = selfParentOf(bytes)
    if (this.#ownParents.has(parent)) {
      throw violation('own-fork', this.#subject.name, 'it signed two events at one index')
    }
    this.#ownParents.add(parent)
  }

  /** A message leaves: all its events must be durable. */
  sent(message: Bytes): void {
    const opened = decodePeerMessage(message)
    if (opened === undefined || !WITH_EVENTS.has(opened.kind)) return
    const { body, kind } = opened
    for (let place = COUNT_BYTES; place < body.length; ) {
      const event = this.#durable.at(body, place)
      if (event === undefined) {
        throw violation('persist-before-publish', this.#subject.name, `it sent a ${kind} with an event not on its disk`)
      }
      place += event.length
    }
  }

  life(): LifeCheck {
    return {
      showsEvent: (bytes) => {
        if (this.#durable.has(bytes)) return
        throw violation('durable-before-signal', this.#subject.name, 'an event shown is not on disk')
      },
    }
  }
}
