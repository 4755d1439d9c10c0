/**
 * @module testing/conformance/ballots/signatures
 *
 * `signatures.json`: the scheme `ethereum` (ballots §2).
 */

import { fromHex, toHex } from '../../../base/text.ts'
import { ethereum, ethereumSigner } from '../../../crypto/index.ts'
import { Comparison, type Runner } from '../verdict.ts'
import { attempt } from './format.ts'

interface Signatures {
  readonly keys: readonly { privateKey: string; identity: string }[]
  readonly badKeys: readonly { privateKey: string }[]
  readonly signing: readonly { privateKey: string; identity: string; message: string; signature: string }[]
  readonly verifying: readonly {
    name: string
    identity: string
    message: string
    signature: string
    result: boolean | 'error'
  }[]
}

const RESULT_OF = { valid: true, invalid: false, malformed: 'error' } as const

export const signaturesRunner: Runner = {
  kind: 'ballot signatures',
  recognizes: (json) => Array.isArray(json['verifying']) && Array.isArray(json['badKeys']),
  async run(json) {
    const { keys, badKeys, signing, verifying } = json as object as Signatures
    const comparison = new Comparison()
    for (const { privateKey, identity } of keys) {
      comparison.expect(`identity ${identity}`, toHex(ethereumSigner(fromHex(privateKey)).identity), identity)
    }
    for (const { privateKey } of badKeys) {
      const answer = await attempt(() => ethereumSigner(fromHex(privateKey)))
      comparison.expect(`bad key of ${privateKey.length / 2} bytes`, answer, { error: 'InvalidPrivateKey' })
    }
    for (const { privateKey, message, signature } of signing) {
      const signed = ethereumSigner(fromHex(privateKey)).sign(fromHex(message))
      comparison.expect(`signature of ${message}`, toHex(signed), signature)
    }
    const requests = verifying.map(({ identity, message, signature }) => ({
      identity: fromHex(identity),
      message: fromHex(message),
      signature: fromHex(signature),
    }))
    const together = await ethereum.verifyBatch(requests)
    for (const [i, { name, result }] of verifying.entries()) {
      const { identity, message, signature } = requests[i] ?? {
        identity: fromHex(''),
        message: fromHex(''),
        signature: fromHex(''),
      }
      comparison.expect(`verifying ${i}, ${name}`, RESULT_OF[ethereum.verify(identity, message, signature)], result)
      comparison.expect(`verifying ${i}, ${name}, in a batch`, RESULT_OF[together[i] ?? 'malformed'], result)
    }
    return comparison.verdict()
  },
}
