import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  bytesGroup,
  CanonicalWriter,
  decodeMessage,
  decodeParameters,
  encodeMessage,
  encodeObservation,
  Group,
  type ModeRule,
  Parsec,
} from '../../../src/core/parsec/index.ts'
import { ed25519Signer } from '../../../src/crypto/index.ts'
import { DEFAULT_FORMAT } from '../../../src/wire/canonical/index.ts'
import { idOf, label, Network, opaque, sha3, signerOf } from '../../support/parsec/network.ts'

/** Ids as in the reference's own tests: a name, and two keys that are the hash of the name. */
const namedId = (name: string): Uint8Array =>
  new CanonicalWriter()
    .byteString(utf8(name))
    .fixed(sha3(utf8(name)))
    .fixed(sha3(utf8(name)))
    .finish()

describe('hashes of observations, parsec §2 and §11', () => {
  test('are those of the specification', () => {
    const payload = encodeObservation(opaque('0'), DEFAULT_FORMAT)
    expect(toHex(sha3(payload))).toBe('c93ff2cda7e9dd6a49b12c4fccdbaa0fe1b25b1e92421f288b06bfe53122be0f')
    // There in the order of names, which is not that of these encoded ids; so written by hand.
    const genesis = new CanonicalWriter().u32(0).u64(4)
    for (const name of ['Alice', 'Bob', 'Carol', 'Dave']) genesis.fixed(namedId(name))
    const hash = toHex(sha3(genesis.byteString(utf8('')).finish()))
    expect(hash).toBe('181acff73711013c5df11e21c5edd964e180a3e02896ba627983aebc0651e1dd')
  })

  test('the hash given for speed may be another implementation', () => {
    const members = [idOf('Alice')]
    expect(bytesGroup({ members }).id).toEqual(bytesGroup({ members, hash: sha3 }).id)
  })
})

describe('group parameters, parsec §1', () => {
  test('stand in the related info of Genesis, and make the id of the group', () => {
    const one = bytesGroup({ members: [idOf('Alice')], mode: 'single', relatedInfo: utf8('app') })
    expect(decodeParameters(one.genesis.relatedInfo)).toMatchObject({
      mode: 'single',
      coin: 'round-parity',
      checkpointInterval: 0,
      detectsMalice: true,
      application: utf8('app'),
    })
    const other = bytesGroup({ members: [idOf('Alice')], mode: 'supermajority', relatedInfo: utf8('app') })
    expect(toHex(one.id)).not.toBe(toHex(other.id))
    expect(() => decodeParameters(one.genesis.relatedInfo.subarray(1))).toThrow('not a canonical encoding')
  })

  test('the order of members makes no difference', () => {
    const ids = ['Alice', 'Bob'].map(idOf)
    expect(bytesGroup({ members: ids }).id).toEqual(bytesGroup({ members: [...ids].reverse() }).id)
  })

  test('in compatibility mode the related info is what the application gave', () => {
    const group = bytesGroup({ members: [idOf('Alice')], compatibility: 'parsec-0.7', relatedInfo: utf8('app') })
    expect(group.genesis.relatedInfo).toEqual(utf8('app'))
  })
})

