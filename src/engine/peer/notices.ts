/**
 * @module engine/peer/notices
 *
 * The subjects behind a peer's observables. They never error; failures are a status; all complete on close.
 */

import { BehaviorSubject, type Observable, Subject } from 'rxjs'
import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { GossipEventAccepted, Malice, ParsecFault } from '../../core/parsec/index.ts'
import type { NoticeQueue } from '../notices.ts'
import type { AgreedBlock, PayloadBlock } from './blocks.ts'
import type { ProvenCheckpoint } from './checkpoints.ts'
import type { FollowStatus } from './follow/following.ts'

export type PeerPhase = 'recovering' | 'joining' | 'following' | 'member' | 'leaving' | 'removed' | 'fenced' | 'stopped'

export interface Status {
  readonly state: PeerPhase
  readonly voters: number
  /** Blocks in the agreed order, as far as we know. */
  readonly blocks: number
  /** Of a peer that started from a checkpoint, also once it is a member: what it lacks of the past, and how it gets on. */
  readonly follows?: FollowStatus
  /** Why it is fenced, or stopped without being asked. */
  readonly error?: Error
}

/** A peer's misbehaviour, as we saw it. */
export interface Evidence {
  /** Hex id of the peer. */
  readonly peer: string
  readonly error: Error
  /** What proves it to a third party: bytes for `witan verify`. */
  readonly proof?: Bytes
  /** Of an offence in the group (parsec §9): which. `proof` is for `verifyEvidence`. */
  readonly kind?: Malice['type']
}

export interface GossipNotice {
  /** Hex of the event's hash. */
  readonly hash: string
  readonly bytes: Bytes
}

export class Notices<Payload> {
  readonly #queue: NoticeQueue
  readonly #blocks = new Subject<PayloadBlock<Payload>>()
  readonly #allBlocks = new Subject<AgreedBlock>()
  readonly #evidence = new Subject<Evidence>()
  readonly #checkpoints = new Subject<ProvenCheckpoint>()
  readonly #gossip = new Subject<GossipNotice>()
  readonly #status = new BehaviorSubject<Status>({ state: 'recovering', voters: 0, blocks: 0 })
  readonly blocks$: Observable<PayloadBlock<Payload>> = this.#blocks.asObservable()
  readonly allBlocks$: Observable<AgreedBlock> = this.#allBlocks.asObservable()
  readonly evidence$: Observable<Evidence> = this.#evidence.asObservable()
  readonly checkpoints$: Observable<ProvenCheckpoint> = this.#checkpoints.asObservable()
  readonly gossip$: Observable<GossipNotice> = this.#gossip.asObservable()
  readonly status$: Observable<Status> = this.#status.asObservable()

  constructor(queue: NoticeQueue) {
    this.#queue = queue
  }

  get status(): Status {
    return this.#status.value
  }

  setStatus(status: Status): void {
    this.#queue.publish(() => this.#status.next(Object.freeze(status)))
  }

  block(block: AgreedBlock): void {
    this.#queue.publish(() => this.#allBlocks.next(block))
  }

  payload(block: PayloadBlock<Payload>): void {
    this.#queue.publish(() => this.#blocks.next(block))
  }

  evidence(evidence: Evidence): void {
    this.#queue.publish(() => this.#evidence.next(evidence))
  }

  fault({ peer, error, evidence }: ParsecFault): void {
    this.evidence({
      peer: toHex(peer),
      error,
      ...(error.data.code === 'Malice' ? { kind: error.data.kind } : {}),
      ...(evidence === undefined ? {} : { proof: evidence }),
    })
  }

  checkpoint(checkpoint: ProvenCheckpoint): void {
    this.#queue.publish(() => this.#checkpoints.next(checkpoint))
  }

  gossip({ hash, bytes }: GossipEventAccepted): void {
    if (!this.#gossip.observed) return
    this.#queue.publish(() => this.#gossip.next({ hash: toHex(hash), bytes }))
  }

  close(): void {
    this.#queue.publish(() => {
      this.#blocks.complete()
      this.#allBlocks.complete()
      this.#evidence.complete()
      this.#checkpoints.complete()
      this.#gossip.complete()
      this.#status.complete()
    })
  }
}
