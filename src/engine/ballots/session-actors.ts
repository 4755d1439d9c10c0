/**
 * @module engine/ballots/session-actors
 *
 * The actors of sessions: what they ask the clock for, and what they tell subscribers. One root actor for each live
 * session, none for a settled one.
 */

import { sessionMachine } from '../../../machines/session.machine.ts'
import type { Clock } from '../../ports/clock.ts'
import { Deadlines } from '../deadlines.ts'
import { type HostedFact, type HostedState, isOpening, isSafeState, SIGNAL_OF } from './hosted.ts'
import type { Notifier } from './notifier.ts'
import type { ProvidedSessionMachine, SessionHost } from './session-host.ts'

interface Parts {
  readonly notifier: Notifier
  readonly clock: Clock
  readonly hostOf: (id: string) => SessionHost | undefined
  /** The clock's word; the session is open. */
  readonly deadlinePassed: (host: SessionHost) => void
}

export class SessionActors {
  readonly #parts: Parts
  readonly #deadlines: Deadlines
  readonly #machine: ProvidedSessionMachine
  /** Of the sessions that are open. */
  readonly #disarm = new Map<string, () => void>()
  #isClosed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#deadlines = new Deadlines(parts.clock)
    this.#machine = this.#provideActions()
  }

  /** After recovery: one actor for each session that is not settled, its deadline armed again. */
  start(host: SessionHost, state: HostedState): void {
    host.startActor(this.#machine, state)
  }

  /** Shows a state that became durable, and tells actor and subscribers of the facts behind it. */
  follow(host: SessionHost, facts: readonly HostedFact[], state: HostedState): void {
    host.show(state)
    for (const fact of facts) {
      if (isOpening(fact))
        this.start(
          host,
          isSafeState(state) ? { ...state, phase: 'open', outcome: null } : { ...state, status: 'active' },
        )
      const signal = SIGNAL_OF[fact.type]
      if (signal !== undefined) host.signal({ type: signal })
    }
    // Also what no signal stands for, as a vote.
    this.#publish(host)
  }

  /** The deadline could not be logged: another try at `atMs`, if the session is still open. */
  armAgain(host: SessionHost, atMs: number): void {
    if (this.#disarm.has(host.id)) this.#arm(host.id, atMs)
  }

  /** No deadline passes from now on. */
  close(): void {
    this.#isClosed = true
    this.#deadlines.clear()
    this.#disarm.clear()
  }

  #arm(id: string, atMs: number): void {
    if (this.#isClosed) return
    this.#disarm.get(id)?.()
    const wake = (): void => {
      const host = this.#parts.hostOf(id)
      if (host !== undefined) this.#parts.deadlinePassed(host)
    }
    this.#disarm.set(id, this.#deadlines.arm(atMs, wake))
  }

  #publish(host: SessionHost): void {
    const state = host.takeUnpublished()
    if (state !== undefined) this.#parts.notifier.state(state)
  }

  #provideActions(): ProvidedSessionMachine {
    const { notifier, hostOf } = this.#parts
    return sessionMachine.provide({
      actions: {
        armDeadline: ({ context }) => this.#arm(context.id, context.deadlineAtMs),
        disarmDeadline: ({ context }) => {
          this.#disarm.get(context.id)?.()
          this.#disarm.delete(context.id)
        },
        publishOutcome: ({ context }) => {
          const host = hostOf(context.id)
          if (host?.durable === undefined) return
          this.#publish(host)
          notifier.outcome(host.id, host.durable)
        },
      },
    })
  }
}
