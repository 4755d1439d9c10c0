import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromBase64Url, toBase64Url } from '../../src/base/text.ts'
import { nodeBase64Url } from '../../src/engine/base64url.ts'

const outcome = (read: () => Uint8Array): unknown => {
  try {
    return read()
  } catch (error) {
    return error instanceof RangeError ? error.message : error
  }
}

const anyBytes = fc.uint8Array({ maxLength: 600 })

it('writes and reads the same as the portable one', () => {
  fc.assert(
    fc.property(anyBytes, fc.nat(9), (bytes, offset) => {
      const part = bytes.subarray(Math.min(offset, bytes.length))
      const text = nodeBase64Url.toText(part)
      expect(text).toBe(toBase64Url(part))
      expect(nodeBase64Url.toBytes(text)).toEqual(new Uint8Array(part))
    }),
  )
})

it('refuses the same', () => {
  const damaged = fc
    .tuple(anyBytes, fc.nat(), fc.constantFrom('', '+', '/', '=', ' ', 'é', '\u{1f600}', 'A', '-'))
    .map(([bytes, at, other]) => {
      const text = toBase64Url(bytes)
      const place = at % (text.length + 1)
      return text.slice(0, place) + other + text.slice(place + 1)
    })
  fc.assert(
    fc.property(damaged, (text) => {
      expect(outcome(() => nodeBase64Url.toBytes(text))).toEqual(outcome(() => fromBase64Url(text)))
    }),
  )
})

it('gives bytes that share no memory', () => {
  const bytes = nodeBase64Url.toBytes(toBase64Url(new Uint8Array(300)))
  expect(bytes.buffer.byteLength).toBe(300)
})
