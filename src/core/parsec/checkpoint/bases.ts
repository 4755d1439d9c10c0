/**
 * @module core/parsec/checkpoint/bases
 *
 * What a peer gives to others that want to start from a checkpoint (parsec §8).
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import { decodeBase, encodeBase } from '../../../wire/checkpoint/base.ts'
import type { SharedSignature } from '../../../wire/checkpoint/shares.ts'
import type { State } from '../state.ts'
import { makeBase, vouchFor } from './make-base.ts'
import type { CheckpointTrust } from './verify.ts'

export class Bases<Payload> {
  readonly #state: State<Payload>
  readonly #signer: Signer

  constructor(state: State<Payload>, signer: Signer) {
    this.#state = state
    this.#signer = signer
  }

  /**
   * What others may start from at a proven checkpoint, with our own vouch if we vote from there on; null where it is not
   * proven, or a fork forbids it. A joiner gathers the vouches of others, until at least a third of the voters gave one.
   */
  at(position: number): Bytes | null {
    const checkpoint = this.#state.checkpoints.at(position)
    const base = checkpoint === undefined ? null : makeBase(this.#state, checkpoint)
    if (base === null) return null
    const signature = this.vouch(position, base.stubs)
    const signer = this.#state.peers.idOf(this.#state.self)
    return encodeBase({ ...base, vouches: signature === null ? [] : [{ signer, signature }] })
  }

  /** Our signature under the stubs of a base, if we vote from its checkpoint on and our graph says the same; else null. Throws a `CodecError`. */
  vouch(position: number, stubs: Bytes): Bytes | null {
    const checkpoint = this.#state.checkpoints.at(position)
    if (checkpoint === undefined || !checkpoint.nextVoters.has(this.#state.self)) return null
    const message = vouchFor(this.#state, checkpoint, stubs)
    return message === null ? null : this.#signer.sign(message)
  }
}

/** The same base with further vouches. Throws a `CodecError`. */
export function withVouches<P>(
  base: Bytes,
  vouches: readonly SharedSignature[],
  { group }: Pick<CheckpointTrust<P>, 'group'>,
): Bytes {
  const decoded = decodeBase(base, group.format)
  return encodeBase({ ...decoded, vouches: [...decoded.vouches, ...vouches] })
}

/** The stubs that voters are asked to vouch for. Throws a `CodecError`. */
export function stubsOfBase<P>(base: Bytes, { group }: Pick<CheckpointTrust<P>, 'group'>): Bytes {
  return decodeBase(base, group.format).stubs
}
