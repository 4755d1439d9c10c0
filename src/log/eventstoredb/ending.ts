/**
 * @module log/eventstoredb/ending
 *
 * An iterator over a generator that waits for a server: leaving it ends the wait at once, where a bare generator would
 * finish its `next()` first.
 */

export type Start<Item> = (signal: AbortSignal) => AsyncGenerator<Item, void, void>

export function endable<Item>(start: Start<Item>, signals: readonly AbortSignal[]): AsyncIterable<Item> {
  return {
    [Symbol.asyncIterator]() {
      const left = new AbortController()
      const items = start(AbortSignal.any([left.signal, ...signals]))
      return {
        next: () => items.next(),
        return: () => {
          left.abort()
          return items.return()
        },
      }
    },
  }
}
