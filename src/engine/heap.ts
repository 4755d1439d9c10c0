/**
 * @module engine/heap
 *
 * A binary heap: the least item at hand, any item in or out for O(log n). Of equal items any may come first; who needs
 * an order there puts it into `isBefore`.
 */

export class Heap<T> {
  readonly #items: T[] = []
  readonly #isBefore: (a: T, b: T) => boolean

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get least(): T | undefined {
    return this.#items[0]
  }

  get size(): number {
    return this.#items.length
  }

  clear(): void {
    this.#items.length = 0
  }

  /** Drops all others; O(n log n), so call it when many are to go. */
  retain(isKept: (item: T) => boolean): void {
    const kept = this.#items.filter(isKept)
    this.clear()
    for (const item of kept) this.push(item)
  }

  push(item: T): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = items[parent] as T
      if (!this.#isBefore(item, above)) break
      items[at] = above
      at = parent
    }
    items[at] = item
  }

  /** Takes the least item out. */
  pop(): T | undefined {
    const items = this.#items
    const least = items[0]
    const last = items.pop()
    if (last !== undefined && items.length > 0) this.#sink(last)
    return least
  }

  /** Puts `item` in the place of the one taken from the top. */
  #sink(item: T): void {
    const items = this.#items
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#isBefore(items[child + 1] as T, items[child] as T)) child += 1
      if (!this.#isBefore(items[child] as T, item)) break
      items[at] = items[child] as T
      at = child
    }
    items[at] = item
  }
}
