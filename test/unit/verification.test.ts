import { describe, expect, it } from 'vitest'
import { VerificationQueue } from '../../src/engine/verification.ts'
import type { SignatureScheme, Verdict, VerificationRequest } from '../../src/ports/signature-scheme.ts'

const byte = (value: number): Uint8Array => new Uint8Array([value])
/** Valid when the signature repeats the message. */
const verdictOf = ({ message, signature }: VerificationRequest): Verdict =>
  message[0] === signature[0] ? 'valid' : 'invalid'

function slowScheme(options: { readonly fails?: boolean } = {}) {
  const batches: { size: number; finish: () => void }[] = []
  const scheme: SignatureScheme = {
    name: 'test',
    identityLength: 1,
    signatureLength: 1,
    verify: (identity, message, signature) => verdictOf({ identity, message, signature }),
    verifyBatch: (requests) =>
      new Promise((resolve, reject) => {
        const finish = (): void =>
          options.fails === true ? reject(new Error('worker gone')) : resolve(requests.map(verdictOf))
        batches.push({ size: requests.length, finish })
      }),
  }
  return { scheme, batches }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const request = (message: number, signature = message): VerificationRequest => ({
  identity: byte(7),
  message: byte(message),
  signature: byte(signature),
})

describe('VerificationQueue', () => {
  it('carries commands out in order of arrival, each with its own verdicts, however long the checks take', async () => {
    const { scheme, batches } = slowScheme()
    const queue = new VerificationQueue(scheme)
    const seen: string[] = []
    const run = (requests: VerificationRequest[], name: string) =>
      queue.run(requests, (verdicts) => {
        seen.push(`${name}:${verdicts.join()}`)
        return name
      })
    const first = [run([request(1), request(2, 9)], 'a'), run([], 'b')]
    await turn()
    const second = [run([request(3)], 'c')]
    await turn()
    batches[1]?.finish()
    await turn()
    expect(seen).toEqual([])
    batches[0]?.finish()
    expect(await Promise.all([...first, ...second])).toEqual(['a', 'b', 'c'])
    expect(seen).toEqual(['a:valid,invalid', 'b:', 'c:valid'])
  })

  it('checks at most two batches of 256 commands at a time', async () => {
    const { scheme, batches } = slowScheme()
    const queue = new VerificationQueue(scheme)
    const done = Array.from({ length: 1_000 }, () => queue.run([request(1)], () => undefined))
    await turn()
    expect(batches.map(({ size }) => size)).toEqual([256, 256])
    for (let i = 0; i < 4; i += 1) {
      batches[i]?.finish()
      await turn()
    }
    await Promise.all(done)
    expect(batches.map(({ size }) => size)).toEqual([256, 256, 256, 232])
  })

  it('refuses the commands of a batch that could not be checked, and goes on', async () => {
    const { scheme, batches } = slowScheme({ fails: true })
    const queue = new VerificationQueue(scheme)
    const refused = queue.run([request(1)], () => 'never')
    await turn()
    batches[0]?.finish()
    await expect(refused).rejects.toThrow('worker gone')
    expect(await queue.run([], () => 'next')).toBe('next')
    await expect(
      queue.run([], () => {
        throw new RangeError('its own')
      }),
    ).rejects.toThrow('its own')
  })
})
