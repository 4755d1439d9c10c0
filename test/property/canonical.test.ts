import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../src/base/bytes.ts'
import { Parsec } from '../../src/core/parsec/index.ts'
import {
  CAUSE_TAG,
  CodecError,
  DEFAULT_FORMAT,
  DEFAULT_LIMITS,
  decodeEvent,
  decodeMessage,
  decodeObservation,
  encodeContent,
  encodeMessage,
  encodeObservation,
  type Malice,
  type Observation,
} from '../../src/wire/canonical/index.ts'
import { idOf, Network, opaque, signerOf } from '../support/parsec/network.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const hash = bytes(32)
const id = bytes(32)
const text = fc.uint8Array({ maxLength: 20 })
const set = fc
  .uniqueArray(id, { maxLength: 5, comparator: (a, b) => compareBytes(a, b) === 0 })
  .map((ids) => ids.sort(compareBytes))

const plainEvent = fc
  .tuple(id, bytes(64))
  .map(
    ([creator, signature]) =>
      new Uint8Array([...encodeContent(creator, { type: 'Initial' }, DEFAULT_FORMAT), ...signature]),
  )

const malice: fc.Arbitrary<Malice> = fc.letrec<{ malice: Malice }>((tie) => ({
  malice: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      type: fc.constantFrom('UnexpectedGenesis', 'MissingGenesis', 'Fork', 'InvalidAccusation'),
      event: hash,
    }),
    fc.record({
      type: fc.constant('DuplicateVote'),
      events: fc.tuple(hash, hash).filter(([a, b]) => compareBytes(a, b) !== 0),
    }),
    fc.record({
      type: fc.constantFrom(
        'IncorrectGenesis',
        'OtherParentBySameCreator',
        'SelfParentByDifferentCreator',
        'InvalidRequest',
        'InvalidResponse',
      ),
      carried: plainEvent,
    }),
    fc.constant({ type: 'Unprovable' as const }),
    fc.record({ type: fc.constant('Accomplice'), event: hash, malice: tie('malice') }),
  ),
})).malice

const observation = fc.oneof(
  fc.record({ type: fc.constant('Genesis'), group: set, relatedInfo: text }),
  fc.record({ type: fc.constantFrom('Add', 'Remove'), peerId: id, relatedInfo: text }),
  fc.record({ type: fc.constant('Accusation'), offender: id, malice }),
  fc.record({ type: fc.constant('OpaquePayload'), payload: text }),
  fc.record({ type: fc.constant('StartDkg'), participants: set }),
  fc.record({ type: fc.constant('DkgResult'), participants: set, publicKeySet: fc.array(bytes(48), { maxLength: 3 }) }),
  fc.record({
    type: fc.constant('DkgMessage'),
    message: fc.oneof(
      fc.record({
        type: fc.constant('Part'),
        generation: fc.nat(),
        part: fc.record({
          degree: fc.maxSafeNat(),
          commitment: fc.array(bytes(48), { maxLength: 3 }),
          rows: fc.array(text, { maxLength: 3 }),
        }),
      }),
      fc.record({
        type: fc.constant('Ack'),
        generation: fc.nat(),
        ack: fc.record({ proposer: fc.nat(), values: fc.array(text, { maxLength: 3 }) }),
      }),
    ),
  }),
) as fc.Arbitrary<Observation>

describe('canonical encoding, parsec §11', () => {
  test('observations come back as they were', () => {
    fc.assert(
      fc.property(observation, (value) => {
        const encoded = encodeObservation(value, DEFAULT_FORMAT)
        expect(decodeObservation(encoded, DEFAULT_FORMAT)).toEqual(value)
      }),
    )
  })

  test('events come back as they were, with their parts as views', () => {
    fc.assert(
      fc.property(
        id,
        hash,
        observation,
        bytes(64),
        bytes(64),
        (creator, selfParent, value, voteSignature, signature) => {
          const cause = { type: 'Observation', selfParent, observation: value, voteSignature } as const
          const content = encodeContent(creator, cause, DEFAULT_FORMAT)
          const view = decodeEvent(new Uint8Array([...content, ...signature]), DEFAULT_FORMAT)
          expect(view).toMatchObject({ creator, cause: CAUSE_TAG.Observation, selfParent, signature, content })
          expect(view.vote).toMatchObject({ observation: value, signature: voteSignature })
        },
      ),
    )
  })

  test('there is one encoding of a value: what is read and written again is what was read', () => {
    fc.assert(
      fc.property(observation, fc.nat(), fc.nat(255), (value, place, byte) => {
        const encoded = encodeObservation(value, DEFAULT_FORMAT)
        encoded[place % encoded.length] = byte
        const read = attempt(() => decodeObservation(encoded, DEFAULT_FORMAT))
        expect(read === null ? encoded : encodeObservation(read, DEFAULT_FORMAT)).toEqual(encoded)
      }),
      { numRuns: 2000 },
    )
    expect(attempt(() => decodeObservation(new Uint8Array(0), DEFAULT_FORMAT))).toBeNull()
  })
})

/** Null where it is refused, with a typed error and nothing else. */
function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}

const code = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (error instanceof CodecError) return error.code
    throw error
  }
  return 'none'
}

