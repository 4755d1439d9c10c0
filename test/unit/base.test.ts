import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, concatBytes, equalBytes, fromUtf8, utf8 } from '../../src/base/bytes.ts'
import { fromBase64Url, fromHex, toBase64Url, toHex } from '../../src/base/text.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

describe('bytes', () => {
  it('orders and compares as unsigned bytes, a prefix first', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(a, b)))
        expect(equalBytes(a, b)).toBe(Buffer.from(a).equals(b))
        expect(concatBytes(a, b)).toEqual(new Uint8Array([...a, ...b]))
      }),
    )
  })

  it('round trips text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text.toWellFormed())
      }),
    )
    expect(() => fromUtf8(new Uint8Array([0xff]))).toThrow(TypeError)
  })
})

function readAgain(text: string): string {
  try {
    return toBase64Url(fromBase64Url(text))
  } catch (error) {
    return (error as Error).constructor.name
  }
}

describe('hex and base64url', () => {
  it('agree with Node and round trip', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toHex(value)).toBe(Buffer.from(value).toString('hex'))
        expect(fromHex(toHex(value))).toEqual(value)
        expect(toBase64Url(value)).toBe(Buffer.from(value).toString('base64url'))
        expect(fromBase64Url(toBase64Url(value))).toEqual(value)
      }),
    )
  })

  it.each([8_191, 20_000, 300_001])('hold for %i bytes too', (length) => {
    const value = Uint8Array.from({ length }, (_, i) => i * 31)
    expect(toHex(value)).toBe(Buffer.from(value).toString('hex'))
    expect(toBase64Url(value)).toBe(Buffer.from(value).toString('base64url'))
  })

  it.each(['a', 'A', 'AB', 'AA==', 'A+A', 'é'])('refuses %s', (text) => {
    expect(() => fromBase64Url(text)).toThrow(RangeError)
  })

  it('have one text for each value: all other text is refused', () => {
    const digits = fc.string({
      unit: fc.constantFrom('A', 'Q', 'g', 'w', 'z', '0', '9', '-', '_', 'é', '='),
      maxLength: 12,
    })
    const long = fc.tuple(fc.nat(6_000), fc.constantFrom('', 'A', 'B', '+', 'é', '€'), fc.nat(6_000))
    const texts = fc.oneof(
      digits,
      fc.string(),
      long.map(([a, odd, b]) => 'A'.repeat(a) + odd + 'A'.repeat(b)),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const isText = Buffer.from(text, 'base64url').toString('base64url') === text
        expect(readAgain(text)).toBe(isText ? text : 'RangeError')
      }),
    )
  })

  it.each(['a', 'xy', '0x'])('refuses hex %s', (text) => {
    expect(() => fromHex(text)).toThrow(RangeError)
  })
})
