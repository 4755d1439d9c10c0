/**
 * @module base/text
 *
 * Bytes as text: hex for people and map keys, base64url for facts.
 */

import { type Bytes, EMPTY_BYTES, utf8 } from './bytes.ts'

/** Room for the text under way: most are short, and one made for each would cost more than the text. */
const ROOM = new Uint8Array(4_096)
const ASCII = new TextDecoder()

function room(length: number): Uint8Array {
  return length <= ROOM.length ? ROOM : new Uint8Array(length)
}

/** Flat text: added up piece by piece it would be a tree that costs ten times the memory, as long as it lives. */
function textOf(codes: Uint8Array, length: number): string {
  return ASCII.decode(codes.subarray(0, length))
}

const HEX_DIGITS = utf8('0123456789abcdef')

export function toHex(bytes: Bytes): string {
  const length = 2 * bytes.length
  const codes = room(length)
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] as number
    codes[2 * i] = HEX_DIGITS[byte >> 4] as number
    codes[2 * i + 1] = HEX_DIGITS[byte & 15] as number
  }
  return textOf(codes, length)
}

/** Throws a `RangeError` on text that is no hex. */
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new RangeError(`not hex: ${text.slice(0, 80)}`)
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CODES = utf8(ALPHABET)
/** Of a UTF-8 byte; -1 for none. */
const DIGITS = new Int8Array(256).fill(-1)
for (const [digit, code] of CODES.entries()) DIGITS[code] = digit

/** RFC 4648 §5, without padding. */
export function toBase64Url(bytes: Bytes): string {
  const length = Math.ceil((bytes.length * 4) / 3)
  // What the last group has too much is cut off with `length`.
  const codes = room(length + 3)
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    codes[at] = CODES[bits >> 18] as number
    codes[at + 1] = CODES[(bits >> 12) & 63] as number
    codes[at + 2] = CODES[(bits >> 6) & 63] as number
    codes[at + 3] = CODES[bits & 63] as number
  }
  return textOf(codes, length)
}

const encoder = new TextEncoder()

/** Strict: one encoding for each value. Throws a `RangeError` otherwise. */
export function fromBase64Url(text: string): Bytes {
  const { length } = text
  if (length === 0) return EMPTY_BYTES
  if (length % 4 === 1) throw new RangeError('not base64url: impossible length')
  // The first byte that is not ASCII stands where its character does, so that it is looked at below.
  const codes = room(length + 3)
  encoder.encodeInto(text, codes)
  codes.fill(CODES[0] as number, length, length + 3)
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let bits = 0
  // Negative as soon as one digit is.
  let all = 0
  for (let i = 0, at = 0; i < length; i += 4, at += 3) {
    const high = ((DIGITS[codes[i] as number] as number) << 18) | ((DIGITS[codes[i + 1] as number] as number) << 12)
    const low = ((DIGITS[codes[i + 2] as number] as number) << 6) | (DIGITS[codes[i + 3] as number] as number)
    bits = high | low
    all |= bits
    // Of the last group, what lies beyond the end goes nowhere.
    bytes[at] = bits >> 16
    bytes[at + 1] = bits >> 8
    bytes[at + 2] = bits
  }
  if (all < 0) throw new RangeError(`not base64url: character ${text.search(/[^\w-]/)}`)
  if ((bits << (8 * (bytes.length % 3 || 3))) & 0xffffff) throw new RangeError('not base64url: bits left over')
  return bytes
}

/** Bytes as base64url and back, strictly: by the functions above, or by what is faster where the program runs. */
export interface BytesText {
  toText(bytes: Bytes): string
  /** Throws a `RangeError` on text that `toText` never makes. */
  toBytes(text: string): Bytes
}

export const BASE64_URL: BytesText = { toText: toBase64Url, toBytes: fromBase64Url }
