/**
 * @module crypto/ethereum/verify
 *
 * Ethereum's personal messages (EIP-191) on one core: hash, address, sign, verify (ballots §2). The workers of the pool
 * run this same code.
 */

import { utf8 } from '../../base/bytes.ts'
import type { Verdict } from '../../ports/signature-scheme.ts'
import { keccak256 } from './keccak.ts'
import type { Curve } from './secp256k1.ts'

export const IDENTITY_LENGTH = 20
export const SIGNATURE_LENGTH = 65

const PREFIX = utf8('\u0019Ethereum Signed Message:\n')

export function hashPersonalMessage(message: Uint8Array): Uint8Array {
  const length = String(message.length)
  const framed = new Uint8Array(PREFIX.length + length.length + message.length)
  framed.set(PREFIX)
  for (let i = 0; i < length.length; i += 1) framed[PREFIX.length + i] = length.charCodeAt(i)
  framed.set(message, PREFIX.length + length.length)
  return keccak256(framed)
}

/** The last 20 bytes of the hash of the public key's x and y. */
export function addressOf(publicKey: Uint8Array): Uint8Array {
  return keccak256(publicKey).slice(12)
}

/** 0, 1, 27, 28 or from 35 on (EIP-155; odd is parity 0); `undefined` for another v. */
function parityOf(v: number): number | undefined {
  if (v === 0 || v === 27) return 0
  if (v === 1 || v === 28) return 1
  return v >= 35 ? 1 - (v % 2) : undefined
}

export function hasLengths(identity: Uint8Array, signature: Uint8Array): boolean {
  return identity.length === IDENTITY_LENGTH && signature.length === SIGNATURE_LENGTH
}

/**
 * A high s is accepted as it is: (r, n - s) with the other parity recovers the same key, so nothing needs turning round.
 */
export function verifyPersonal(
  curve: Curve,
  identity: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Verdict {
  if (!hasLengths(identity, signature)) return 'malformed'
  const parity = parityOf(signature[64] as number)
  if (parity === undefined) return 'malformed'
  const publicKey = curve.recover(hashPersonalMessage(message), signature.subarray(0, 64), parity)
  if (publicKey === undefined) return 'malformed'
  const address = keccak256(publicKey)
  for (let i = 0; i < IDENTITY_LENGTH; i += 1) if (address[12 + i] !== identity[i]) return 'invalid'
  return 'valid'
}

export function signPersonal(curve: Curve, privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  const { compact, recovery } = curve.sign(hashPersonalMessage(message), privateKey)
  const signature = new Uint8Array(SIGNATURE_LENGTH)
  signature.set(compact)
  signature[64] = 27 + recovery
  return signature
}