const decode = (...parts: number[][]): string =>
  code(() => decodeObservation(new Uint8Array(parts.flat()), DEFAULT_FORMAT))
const u64 = (low: number): number[] => [low & 255, low >>> 8, 0, 0, 0, 0, 0, 0]
const payloadOf = (length: number): Uint8Array =>
  encodeObservation({ type: 'OpaquePayload', payload: new Uint8Array(length) }, DEFAULT_FORMAT)

describe('what is refused, parsec §11', () => {
  const payload = encodeObservation(opaque('abc'), DEFAULT_FORMAT)

  test('lengths beyond the input and beyond the limits, unknown tags, trailing bytes, unordered sets', () => {
    expect(decode([...payload])).toBe('none')
    expect(decode([...payload], [0])).toBe('TrailingBytes')
    expect(decode(Array.from(payload.slice(0, -1)))).toBe('UnexpectedEnd')
    expect(decode([8, 0, 0, 0])).toBe('UnknownTag')
    expect(decode([4, 0, 0, 0], [255, 255, 255, 255, 255, 255, 255, 255])).toBe('InvalidValue')
    expect(decode([4, 0, 0, 0], [255, 255, 255, 255, 0, 0, 0, 0])).toBe('LimitExceeded')
    const [one, two] = [Array.from<number>({ length: 32 }).fill(1), Array.from<number>({ length: 32 }).fill(2)]
    expect(decode([5, 0, 0, 0], u64(2), one, two)).toBe('none')
    expect(decode([5, 0, 0, 0], u64(2), two, one)).toBe('UnorderedSet')
    expect(decode([5, 0, 0, 0], u64(2), one, one)).toBe('UnorderedSet')
    expect(decode([5, 0, 0, 0], u64(1001))).toBe('LimitExceeded')
    expect(decode([5, 0, 0, 0], u64(900))).toBe('UnexpectedEnd')
  })

  test('payloads, events and messages above their limits', () => {
    expect(code(() => decodeObservation(payloadOf(DEFAULT_LIMITS.maxPayloadBytes), DEFAULT_FORMAT))).toBe('none')
    expect(code(() => decodeObservation(payloadOf(DEFAULT_LIMITS.maxPayloadBytes + 1), DEFAULT_FORMAT))).toBe(
      'LimitExceeded',
    )
    const format = { ...DEFAULT_FORMAT, limits: { ...DEFAULT_LIMITS, maxEventBytes: 99, maxMessageBytes: 120 } }
    const initial = new Uint8Array([
      ...encodeContent(idOf('Alice'), { type: 'Initial' }, format),
      ...new Uint8Array(64),
    ])
    expect(code(() => decodeEvent(initial, format))).toBe('LimitExceeded')
    expect(code(() => decodeMessage(encodeMessage([initial, initial]), format))).toBe('LimitExceeded')
  })

  test('malice inside malice without end', () => {
    const nested = (depth: number): Malice =>
      depth === 0 ? { type: 'Unprovable' } : { type: 'Accomplice', event: idOf('e'), malice: nested(depth - 1) }
    const encoded = (depth: number): Uint8Array =>
      encodeObservation({ type: 'Accusation', offender: idOf('Eve'), malice: nested(depth) }, DEFAULT_FORMAT)
    expect(code(() => decodeObservation(encoded(8), DEFAULT_FORMAT))).toBe('none')
    expect(code(() => decodeObservation(encoded(9), DEFAULT_FORMAT))).toBe('LimitExceeded')
  })
})

/** WITAN_MUTATIONS=1000000 for the long run. */
const MUTATIONS = Number(process.env['WITAN_MUTATIONS'] ?? 3000)
const patience = { timeout: 60_000 + 5 * MUTATIONS }

test('mutated messages are refused or taken, and an engine that refused one is as it was, parsec §8', patience, () => {
  const network = new Network(['Alice', 'Bob'], { mode: 'single' })
  const [alice, bob] = [network.start('Alice'), network.start('Bob')]
  for (let i = 0; i < 4; i += 1) network.vote(alice, opaque(`payload ${i}`))
  const [request] = network.ask(alice, bob).effects
  const message = request?.bytes ?? new Uint8Array(0)
  const mutation = fc.record({ place: fc.nat(message.length - 1), byte: fc.nat(255), cut: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      let mutated = message.slice()
      for (const { place, byte, cut } of mutations) {
        mutated[place % mutated.length] = byte
        if (cut === 0) mutated = mutated.slice(0, Math.max(1, place))
      }
      const fresh = Parsec.fromFacts(network.group(), signerOf('Bob'), bob.facts)
      const before = fresh.eventCount
      const step = fresh.handleRequest(idOf('Alice'), mutated)
      const accepted = step.facts.filter(({ type }) => type === 'GossipEventAccepted').length
      expect(fresh.eventCount).toBe(before + accepted)
      const { error, facts, effects } = step
      expect(error === undefined || effects.length === 0).toBe(true)
      expect(error?.code !== 'InvalidMessage' || facts.length === 0).toBe(true)
    }),
    { numRuns: MUTATIONS },
  )
  expect(message.length).toBeGreaterThan(1000)
})
