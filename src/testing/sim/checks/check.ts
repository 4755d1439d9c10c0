/**
 * @module testing/sim/checks/check
 *
 * What a check is: it watches one correct peer from outside, through all its lives, and trusts none of what it sees. Every
 * call may throw a `Violation`, which ends the run, not the peer.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { CanonicalFormat } from '../../../core/parsec/index.ts'
import type { AgreedBlock } from '../../../engine/peer/blocks.ts'
import type { Evidence } from '../../../engine/peer/notices.ts'
import type { PayloadFrame } from '../../../wire/payload.ts'
import type { SimCounts } from '../counts.ts'
import type { DurableAppend } from '../disk.ts'
import type { AgreedOrder } from './agreed-order.ts'

/** The peer that is watched. */
export interface Subject {
  readonly name: string
  readonly id: Bytes
  readonly format: CanonicalFormat<Bytes>
  /** The order of all correct peers of the run. */
  readonly order: AgreedOrder
  readonly counts: SimCounts
  /** Whether somebody plays against the rules under this id. */
  readonly isAdversary: (id: Bytes) => boolean
  /** This payload is ordered. `false`: nobody ever asked for it. */
  readonly ordered: (payload: PayloadFrame) => boolean
}

export interface Check {
  /** An append is durable: what is on the disk is the truth that the rest is held against. */
  appended?(append: DurableAppend): void
  /** A message leaves. */
  sent?(message: Bytes): void
  /** A life of the peer begins. */
  life?(): LifeCheck
  /** At the end of the run. `read` gives the whole history as the application reads it, each time from the beginning. */
  history?(read: () => AsyncIterable<AgreedBlock>): Promise<void>
}

/** What one life shows. */
export interface LifeCheck {
  /** Its log held so many blocks. */
  recovered?(blocks: number): void
  /** Its application sees a block. */
  shows?(block: AgreedBlock): void
  /** Its application sees a gossip event. */
  showsEvent?(bytes: Bytes): void
  /** Its application is told of a peer's misbehaviour. */
  showsEvidence?(evidence: Evidence): void
}
