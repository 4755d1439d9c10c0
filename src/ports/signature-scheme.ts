/**
 * @module ports/signature-scheme
 *
 * Signing and verifying. All peers of a group agree on one scheme.
 */

/**
 * `valid`; `invalid` for well-formed input whose signature does not verify; `malformed` for input that cannot be a
 * signature or identity of this scheme at all (ballots §2).
 */
export type Verdict = 'valid' | 'invalid' | 'malformed'

export interface VerificationRequest {
  readonly identity: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface SignatureScheme {
  /** Stable name, as written into logs and group parameters. */
  readonly name: string
  readonly identityLength: number
  readonly signatureLength: number
  verify(identity: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict
  /** The same verdicts, in order; may use other cores. */
  verifyBatch(requests: readonly VerificationRequest[]): Promise<readonly Verdict[]>
}

/** A key that can sign. `sign` is deterministic: one message, one signature. */
export interface Signer {
  readonly scheme: SignatureScheme
  readonly identity: Uint8Array
  sign(message: Uint8Array): Uint8Array
}
