/**
 * @module wire/canonical/limits
 *
 * Bounds of what peers may send (parsec §11). They are parameters of the group, the same for all its peers: an event
 * that one takes and another refuses would separate them.
 */

export interface CanonicalLimits {
  /** One event with its signature, in bytes. */
  readonly maxEventBytes: number
  /** The application's value inside an OpaquePayload, in bytes. */
  readonly maxPayloadBytes: number
  /** Ids in one set: a genesis group, the participants of a key generation. */
  readonly maxSetItems: number
  /** One message, in bytes. */
  readonly maxMessageBytes: number
}

export const DEFAULT_LIMITS: CanonicalLimits = {
  maxEventBytes: 256 * 1024,
  maxPayloadBytes: 64 * 1024,
  maxSetItems: 1000,
  maxMessageBytes: 8 * 1024 * 1024,
}
