/**
 * @module base/text
 *
 * Bytes as text: hex for people and map keys, base64url for facts.
 */

import { type Bytes, EMPTY_BYTES } from './bytes.ts'

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function toHex(bytes: Bytes): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Throws a `RangeError` on text that is no hex. */
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new RangeError(`not hex: ${text.slice(0, 80)}`)
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const DIGITS = new Int16Array(128).fill(-1)
for (let i = 0; i < 64; i += 1) DIGITS[ALPHABET.charCodeAt(i)] = i
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`,
)

/** RFC 4648 §5, without padding. */
export function toBase64Url(bytes: Bytes): string {
  const whole = bytes.length - (bytes.length % 3)
  let text = ''
  for (let i = 0; i < whole; i += 3) {
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number)
    text += (PAIRS[bits >> 12] as string) + (PAIRS[bits & 4095] as string)
  }
  if (bytes.length - whole === 1) {
    text += PAIRS[(bytes[whole] as number) << 4] as string
  } else if (bytes.length - whole === 2) {
    const bits = ((bytes[whole] as number) << 10) | ((bytes[whole + 1] as number) << 2)
    text += (PAIRS[bits >> 6] as string) + (ALPHABET[bits & 63] as string)
  }
  return text
}

/** Strict: one encoding for each value. Throws a `RangeError` otherwise. */
export function fromBase64Url(text: string): Bytes {
  if (text.length === 0) return EMPTY_BYTES
  const rest = text.length % 4
  if (rest === 1) throw new RangeError('not base64url: impossible length')
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let at = 0
  let bits = 0
  let held = 0
  for (let i = 0; i < text.length; i += 1) {
    const digit = DIGITS[text.charCodeAt(i)] ?? -1
    if (digit < 0) throw new RangeError(`not base64url: character ${i}`)
    bits = (bits << 6) | digit
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[at] = bits >> held
      at += 1
      bits &= (1 << held) - 1
    }
  }
  if (bits !== 0) throw new RangeError('not base64url: bits left over')
  return bytes
}