describe('mode as a function of the payload, parsec §2', () => {
  const rule: ModeRule<Uint8Array> = {
    name: 'by first letter',
    modeOf: (payload) => (payload[0] === 's'.charCodeAt(0) ? 'single' : 'supermajority'),
  }

  test('orders single votes and collective decisions side by side', () => {
    const network = new Network(['Alice', 'Bob', 'Carol'], { mode: rule })
    const peers = ['Alice', 'Bob', 'Carol'].map((name) => network.start(name))
    const [alice, bob] = peers as [(typeof peers)[0], (typeof peers)[0]]
    for (const peer of [alice, bob]) network.vote(peer, opaque('single'))
    for (const peer of peers) network.vote(peer, opaque('together'))
    network.vote(alice, opaque('nobody else'))
    network.settle(peers, 5)
    const labels = alice.blocks.map(label)
    expect(labels.filter((text) => text.startsWith('single by'))).toHaveLength(2)
    expect(labels).toContain('together')
    expect(labels.some((text) => text.startsWith('nobody'))).toBe(false)
    expect(alice.parsec.hasUnpolledObservations()).toBe(false)
    expect(alice.parsec.haveVotedFor(opaque('single'))).toBe(true)
    expect(bob.parsec.haveVotedFor(opaque('nobody else'))).toBe(false)
    expect(network.vote(alice, opaque('single')).error?.code).toBe('DuplicateVote')
  })

  test('payloads may be any type with a canonical encoding', () => {
    const group = new Group<number>(
      { members: [idOf('Alice')], hash: sha3 },
      { encode: (value) => new Uint8Array([value]), read: (reader) => reader.u8() },
    )
    const { parsec } = Parsec.fromGenesis(group, signerOf('Alice'))
    parsec.voteFor({ type: 'OpaquePayload', payload: 42 })
    expect([parsec.poll(), parsec.poll()].map((block) => block?.payload)).toMatchObject([
      { type: 'Genesis' },
      { type: 'OpaquePayload', payload: 42 },
    ])
  })
})

function refuse(): never {
  throw new Error('checked one by one')
}

describe('what signatures cover, parsec §2 and §3', () => {
  const signers = [1, 2, 3].map((byte) => ed25519Signer(new Uint8Array(32).fill(byte)))
  const [alice, bob] = signers as [(typeof signers)[0], (typeof signers)[0]]
  const group = (related: string, compatibility: 'none' | 'parsec-0.7') =>
    bytesGroup({ members: signers.map(({ identity }) => identity), relatedInfo: utf8(related), compatibility })
  const request = (related: string, compatibility: 'none' | 'parsec-0.7'): Uint8Array => {
    const { parsec } = Parsec.fromGenesis(group(related, compatibility), alice)
    parsec.voteFor(opaque('payload'))
    return present(parsec.createGossip(bob.identity).effects[0], 'a message').bytes
  }
  const handled = (related: string, compatibility: 'none' | 'parsec-0.7', message: Uint8Array) =>
    Parsec.fromGenesis(group(related, compatibility), bob).parsec.handleRequest(alice.identity, message)

  test('the group: events of one group are none of another', () => {
    expect(handled('one', 'none', request('one', 'none')).error).toBeUndefined()
    expect(handled('two', 'none', request('one', 'none')).error?.code).toBe('SignatureFailure')
    expect(handled('two', 'parsec-0.7', request('one', 'parsec-0.7')).error).toBeUndefined()
  })

  test('a vote inside a signed event: the reference does not look, by default it must verify', () => {
    for (const compatibility of ['none', 'parsec-0.7'] as const) {
      const of = group('one', compatibility)
      const events = decodeMessage(request('one', compatibility), of.format)
      const spoiled = events.map(({ bytes, content, vote }) => {
        if (vote === null || vote.observation.type === 'Genesis') return bytes
        const wrong = content.slice()
        wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
        return new Uint8Array([...wrong, ...alice.sign(of.eventMessage(wrong))])
      })
      const { parsec } = Parsec.fromGenesis(of, bob)
      const { error, facts } = parsec.handleGraph(alice.identity, encodeMessage(spoiled.slice(0, 3)))
      const found = error?.data.code === 'SignatureFailure' ? error.data.of : 'nothing'
      expect([found, facts.length]).toEqual(compatibility === 'none' ? ['vote', 2] : ['nothing', 3])
    }
  })

  test('signatures can be checked in bulk, and never again', async () => {
    const { parsec } = Parsec.fromGenesis(group('one', 'none'), { ...bob, scheme: { ...bob.scheme, verify: refuse } })
    const opened = parsec.open(request('one', 'none'))
    if (opened instanceof Error) throw opened
    expect(opened.requests).toHaveLength(6)
    opened.settle(await alice.scheme.verifyBatch(opened.requests))
    expect(parsec.handleRequest(alice.identity, opened).error).toBeUndefined()
  })
})
