/**
 * @module testing/sim/stage
 *
 * The seams of the simulator: what those who play in a run see of it, and what a run wants of them. `World` is the stage.
 *
 * - An adversary plays one member against the rules: `adversaries/`, chosen by the scenario.
 * - A workload asks the correct peers for something and knows what must come of it: `workloads/`.
 * - A check watches one correct peer: `checks/check.ts`.
 *
 * All of them take their time from the stage's clock and their randomness from a fork of its generator, so that a seed
 * replays, and that one more adversary changes nobody else's draws.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import type { PayloadFrame } from '../../wire/payload.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { AgreedOrder } from './checks/agreed-order.ts'
import type { SimCounts } from './counts.ts'
import type { Scenario } from './scenario.ts'
import type { SimPeer, Surroundings } from './sim-peer.ts'

export interface Stage extends Surroundings {
  readonly counts: SimCounts
  /** The order of all correct peers, as their disks have it. */
  readonly order: AgreedOrder
  readonly scenario: Scenario
  /** The correct ones, joiners included. */
  readonly peers: readonly SimPeer[]
  readonly adversaries: readonly Adversary[]
  /** The faults are over. */
  readonly isCalm: boolean
  /** Faults are over, and the run has its events and its elections: nobody need ask for more. */
  readonly isWorkDone: boolean
  /** All has come that must; only idleness is left. */
  readonly isSettled: boolean
  /** Of the group's member with this name. */
  signerOf(name: string): Signer
  /** A further address on the network at which a peer can be reached; `what` tells its addresses apart. */
  addressOf(id: Bytes, what: string): Bytes
  /** A correct peer that is none of the genesis group; its votes and its start are the caller's. */
  addJoiner(name: string): SimPeer
  /** Starts a peer again after a while, as its operator does. */
  restartLater(peer: SimPeer): void
  /** Something under way that nobody waits for. */
  launch(work: Promise<unknown>): void
  later(afterMs: number, call: () => void): void
  /** Calls `work` at random times, `periodMs` apart in the mean, until it is done or the run has failed. */
  every(periodMs: number, random: SeededRandom, isDone: () => boolean, work: () => void): void
}

/** Plays one member against the rules, from genesis on unless it is a latecomer. It may do all that its key and the network allow. */
export interface Adversary {
  readonly id: Bytes
  /** With everybody else. */
  start(): void
  /** Some of its malice, at random times while there are faults. */
  strike?(): void
  /** Its process ends, and is started again. */
  crash?(): void
  /** Its application asks for a payload. */
  vote?(payload: Bytes): void
  /** Whether a body of its own may send to this peer. Default: yes. */
  reaches?(body: SimPeer, to: Bytes): boolean
  /** The address at which this peer finds it. Default: its id. */
  addressFor?(from: SimPeer): Bytes
  /** The faults are over: what it does from here on must not keep the others from converging. */
  calm(): void
  /** From here on it makes nobody busy any more. */
  end(): void
}

/** `name` is that of the member it plays. */
export type AdversaryMaker = (stage: Stage, name: string) => Adversary

/** Asks for something, and knows what must come of it. */
export interface Workload {
  begin(): void
  /** A payload is ordered. Whether it is one of those that were asked for here. */
  ordered?(payload: PayloadFrame): boolean
  /** Once the faults are over: something that must still come. */
  lacks?(): Lack | undefined
}

export type WorkloadMaker = (stage: Stage) => Workload

/** Something is not yet as it must become. */
export interface Lack {
  readonly peer: string
  readonly what: string
}
