/**
 * @module wire/canonical
 *
 * The canonical encoding of gossip (parsec §11), the layout of Rust's bincode 1 defaults: strict and bounded.
 */

export { CodecError } from './errors.ts'
export {
  decodeEvent,
  decodeMessage,
  decodeObservation,
  type EventView,
  encodeContent,
  encodeMessage,
} from './event.ts'
export {
  BYTES_PAYLOAD,
  type CanonicalFormat,
  DEFAULT_FORMAT,
  fixedIdentity,
  type IdentityFormat,
  type PayloadCodec,
} from './format.ts'
export { type CanonicalLimits, DEFAULT_LIMITS } from './limits.ts'
export { encodeObservation } from './observation.ts'
export { CanonicalReader } from './reader.ts'
export * from './types.ts'
export { CanonicalWriter } from './writer.ts'
