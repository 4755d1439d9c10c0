/**
 * @module core/parsec/graph/lists
 *
 * Append-only lists over typed arrays: what the arena is made of. Reading beyond the end gives the `absent` value.
 */

export class Int32List {
  #data = new Int32Array(32)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const grown = new Int32Array(Math.ceil(this.#data.length * 1.5))
      grown.set(this.#data)
      this.#data = grown
    }
    this.#data[this.#length] = value
    this.#length += 1
  }

  /** -1 beyond the end. */
  at(index: number): number {
    return index >= 0 && index < this.#length ? (this.#data[index] as number) : -1
  }

  set(index: number, value: number): void {
    this.#data[index] = value
  }
}

export class ByteList {
  #data = new Uint8Array(64)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const grown = new Uint8Array(Math.ceil(this.#data.length * 1.5))
      grown.set(this.#data)
      this.#data = grown
    }
    this.#data[this.#length] = value
    this.#length += 1
  }

  /** 0 beyond the end. */
  at(index: number): number {
    return index >= 0 && index < this.#length ? (this.#data[index] as number) : 0
  }

  set(index: number, value: number): void {
    this.#data[index] = value
  }
}
