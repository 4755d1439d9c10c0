/**
 * @module testing/sim/checks/agreed-order
 *
 * The one order of blocks that all correct peers must have, as the checker learns it from their disks, and each peer's
 * way along it.
 */

import type { AgreedBlock } from '../../../engine/peer/blocks.ts'
import type { JsonObject, JsonValue } from '../../../ports/event-log.ts'
import { factText } from '../fact-text.ts'
import { violation } from '../violation.ts'

interface OrderedBlock {
  readonly hash: string
  readonly position: number
  readonly positions: number
  readonly voter: string
}

/** Shared by all peers of a run. */
export class AgreedOrder {
  readonly #blocks: OrderedBlock[] = []
  readonly #seen = new Set<string>()

  get length(): number {
    return this.#blocks.length
  }

  at(index: number): OrderedBlock | undefined {
    return this.#blocks[index]
  }

  /** A correct peer has this block at this index. */
  check(name: string, index: number, block: OrderedBlock): void {
    const agreed = this.#blocks[index]
    if (agreed === undefined) {
      this.#append(name, index, block)
    } else if (agreed.hash !== block.hash || agreed.voter !== block.voter) {
      throw violation('agreement', name, `block ${index} is ${block.hash}, others have ${agreed.hash}`)
    } else if (agreed.position !== block.position) {
      throw violation('positions', name, `block ${index} has position ${block.position}, not ${agreed.position}`)
    }
  }

  #append(name: string, index: number, block: OrderedBlock): void {
    if (index !== this.#blocks.length) throw violation('positions', name, `block ${index} follows ${this.length - 1}`)
    const last = this.#blocks.at(-1)
    const position = last === undefined ? 0 : last.position + last.positions
    if (block.position !== position) {
      throw violation('positions', name, `block ${index} has position ${block.position}, not ${position}`)
    }
    const key = `${block.hash}/${block.voter}`
    if (this.#seen.has(key)) throw violation('block-twice', name, `block ${block.hash} is ordered twice`)
    this.#seen.add(key)
    this.#blocks.push(block)
  }
}

/** A payload of one peer's alone is another block than the same payload of another's (parsec §2). */
const isOfOne = (type: unknown, kind: unknown): boolean => type === 'OpaquePayload' && kind !== 'close'

export function loggedBlock(data: JsonObject): OrderedBlock {
  return {
    hash: factText(data, 'hash'),
    position: Number(data['position']),
    positions: 1,
    voter: isOfOne(data['type'], data['kind']) ? firstText(data['proofs'], 'id') : '',
  }
}

/** One member of the first object in a list. */
function firstText(list: JsonValue | undefined, name: string): string {
  const [first] = Array.isArray(list) ? (list as readonly JsonValue[]) : []
  return isObject(first) ? factText(first, name) : ''
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function shownBlock(block: AgreedBlock): OrderedBlock {
  const { hash, position, observation, proofs, payloads } = block
  return {
    hash,
    position,
    positions: Math.max(1, payloads.length),
    voter: isOfOne(observation.type, block.kind) ? (proofs[0]?.id ?? '') : '',
  }
}
