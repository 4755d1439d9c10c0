/**
 * @module engine/peer/ballots/peer-ballots
 *
 * The ballots of a peer of a group: one assembly for both policies and both finalities, on the peer's own log and key, and
 * the order that its blocks bring (ballots §8.4).
 */

import { type Observable, Subject } from 'rxjs'
import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import type { Observation, Parsec } from '../../../core/parsec/index.ts'
import type { EventLog, LogError } from '../../../ports/event-log.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import { assemble } from '../../ballots/assembly.ts'
import { ConsensusService } from '../../ballots/consensus-service.ts'
import { withDefaults } from '../../ballots/options.ts'
import type { NoticeQueue } from '../../notices.ts'
import type { History } from '../history.ts'
import type { Evidence } from '../notices.ts'
import type { PeerSettings } from '../options.ts'
import type { PublishedStep } from '../peer-engine.ts'
import type { Replayed } from '../store.ts'
import { OrderCertificates } from './order-certificates.ts'
import { OrderedBallots } from './ordered-ballots.ts'
import { SessionRecords } from './session-records.ts'
import { type BallotMessageKind, BallotSpreader } from './spreader.ts'

/** A quorum is seen in gossip, and not in the order yet: a Close could still come first (ballots §8.4). */
export interface Provisional {
  readonly scope: string
  readonly proposalId: string
  readonly decision: boolean
}

export interface PeerBallotOptions {
  readonly identity: Signer
  readonly log: EventLog
  readonly history: History
  readonly queue: NoticeQueue
  readonly evidence: (evidence: Evidence) => void
  /** Somebody else writes one of our streams: this identity runs twice. */
  readonly fenced: (error: LogError) => void
  readonly post: (to: Bytes, kind: BallotMessageKind, body: Bytes) => void
  /** Core, as far as it has run; `undefined` while it does not. */
  readonly parsec: () => Parsec | undefined
  /** How many blocks came before those that we have as a member; also while core is rebuilt. */
  readonly memberSince: () => number | undefined
  /** Resolves when the vote is durable. */
  readonly vote: (observation: Observation) => Promise<void>
  /** Resolves when all that core has done is durable. */
  readonly durable: () => Promise<void>
}

export class PeerBallots {
  readonly service: ConsensusService
  readonly replayed: Replayed
  readonly #order: OrderedBallots
  readonly #certificates: OrderCertificates
  readonly #spreader: BallotSpreader
  readonly #provisional = new Subject<Provisional>()
  readonly #queue: NoticeQueue
  readonly provisional$: Observable<Provisional> = this.#provisional.asObservable()

  constructor(settings: PeerSettings, options: PeerBallotOptions) {
    const { identity, log, history, memberSince, parsec, vote, durable, queue, evidence, post, fenced } = options
    const { clock, random, logger, group } = settings
    this.#queue = queue
    const { signer, ...rest } = withDefaults({ signer: identity, log, clock, random, logger })
    const assembly = assemble(signer, { ...rest, deadlinePassed: () => this.#order.closeDue(), fenced })
    const { engine, registry, notifier } = assembly
    this.#certificates = new OrderCertificates({ parsec, history, group })
    this.#order = new OrderedBallots(
      settings,
      signer,
      {
        parsec,
        memberSince,
        vote,
        durable,
        equivocation: (scope, proof) => notifier.equivocation(scope, proof),
        provisional: ({ signed }, decision) =>
          this.#show({ scope: signed.proposal.scope, proposalId: toHex(signed.id), decision }),
        certificate: (session, signal) => this.#certificates.of(session, signal),
      },
      new SessionRecords(engine, registry, signer.scheme),
    )
    this.service = new ConsensusService({ signer }, assembly, this.#order)
    this.#spreader = new BallotSpreader({
      ballots: this.service.ballots,
      format: signer.scheme,
      clock,
      random,
      logger,
      recipients: () => parsec()?.gossipRecipients() ?? [],
      post,
    })
    this.replayed = {
      event: (event) => this.#order.replayEvent(event),
      block: (block, core) => this.#order.replayBlock(block, core),
    }
    notifier.safeSessions$.subscribe(({ isGone, finality, proposalId }) => {
      if (isGone && finality === 'ordered') this.#order.forget(proposalId)
    })
    this.service.ballots.evidence$.subscribe(({ proof, bytes }) => {
      const [owner, proposalId] = [toHex(proof.owner), toHex(proof.proposalId)]
      evidence({ peer: owner, error: safe.refuseSafe({ code: 'Equivocation', owner, proposalId }), proof: bytes })
    })
  }

  startSpreading(): void {
    this.#spreader.start()
  }

  stopSpreading(): void {
    this.#spreader.stop()
  }

  /** What another peer says of ballots beside the order. */
  receive(from: Bytes, kind: BallotMessageKind, body: Bytes): Promise<number> {
    return this.#spreader.receive(from, kind, body)
  }

  /** Before the peer's own log is read. */
  async recover(signal: AbortSignal | undefined): Promise<void> {
    await this.service.recover(signal === undefined ? {} : { signal })
  }

  /** After the peer's own log is read: what the sessions' streams lack of the order is completed. */
  complete(): Promise<void> {
    return this.#order.complete()
  }

  published({ facts, blocks }: PublishedStep): void {
    const events = facts.filter((fact) => fact.type === 'GossipEventAccepted')
    this.#order.follow(events, blocks)
    this.#certificates.recheck()
  }

  /** A voter votes for the Close of what is due, late joiners too. */
  closeDue(): void {
    this.#order.closeDue()
  }

  /** The peer has failed: it writes nothing more, no ballots either. */
  abandon(reason: Error): void {
    void this.close(reason)
  }

  async close(error: Error): Promise<void> {
    this.#spreader.stop()
    this.#order.close(error)
    this.#certificates.end(error)
    await this.service.close()
    this.#queue.publish(() => this.#provisional.complete())
  }

  #show(provisional: Provisional): void {
    this.#queue.publish(() => this.#provisional.next(provisional))
  }
}
