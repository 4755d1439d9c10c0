/** parsec §11: what is written is there, wherever the writer has to grow. */
import { expect, it } from 'vitest'
import { CanonicalWriter } from '../../src/wire/canonical/writer.ts'

it.each([1, 2, 3, 7, 256])('keeps every value at each boundary of a capacity of %i', (capacity) => {
  for (let before = 0; before <= 2 * capacity + 1; before += 1) {
    const prefix = new Uint8Array(before).fill(9)
    const written = new CanonicalWriter(capacity)
      .fixed(prefix)
      .u8(200)
      .bool(true)
      .u32(0x01020304)
      .u64(5)
      .byteString(prefix)
    const expected = [
      ...prefix,
      200,
      1,
      4,
      3,
      2,
      1,
      5,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      before & 255,
      before >> 8,
      0,
      0,
      0,
      0,
      0,
      0,
    ]
    expect([...written.finish()]).toEqual([...expected, ...prefix])
  }
})
