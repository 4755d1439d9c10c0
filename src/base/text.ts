/**
 * @module base/text
 *
 * Bytes as text: hex for people and map keys, base64url for facts.
 */

import { type Bytes, EMPTY_BYTES, utf8 } from './bytes.ts'

/** Characters that are made into text in one go: an argument each, so the stack bounds them. */
const CHUNK = 8_192

/** Flat text: added up piece by piece it would be a tree that costs ten times the memory, as long as it lives. */
function textOf(codes: readonly number[]): string {
  if (codes.length <= CHUNK) return String.fromCharCode(...codes)
  let text = ''
  for (let at = 0; at < codes.length; at += CHUNK) text += String.fromCharCode(...codes.slice(at, at + CHUNK))
  return text
}

const HEX_DIGITS = utf8('0123456789abcdef')

export function toHex(bytes: Bytes): string {
  const codes: number[] = []
  for (const byte of bytes) codes.push(HEX_DIGITS[byte >> 4] as number, HEX_DIGITS[byte & 15] as number)
  return textOf(codes)
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
const CODES = utf8(ALPHABET)

/** RFC 4648 §5, without padding. */
export function toBase64Url(bytes: Bytes): string {
  const codes: number[] = []
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    codes.push(CODES[bits >> 18] as number, CODES[(bits >> 12) & 63] as number)
    if (left > 1) codes.push(CODES[(bits >> 6) & 63] as number)
    if (left > 2) codes.push(CODES[bits & 63] as number)
  }
  return textOf(codes)
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
