/**
 * @module testing/sim/checks/event-set
 *
 * Gossip events by their bytes, found in the middle of a message without decoding it: in the canonical encoding (parsec
 * §11) an event begins with its creator, its cause and its self-parent, and only forks share these.
 */

import type { Bytes } from '../../../base/bytes.ts'

/** Creator (32 bytes), cause (4), self-parent (32). An Initial event is longer by its signature alone. */
const CAUSE_AT = 32
const PARENT_AT = 36
const HEAD_BYTES = 68
const INITIAL = 4

/** As text, for keys. */
export const latin1 = (bytes: Bytes, from = 0, to = bytes.length): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')

/** Hash of the event's self-parent; nothing for a first event. */
export const selfParentOf = (event: Bytes): string =>
  event[CAUSE_AT] === INITIAL ? '' : latin1(event, PARENT_AT, HEAD_BYTES)

const word = (text: Bytes, at: number): number =>
  (text[at] ?? 0) | ((text[at + 1] ?? 0) << 8) | ((text[at + 2] ?? 0) << 16) | ((text[at + 3] ?? 0) << 24)

const headOf = (text: Bytes, place: number): number => word(text, place) ^ word(text, place + PARENT_AT)

function standsAt(event: Bytes, text: Bytes, place: number): boolean {
  for (let i = 0; i < event.length; i += 1) if (event[i] !== text[place + i]) return false
  return true
}

export class EventSet {
  /** By some bits of creator and self-parent. */
  readonly #byHead = new Map<number, Bytes[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  has(event: Bytes): boolean {
    return this.at(event, 0)?.length === event.length
  }

  /** `false`: it is in already. */
  add(event: Bytes): boolean {
    if (this.has(event)) return false
    const head = headOf(event, 0)
    const same = this.#byHead.get(head)
    if (same === undefined) this.#byHead.set(head, [event])
    else same.push(event)
    this.#size += 1
    return true
  }

  /** The one that stands at this place of a text of many. */
  at(text: Bytes, place: number): Bytes | undefined {
    if (text.length < place + HEAD_BYTES) return undefined
    const candidates = this.#byHead.get(headOf(text, place))
    return candidates?.find((event) => standsAt(event, text, place))
  }
}
