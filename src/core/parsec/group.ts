/**
 * @module core/parsec/group
 *
 * What all peers of a group have in common, resolved from options: the genesis, the encodings, and what signatures and
 * hashes cover.
 */

import { sha3_256 } from '@noble/hashes/sha3.js'
import { type Bytes, concatBytes, EMPTY_BYTES, utf8 } from '../../base/bytes.ts'
import {
  BYTES_PAYLOAD,
  type CanonicalFormat,
  fixedIdentity,
  type IdentityFormat,
  type PayloadCodec,
} from '../../wire/canonical/format.ts'
import { type CanonicalLimits, DEFAULT_LIMITS } from '../../wire/canonical/limits.ts'
import { canonicalSet, encodeObservation } from '../../wire/canonical/observation.ts'
import type { Observation, PeerId } from '../../wire/canonical/types.ts'
import { type Coin, ROUND_PARITY } from './election/coin.ts'
import type { ConsensusMode } from './election/keys.ts'
import { encodeParameters } from './parameters.ts'
import type { Compatibility } from './rules.ts'

/** parsec §2, Stronger: the mode as a function of the payload, the same on every peer; its name is a group parameter. */
export interface ModeRule<Payload> {
  readonly name: string
  modeOf(payload: Payload): ConsensusMode
}

export interface GroupOptions<Payload> {
  /** Ids of the genesis members, in any order. */
  readonly members: readonly PeerId[]
  /** Mode of opaque payloads. Default: `supermajority`. */
  readonly mode?: ConsensusMode | ModeRule<Payload>
  /** Default: `none`, the rules marked Stronger. */
  readonly compatibility?: Compatibility
  /** Default: `ROUND_PARITY`. */
  readonly coin?: Coin
  /** Blocks between checkpoints; each change of voters is one besides. Default: 0, no others. */
  /** Offences are found, accused and lead to removal (parsec §9). Default: true; in `parsec-0.7` never. */
  readonly detectsMalice?: boolean
  /** Blocks between checkpoints. Default: 0, none. */
  readonly checkpointInterval?: number
  readonly limits?: CanonicalLimits
  /** The application's part of Genesis' related info. In `parsec-0.7` all of it. Default: empty. */
  readonly relatedInfo?: Bytes
  /** How ids are encoded. Default: 32 bytes. */
  readonly identity?: IdentityFormat
  /** Default: 64. */
  readonly signatureBytes?: number
  /** SHA3-256, where there is a faster one than the default. */
  readonly hash?: (bytes: Bytes) => Bytes
}

export class Group<Payload> {
  readonly members: readonly PeerId[]
  readonly compatibility: Compatibility
  readonly format: CanonicalFormat<Payload>
  readonly coin: Coin
  /** parsec §8: blocks between checkpoints; 0: only changes of voters are checkpoints. */
  readonly checkpointInterval: number
  readonly detectsMalice: boolean
  readonly genesis: Observation<Payload> & { readonly type: 'Genesis' }
  /** parsec §1: hash of the Genesis observation. */
  readonly id: Bytes
  readonly hash: (bytes: Bytes) => Bytes
  readonly #mode: ModeRule<Payload>
  readonly #eventDomain: Bytes
  readonly #voteDomain: Bytes

  constructor(options: GroupOptions<Payload>, payload: PayloadCodec<Payload>) {
    const {
      members,
      mode = 'supermajority',
      compatibility = 'none',
      coin = ROUND_PARITY,
      limits = DEFAULT_LIMITS,
    } = options
    this.members = canonicalSet(members)
    this.compatibility = compatibility
    this.coin = coin
    this.checkpointInterval = options.checkpointInterval ?? 0
    this.detectsMalice = compatibility === 'none' && (options.detectsMalice ?? true)
    this.#mode = typeof mode === 'string' ? { name: mode, modeOf: () => mode } : mode
    this.format = {
      identity: options.identity ?? fixedIdentity(32),
      signatureBytes: options.signatureBytes ?? 64,
      payload,
      limits,
    }
    const application = options.relatedInfo ?? EMPTY_BYTES
    const relatedInfo =
      compatibility === 'parsec-0.7'
        ? application
        : encodeParameters({
            mode: this.#mode.name,
            coin: coin.name,
            checkpointInterval: this.checkpointInterval,
            detectsMalice: this.detectsMalice,
            limits,
            application,
          })
    this.hash = options.hash ?? sha3_256
    this.genesis = { type: 'Genesis', group: this.members, relatedInfo }
    this.id = this.hash(encodeObservation(this.genesis, this.format))
    this.#eventDomain = concatBytes(utf8('witan/event/1'), this.id)
    this.#voteDomain = concatBytes(utf8('witan/vote/1'), this.id)
  }

  get isStronger(): boolean {
    return this.compatibility === 'none'
  }

  /** What an event's hash and signature cover: its encoded content; parsec §3, Stronger: domain and group before it. */
  eventMessage(content: Bytes): Bytes {
    return this.isStronger ? concatBytes(this.#eventDomain, content) : content
  }

  /** What a vote's signature covers. */
  voteMessage(observation: Bytes): Bytes {
    return this.isStronger ? concatBytes(this.#voteDomain, observation) : observation
  }

  /** parsec §2 */
  modeOf(observation: Observation<Payload>): ConsensusMode {
    if (observation.type === 'OpaquePayload') return this.#mode.modeOf(observation.payload)
    return observation.type === 'DkgMessage' ? 'single' : 'supermajority'
  }
}

/** A group whose payloads are bytes. */
export function bytesGroup(options: GroupOptions<Bytes>): Group<Bytes> {
  return new Group(options, BYTES_PAYLOAD)
}
