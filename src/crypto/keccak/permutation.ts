/**
 * @module crypto/keccak/permutation
 *
 * Keccak-f[1600] (FIPS 202 §3.2 and §3.3) as WebAssembly, put together here instruction by instruction: 64-bit lanes in
 * registers make it five times as fast as the same in JavaScript. Two thirds of what checking an Ethereum signature costs
 * besides the curve is this.
 *
 * The state lies at the beginning of the module's memory: 25 lanes, little-endian, lane (x, y) at x + 5 y.
 */

import { utf8 } from '../../base/bytes.ts'

/** An instruction, or several. */
type Code = readonly number[]

const I32 = 0x7f
const I64 = 0x7e
const VOID = 0x40

/** LEB128 of a number that is not negative; signed constants need the extra bit, so a last byte below 64. */
function leb(value: number | bigint, lastBelow = 0x80n): Code {
  const bytes: number[] = []
  let left = BigInt(value)
  while (left >= lastBelow) {
    bytes.push(Number(left & 0x7fn) | 0x80)
    left >>= 7n
  }
  return [...bytes, Number(left)]
}

const get = (local: number): Code => [0x20, ...leb(local)]
const set = (local: number): Code => [0x21, ...leb(local)]
const i32 = (value: number): Code => [0x41, ...leb(value, 0x40n)]
const i64 = (value: number): Code => [0x42, ...leb(value, 0x40n)]
const loadLane = (offset: number): Code => [0x29, 3, ...leb(offset)]
const storeLane = (offset: number): Code => [0x37, 3, ...leb(offset)]
const AND: Code = [0x83]
const XOR: Code = [0x85]
const rotl = (by: number): Code => (by === 0 ? [] : [...i64(by), 0x89])
const not: Code = [0x42, 0x7f, ...XOR]

const LANES = Array.from({ length: 25 }, (_, lane) => lane)
const COLUMNS = [0, 1, 2, 3, 4] as const
const ROUNDS = 24
/** Where the round constants lie. */
const CONSTANTS_AT = 8 * LANES.length

/** Locals: the lanes, the lanes after ρ and π, column parities, and where the next round constant lies. */
const A = (lane: number): number => lane
const B = (lane: number): number => 25 + lane
const C = (x: number): number => 50 + (x % 5)
const CONSTANT = 55

/** FIPS 202 §3.2.2: how far each lane is turned. */
function rotations(): readonly number[] {
  const by = Array.from(LANES, () => 0)
  let [x, y] = [1, 0]
  for (let t = 0; t < 24; t += 1) {
    by[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64
    ;[x, y] = [y, (2 * x + 3 * y) % 5]
  }
  return by
}

/** FIPS 202 §3.2.5: bits 0, 1, 3, 7, 15, 31, 63 of each, from a shift register. */
function roundConstants(): Uint8Array {
  const bytes = new Uint8Array(8 * ROUNDS)
  let register = 1
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let j = 0; j <= 6; j += 1) {
      const bit = 2 ** j - 1
      if ((register & 1) === 1) bytes[8 * round + (bit >> 3)] = (bytes[8 * round + (bit >> 3)] ?? 0) | (1 << (bit & 7))
      register <<= 1
      if (register > 0xff) register ^= 0x171
    }
  }
  return bytes
}

/** θ, §3.2.1 */
function theta(): Code {
  const parities = COLUMNS.flatMap((x) => [
    ...get(A(x)),
    ...[5, 10, 15, 20].flatMap((row) => [...get(A(x + row)), ...XOR]),
    ...set(C(x)),
  ])
  const mixed = LANES.flatMap((lane) => [
    ...get(A(lane)),
    ...get(C(lane + 4)),
    ...XOR,
    ...get(C(lane + 1)),
    ...rotl(1),
    ...XOR,
    ...set(A(lane)),
  ])
  return [...parities, ...mixed]
}

/** ρ and π, §3.2.2 and §3.2.3 */
function rhoPi(): Code {
  const by = rotations()
  return LANES.flatMap((lane) => {
    const [x, y] = [lane % 5, Math.floor(lane / 5)]
    return [...get(A(lane)), ...rotl(by[lane] ?? 0), ...set(B(y + 5 * ((2 * x + 3 * y) % 5)))]
  })
}

/** χ, §3.2.4 */
function chi(): Code {
  return LANES.flatMap((lane) => {
    const row = lane - (lane % 5)
    const next = (by: number): number => B(row + ((lane + by) % 5))
    return [...get(next(1)), ...not, ...get(next(2)), ...AND, ...get(B(lane)), ...XOR, ...set(A(lane))]
  })
}

/** ι, §3.2.5; then the next constant. */
function iota(): Code {
  const mixed = [...get(A(0)), ...get(CONSTANT), ...loadLane(CONSTANTS_AT), ...XOR, ...set(A(0))]
  return [...mixed, ...get(CONSTANT), ...i32(8), 0x6a, ...set(CONSTANT)]
}

function body(): Code {
  const load = LANES.flatMap((lane) => [...i32(0), ...loadLane(8 * lane), ...set(A(lane))])
  const again = [...get(CONSTANT), ...i32(8 * ROUNDS), 0x47, 0x0d, 0]
  const rounds = [0x03, VOID, ...theta(), ...rhoPi(), ...chi(), ...iota(), ...again, 0x0b]
  const store = LANES.flatMap((lane) => [...i32(0), ...get(A(lane)), ...storeLane(8 * lane)])
  const locals = [2, ...leb(CONSTANT), I64, 1, I32]
  return [...locals, ...load, ...rounds, ...store, 0x0b]
}

const sized = (content: Code): Code => [...leb(content.length), ...content]
const section = (id: number, content: Code): Code => [id, ...sized(content)]
const named = (name: string): Code => sized([...utf8(name)])

/** `\\0asm`, version 1. */
const MODULE_HEAD: Code = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

function moduleBytes(): Uint8Array {
  return Uint8Array.from([
    ...MODULE_HEAD,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...named('permute'), 0, 0, ...named('memory'), 2, 0]),
    ...section(10, [1, ...sized(body())]),
  ])
}

export interface Permutation {
  /** The state, 200 bytes. */
  readonly state: Uint8Array
  permute(): void
}

/** What is used of it: Node's types know it by name only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly permute: () => void
  readonly memory: { readonly buffer: ArrayBuffer }
}

export function keccakPermutation(): Permutation {
  const { permute, memory } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports as Exports
  const bytes = new Uint8Array(memory.buffer)
  bytes.set(roundConstants(), CONSTANTS_AT)
  return { state: bytes.subarray(0, CONSTANTS_AT), permute }
}
