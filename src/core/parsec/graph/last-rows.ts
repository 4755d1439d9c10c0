/**
 * @module core/parsec/graph/last-rows
 *
 * `last(x, c)` of parsec §4 for every event and peer: one row of small integers for each event, -1 for none.
 *
 * Rows lie in chunks; a chunk has one width, which grows for later chunks as peers join. Peers beyond the width of a row
 * joined after it, so that its event knows none of their events.
 */

const CHUNK_BITS = 9
const CHUNK = 1 << CHUNK_BITS

export class LastRows {
  readonly #chunks: Int32Array[] = []
  readonly #widths: number[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  at(event: number, peer: number): number {
    const chunk = event >> CHUNK_BITS
    const width = this.#widths[chunk] as number
    return peer < width ? ((this.#chunks[chunk] as Int32Array)[(event & (CHUNK - 1)) * width + peer] as number) : -1
  }

  /**
   * parsec §4: the element-wise maximum of the parents' rows (-1: no parent), with the event's own index *set* at its
   * creator.
   */
  push(selfParent: number, otherParent: number, creator: number, index: number, peers: number): void {
    const event = this.#length
    this.#room(peers)
    const chunk = event >> CHUNK_BITS
    const rows = this.#chunks[chunk] as Int32Array
    const width = this.#widths[chunk] as number
    const at = (event & (CHUNK - 1)) * width
    if (selfParent >= 0) {
      const [from, start, count] = this.#row(selfParent)
      for (let p = 0; p < count; p += 1) rows[at + p] = from[start + p] as number
    }
    if (otherParent >= 0) {
      const [from, start, count] = this.#row(otherParent)
      for (let p = 0; p < count; p += 1) {
        const theirs = from[start + p] as number
        if (theirs > (rows[at + p] as number)) rows[at + p] = theirs
      }
    }
    rows[at + creator] = index
    this.#length += 1
  }

  /** A row as it is, by peer. */
  pushRow(row: readonly number[]): void {
    this.#room(row.length)
    const chunk = this.#length >> CHUNK_BITS
    const width = this.#widths[chunk] as number
    ;(this.#chunks[chunk] as Int32Array).set(row, (this.#length & (CHUNK - 1)) * width)
    this.#length += 1
  }

  #row(event: number): readonly [Int32Array, number, number] {
    const chunk = event >> CHUNK_BITS
    const width = this.#widths[chunk] as number
    return [this.#chunks[chunk] as Int32Array, (event & (CHUNK - 1)) * width, width]
  }

  /** Makes a row's place for `peers` peers, widening the chunk under way where needed. */
  #room(peers: number): void {
    const chunk = this.#length >> CHUNK_BITS
    if (chunk === this.#chunks.length) {
      const width = Math.max(peers, this.#widths.at(-1) ?? 0)
      this.#widths.push(width)
      this.#chunks.push(new Int32Array(CHUNK * width).fill(-1))
      return
    }
    const width = this.#widths[chunk] as number
    if (peers <= width) return
    const wider = Math.max(peers, width + 4 + (width >> 2))
    const rows = new Int32Array(CHUNK * wider).fill(-1)
    const old = this.#chunks[chunk] as Int32Array
    for (let i = 0; i < (this.#length & (CHUNK - 1)); i += 1)
      rows.set(old.subarray(i * width, (i + 1) * width), i * wider)
    this.#chunks[chunk] = rows
    this.#widths[chunk] = wider
  }
}
