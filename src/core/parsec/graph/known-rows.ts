/**
 * @module core/parsec/graph/known-rows
 *
 * Rows of small numbers that differ little from one to the next, as trees that share what they have in common: a change
 * costs the path to it, the maximum of two rows what they do not share. However many columns there are, a row that adds
 * one number to another takes a few dozen bytes.
 *
 * A row is a number too: the place of its root and its height. 0 is the empty row.
 */

import { Int32List } from './lists.ts'

const BITS = 3
const WIDTH = 1 << BITS
const SLOT = WIDTH - 1

export type Row = number

const rowOf = (root: number, height: number): Row => root * WIDTH + height
const rootOf = (row: Row): number => Math.floor(row / WIDTH)
const heightOf = (row: Row): number => row % WIDTH

export class KnownRows {
  /** Nodes of eight places: nodes of the level below (0: none) or, at level 0, numbers plus one (0: none). */
  readonly #nodes = new Int32List()

  constructor() {
    // Node 0 is nobody's, and reads as empty.
    for (let slot = 0; slot < WIDTH; slot += 1) this.#nodes.push(0)
  }

  /** -1 where the row holds nothing. */
  at(row: Row, column: number): number {
    const height = heightOf(row)
    if (heightFor(column) > height) return -1
    let node = rootOf(row)
    for (let level = height; level > 0; level -= 1) node = this.#child(node, slotAt(column, level))
    return this.#child(node, slotAt(column, 0)) - 1
  }

  /** The row with `value` in a column. */
  with(row: Row, column: number, value: number): Row {
    const height = Math.max(heightOf(row), heightFor(column))
    return rowOf(this.#set(this.#raised(row, height), height, column, value + 1), height)
  }

  /** Element by element the higher. */
  max(a: Row, b: Row): Row {
    const height = Math.max(heightOf(a), heightOf(b))
    return rowOf(this.#max(this.#raised(a, height), this.#raised(b, height), height), height)
  }

  #child(node: number, slot: number): number {
    return this.#nodes.at(node * WIDTH + slot)
  }

  /** The root of the same row as a tree of this height. */
  #raised(row: Row, height: number): number {
    let root = rootOf(row)
    for (let level = heightOf(row); level < height && root !== 0; level += 1) root = this.#copy(0, 0, root)
    return root
  }

  #set(node: number, level: number, column: number, value: number): number {
    const slot = slotAt(column, level)
    const old = this.#child(node, slot)
    const made = level === 0 ? value : this.#set(old, level - 1, column, value)
    return made === old ? node : this.#copy(node, slot, made)
  }

  #max(a: number, b: number, level: number): number {
    if (a === b || b === 0) return a
    if (a === 0) return b
    let made = a
    let isOther = true
    for (let slot = 0; slot < WIDTH; slot += 1) {
      const [ours, theirs] = [this.#child(a, slot), this.#child(b, slot)]
      const higher = level === 0 ? Math.max(ours, theirs) : this.#max(ours, theirs, level - 1)
      isOther &&= higher === theirs
      if (higher === ours) continue
      // Only the first difference makes a node; it is nobody else's yet.
      if (made === a) made = this.#copy(a, slot, higher)
      else this.#nodes.set(made * WIDTH + slot, higher)
    }
    return isOther ? b : made
  }

  #copy(node: number, slot: number, value: number): number {
    const made = this.#nodes.length / WIDTH
    for (let at = 0; at < WIDTH; at += 1) this.#nodes.push(at === slot ? value : this.#child(node, at))
    return made
  }
}

/** The height of a tree that has the column. */
function heightFor(column: number): number {
  let height = 0
  while (column >> (BITS * (height + 1)) !== 0) height += 1
  return height
}

function slotAt(column: number, level: number): number {
  return (column >> (BITS * level)) & SLOT
}
