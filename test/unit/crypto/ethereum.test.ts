import { afterAll, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../src/base/text.ts'
import { WorkerPool } from '../../../src/crypto/ethereum/pool.ts'
import { CURVE, type Curve, nobleCurve } from '../../../src/crypto/ethereum/secp256k1.ts'
import { addressOf, signPersonal, verifyPersonal } from '../../../src/crypto/ethereum/verify.ts'
import { CryptoError, EthereumScheme, ethereumSigner, generateEthereumKey } from '../../../src/crypto/index.ts'
import type { Verdict } from '../../../src/ports/signature-scheme.ts'
import { SeededRandom } from '../../../src/testing/index.ts'
import { readVectors } from '../../support/vectors.ts'

interface Recorded {
  readonly keys: readonly { privateKey: string; identity: string }[]
  readonly badKeys: readonly { privateKey: string }[]
  readonly signing: readonly { privateKey: string; message: string; signature: string }[]
  readonly verifying: readonly {
    identity: string
    message: string
    signature: string
    result: boolean | 'error'
  }[]
}

const recorded = readVectors('ballots/signatures') as Recorded
const verdict = (result: boolean | 'error') => (result === 'error' ? 'malformed' : result ? 'valid' : 'invalid')
const requests = recorded.verifying.map(({ identity, message, signature }) => ({
  identity: fromHex(identity),
  message: fromHex(message),
  signature: fromHex(signature),
}))
const expected = recorded.verifying.map(({ result }) => verdict(result))

const curves: [string, Curve][] = [
  ['native', CURVE],
  ['noble', nobleCurve],
]

describe.each(curves)('ethereum on the %s curve (ballots §2)', (name, curve) => {
  it('is the backend it says it is', () => {
    expect(curve.backend).toBe(name)
  })

  it('derives the recorded identities and refuses bad keys', () => {
    for (const { privateKey, identity } of recorded.keys) {
      expect(toHex(addressOf(curve.publicKey(fromHex(privateKey))))).toBe(identity)
    }
    for (const { privateKey } of recorded.badKeys) expect(curve.isPrivateKey(fromHex(privateKey))).toBe(false)
  })

  it('signs byte for byte as recorded', () => {
    for (const { privateKey, message, signature } of recorded.signing) {
      expect(toHex(signPersonal(curve, fromHex(privateKey), fromHex(message)))).toBe(signature)
    }
  })

  it('verifies as recorded', () => {
    expect(requests.map((r) => verifyPersonal(curve, r.identity, r.message, r.signature))).toEqual(expected)
  })
})

describe('the scheme', () => {
  const scheme = new EthereumScheme({ workers: 2 })
  afterAll(() => scheme.close())

  it('gives the same verdicts in batches, in order, on other threads', async () => {
    expect(await scheme.verifyBatch([...requests, ...requests])).toEqual([...expected, ...expected])
    expect(await scheme.verifyBatch(requests.slice(0, 3))).toEqual(expected.slice(0, 3))
    expect(await scheme.verifyBatch([])).toEqual([])
  })

  it('answers batches that overlap with its closing, and starts again', async () => {
    const batches = [scheme.verifyBatch(requests), scheme.verifyBatch(requests)]
    await scheme.close()
    for (const verdicts of await Promise.all(batches)) expect(verdicts).toEqual(expected)
    expect(await scheme.verifyBatch(requests)).toEqual(expected)
  })

  it('has its work done elsewhere', async () => {
    const random = new SeededRandom('elsewhere')
    const signer = ethereumSigner(generateEthereumKey(random))
    const signed = Array.from({ length: 100 }, () => random.bytes(40)).map((message) => ({
      identity: signer.identity,
      message,
      signature: signer.sign(message),
    }))
    // Says of what it is given that it was here; the thread says the truth, once it has started.
    const pool = new WorkerPool({ workers: 1, verifyOne: () => 'invalid' })
    const seen = new Set<Verdict>()
    while (!seen.has('valid')) for (const verdict of await pool.verify(signed)) seen.add(verdict)
    await pool.close()
    expect(seen).toContain('valid')
  })

  it('needs no other thread', async () => {
    expect(await new EthereumScheme({ workers: 0 }).verifyBatch(requests)).toEqual(expected)
  })

  it('refuses bad keys with their length only', () => {
    for (const { privateKey } of recorded.badKeys) {
      expect(() => ethereumSigner(fromHex(privateKey))).toThrow(CryptoError)
    }
  })

  it('draws keys that sign for their identity', () => {
    const random = new SeededRandom('keys')
    const signer = ethereumSigner(generateEthereumKey(random))
    const message = random.bytes(50)
    expect(signer.scheme.verify(signer.identity, message, signer.sign(message))).toBe('valid')
    expect(signer.sign(message)).toEqual(signer.sign(message))
  })
})
