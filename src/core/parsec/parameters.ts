/**
 * @module core/parsec/parameters
 *
 * Group parameters (parsec §1, Stronger): whatever must be equal on all peers, in the related info of Genesis,
 * canonically encoded with a version. Peers never choose these one by one.
 */

import { type Bytes, fromUtf8, utf8 } from '../../base/bytes.ts'
import { CodecError } from '../../wire/canonical/errors.ts'
import type { CanonicalLimits } from '../../wire/canonical/limits.ts'
import { CanonicalReader } from '../../wire/canonical/reader.ts'
import { CanonicalWriter } from '../../wire/canonical/writer.ts'

export const PARAMETERS_VERSION = 1

export interface GroupParameters {
  /** Name of the rule that gives the mode of an opaque payload. */
  readonly mode: string
  readonly coin: 'round-parity' | 'threshold'
  /** Blocks between checkpoints (parsec §8); 0: only changes of voters are checkpoints. */
  readonly checkpointInterval: number
  /** Offences are found and accused (parsec §9). Equal on all peers, since silence about an offence is one. */
  readonly detectsMalice: boolean
  readonly limits: CanonicalLimits
  /** The application's own part of the related info. */
  readonly application: Bytes
}

const COINS = ['round-parity', 'threshold'] as const
const MAX_NAME_BYTES = 64

export function encodeParameters(parameters: GroupParameters): Bytes {
  const { limits } = parameters
  return new CanonicalWriter()
    .u32(PARAMETERS_VERSION)
    .byteString(utf8(parameters.mode))
    .u32(COINS.indexOf(parameters.coin))
    .u64(parameters.checkpointInterval)
    .bool(parameters.detectsMalice)
    .u64(limits.maxEventBytes)
    .u64(limits.maxPayloadBytes)
    .u64(limits.maxSetItems)
    .u64(limits.maxMessageBytes)
    .byteString(parameters.application)
    .finish()
}

/** Throws a `CodecError`. */
export function decodeParameters(bytes: Bytes): GroupParameters {
  const reader = new CanonicalReader(bytes)
  const version = reader.u32()
  if (version !== PARAMETERS_VERSION) return reader.unknownTag('version of group parameters', version)
  const mode = text(reader)
  const coinTag = reader.u32()
  const coin = COINS[coinTag] ?? reader.unknownTag('coin', coinTag)
  const checkpointInterval = reader.u64()
  const detectsMalice = reader.bool()
  const limits = {
    maxEventBytes: reader.u64(),
    maxPayloadBytes: reader.u64(),
    maxSetItems: reader.u64(),
    maxMessageBytes: reader.u64(),
  }
  const application = reader.byteString(bytes.length, 'application').slice()
  reader.finish()
  return { mode, coin, checkpointInterval, detectsMalice, limits, application }
}

function text(reader: CanonicalReader): string {
  const { offset } = reader
  const bytes = reader.byteString(MAX_NAME_BYTES, 'name')
  try {
    return fromUtf8(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CodecError({ code: 'InvalidValue', offset, what: 'UTF-8' })
  }
}
