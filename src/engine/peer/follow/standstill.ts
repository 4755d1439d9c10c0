/**
 * @module engine/peer/follow/standstill
 *
 * Whether a peer that started from a checkpoint stands still (parsec §8): those whose word counts send what stands on events for which it has no
 * stub, so that it must refuse it, and no block comes. What fewer than a third of them send may be made up. Or it makes events, and most others may lack
 * what it has stubs for, so that it can tell them nothing.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { isAtLeastThird, ParsecError, type ParsecErrorCode, type ParsecStep } from '../../../core/parsec/index.ts'

/** The parts of a step that tell. */
export type Received = Pick<ParsecStep<Bytes>, 'facts' | 'blocks' | 'error'>

export class Standstill {
  readonly #afterMs: number
  #cutOffAtMs: number | undefined
  #refused: { readonly code: ParsecErrorCode; readonly atMs: number; readonly senders: Set<string> } | undefined

  /** So long without a block. */
  constructor(afterMs: number) {
    this.#afterMs = afterMs
  }

  /** Something was refused since the last block, or it is cut off. */
  get isSuspected(): boolean {
    return this.#refused !== undefined || this.#cutOffAtMs !== undefined
  }

  /** Whether it is cut off now (`Parsec.bases`). */
  noteReach(isCutOff: boolean, nowMs: number): void {
    this.#cutOffAtMs = isCutOff ? (this.#cutOffAtMs ?? nowMs) : undefined
  }

  /** What became of a message. `peers`: those whose word counts. */
  note(from: Bytes, { blocks, error }: Received, peers: readonly Bytes[], nowMs: number): void {
    if (blocks.length > 0) this.#refused = undefined
    const code = error instanceof ParsecError ? error.code : undefined
    if (code !== 'UnknownSelfParent' && code !== 'UnknownOtherParent') return
    if (!peers.some((peer) => equalBytes(peer, from))) return
    this.#refused ??= { code, atMs: nowMs, senders: new Set() }
    this.#refused.senders.add(toHex(from))
  }

  clear(): void {
    this.#refused = undefined
    this.#cutOffAtMs = undefined
  }

  /** Why; `undefined` where it does not, or not for long enough, or on the word of too few of these peers. */
  reason(peers: readonly Bytes[], nowMs: number): ParsecErrorCode | undefined {
    if (this.#cutOffAtMs !== undefined && nowMs >= this.#cutOffAtMs + this.#afterMs) return 'PrematureGossip'
    const refused = this.#refused
    if (refused === undefined || nowMs < refused.atMs + this.#afterMs) return undefined
    const senders = peers.filter((peer) => refused.senders.has(toHex(peer)))
    return isAtLeastThird(senders.length, peers.length) ? refused.code : undefined
  }
}
