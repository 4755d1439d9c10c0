import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../src/base/text.ts'
import { PublicKeyCache } from '../../../src/crypto/ed25519/keys.ts'
import { CryptoError, Ed25519Scheme, ed25519, ed25519Signer, generateEd25519Seed } from '../../../src/crypto/index.ts'
import { RecentVerdicts } from '../../../src/crypto/recent-verdicts.ts'
import { SeededRandom } from '../../../src/testing/index.ts'

const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('ed25519 (ballots §2)', () => {
  // RFC 8032 §7.1, tests 1 to 3.
  it.each([
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('signs and verifies RFC 8032 vector %#', (seed, identity, message, signature) => {
    const signer = ed25519Signer(fromHex(seed))
    expect(toHex(signer.identity)).toBe(identity)
    expect(toHex(signer.sign(fromHex(message)))).toBe(signature)
    expect(ed25519.verify(signer.identity, fromHex(message), fromHex(signature))).toBe('valid')
  })

  const random = new SeededRandom('ed25519')
  const signer = ed25519Signer(generateEd25519Seed(random))
  const message = random.bytes(100)
  const signature = signer.sign(message)
  const cases = [
    { identity: signer.identity, message, signature },
    { identity: signer.identity, message, signature: flipped(signature, 5) },
    { identity: signer.identity, message, signature: flipped(signature, 63) },
    { identity: signer.identity, message: flipped(message, 0), signature },
    { identity: random.bytes(32), message, signature },
    { identity: signer.identity.slice(1), message, signature },
    { identity: signer.identity, message, signature: signature.slice(1) },
  ]
  const verdicts = ['valid', 'invalid', 'invalid', 'invalid', 'invalid', 'malformed', 'malformed']

  it('says what is invalid and what is malformed, one by one and in batches', async () => {
    expect(cases.map((c) => ed25519.verify(c.identity, c.message, c.signature))).toEqual(verdicts)
    expect(await ed25519.verifyBatch(cases)).toEqual(verdicts)
    expect(await ed25519.verifyBatch(cases.slice(0, 2))).toEqual(verdicts.slice(0, 2))
  })

  it.each([1, 4, 100])(
    'verifies what was asked for before but once, and nothing else (batches from %i on)',
    async (minBatch) => {
      for (const maxVerdicts of [1, 1_000]) {
        const scheme = new Ed25519Scheme({ minBatch, maxVerdicts })
        const copies = cases.map((c) => ({ ...c, message: c.message.slice() }))
        const batches = await Promise.all(
          [cases, copies, [...cases].reverse()].map((batch) => scheme.verifyBatch(batch)),
        )
        expect(batches).toEqual([verdicts, verdicts, [...verdicts].reverse()])
        expect(await scheme.verifyBatch(cases)).toEqual(verdicts)
      }
    },
  )

  it('keeps the newest verdicts, no more than twice as many, and none that failed', async () => {
    const recent = new RecentVerdicts(2)
    const asked: number[] = []
    let fails = false
    const verdictOn = (length: number) =>
      recent.of({ identity: signer.identity, message: new Uint8Array(length), signature }, () => {
        asked.push(length)
        return fails ? Promise.reject(new Error('no thread')) : Promise.resolve('valid')
      })
    for (const one of [1, 1, 2, 1, 3, 3, 2, 4, 3, 4]) await verdictOn(one)
    expect(asked).toEqual([1, 2, 3, 4])
    // A third pair: the first is gone, the second is not.
    for (const one of [5, 3, 4, 5, 1]) await verdictOn(one)
    expect(asked).toEqual([1, 2, 3, 4, 5, 1])
    fails = true
    await expect(verdictOn(6)).rejects.toThrow('no thread')
    fails = false
    expect(await verdictOn(6)).toBe('valid')
  })

  it.each([0, 31, 33])('refuses a seed of %i bytes', (length) => {
    expect(() => ed25519Signer(new Uint8Array(length))).toThrow(CryptoError)
  })

  it('keeps the keys used last', () => {
    const cache = new PublicKeyCache(2)
    const [a, b, c] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)] as const
    const first = cache.get(a)
    cache.get(b)
    expect(cache.get(a)).toBe(first)
    cache.get(c)
    expect(cache.size).toBe(2)
    expect(cache.get(a)).toBe(first)
  })
})
