/**
 * @module transport/tcp/frame
 *
 * A frame: u32 length (big endian) of what follows, one byte of kind, the payload. The reader takes chunks as they come
 * and holds at most twice one frame, or one chunk; it copies, so that a held message keeps no larger buffer alive.
 */

export const FRAME_KIND = { keepAlive: 0, message: 1, hello: 2, welcome: 3, goodbye: 4 } as const

const HEADER_BYTES = 5
const LENGTH_BYTES = 4
const SMALLEST_BUFFER = 4096

export interface Frame {
  readonly kind: number
  readonly payload: Uint8Array
}

export function frameHeader(kind: number, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(payloadBytes + 1, 0)
  header.writeUInt8(kind, LENGTH_BYTES)
  return header
}

export class FrameReader {
  #maxPayloadBytes: number
  #buffer = Buffer.alloc(0)
  #start = 0
  #end = 0

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes
  }

  /** For the frames after those taken so far. */
  setMaxPayloadBytes(maxPayloadBytes: number): void {
    this.#maxPayloadBytes = maxPayloadBytes
  }

  push(chunk: Uint8Array): void {
    const held = this.#end - this.#start
    if (this.#end + chunk.length > this.#buffer.length) {
      // Doubling, from what has come, not from what a header promises: a promise costs us nothing.
      const fits = held + chunk.length <= this.#buffer.length
      const buffer = fits
        ? this.#buffer
        : Buffer.allocUnsafeSlow(Math.max(SMALLEST_BUFFER, held + chunk.length, Math.min(2 * held, this.#largest())))
      this.#buffer.copy(buffer, 0, this.#start, this.#end)
      this.#buffer = buffer
      this.#start = 0
      this.#end = held
    }
    this.#buffer.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** The next whole frame. `incomplete`: push more. `malformed`: no frame of ours, or too large; give the connection up. */
  next(): Frame | 'incomplete' | 'malformed' {
    const held = this.#end - this.#start
    if (held < LENGTH_BYTES) return 'incomplete'
    const length = this.#buffer.readUInt32BE(this.#start)
    if (length === 0 || length > this.#maxPayloadBytes + 1) return 'malformed'
    if (held < LENGTH_BYTES + length) return 'incomplete'
    const end = this.#start + LENGTH_BYTES + length
    const kind = this.#buffer.readUInt8(this.#start + LENGTH_BYTES)
    const payload = new Uint8Array(this.#buffer.subarray(this.#start + HEADER_BYTES, end))
    this.#start = end
    if (this.#start === this.#end) this.#release()
    return { kind, payload }
  }

  /** Bytes of memory that it holds. */
  get heldBytes(): number {
    return this.#buffer.length
  }

  #largest(): number {
    return this.#maxPayloadBytes + HEADER_BYTES
  }

  #release(): void {
    this.#start = 0
    this.#end = 0
    if (this.#buffer.length > 16 * SMALLEST_BUFFER) this.#buffer = Buffer.alloc(0)
  }
}
