/**
 * @module machines/session
 *
 * The lifecycle of one ballot session: WHEN its deadline is armed and its outcome announced. WHAT the outcome is,
 * core alone decides; this machine is told by signals, each sent only after the facts behind it are durable.
 *
 * - `open`: votes are taken, the deadline is armed. A vote alone moves no session, so the machine is not told of it.
 * - `lapsed`: there is no decision (`compatible`: failed; `safe`: expired). A later one is still possible.
 * - `decided`, `evicted`: final; the actor stops, the state stays in the log.
 *
 * The engine provides the actions. They must not throw: that would end the actor.
 */

import { setup } from 'xstate'

export type SessionPhase = 'open' | 'lapsed' | 'decided'

export interface SessionInput {
  readonly id: string
  /** Milliseconds since the Unix epoch; may be beyond what a clock can reach: then it is never armed. */
  readonly deadlineAtMs: number
  /** Where recovery, or the first fact, put the session. */
  readonly phase: SessionPhase
}

export type SessionSignal =
  | { readonly type: 'session.lapsed' }
  | { readonly type: 'session.decided' }
  | { readonly type: 'session.evicted' }

const ignore = (): void => undefined

export const sessionMachine = setup({
  types: {
    context: {} as SessionInput,
    input: {} as SessionInput,
    events: {} as SessionSignal,
  },
  guards: {
    isDecided: ({ context }) => context.phase === 'decided',
    isLapsed: ({ context }) => context.phase === 'lapsed',
  },
  actions: {
    /** Ask the clock for `deadline.passed` at `deadlineAtMs`. */
    armDeadline: ignore,
    disarmDeadline: ignore,
    /** Tell subscribers how the session ended, or that it gave no decision. */
    publishOutcome: ignore,
  },
}).createMachine({
  id: 'session',
  context: ({ input }) => input,
  initial: 'starting',
  states: {
    starting: {
      always: [{ guard: 'isDecided', target: 'decided' }, { guard: 'isLapsed', target: 'lapsed' }, { target: 'open' }],
    },
    open: {
      entry: 'armDeadline',
      exit: 'disarmDeadline',
      on: {
        'session.decided': { target: 'decided', actions: 'publishOutcome' },
        'session.lapsed': { target: 'lapsed', actions: 'publishOutcome' },
        'session.evicted': 'evicted',
      },
    },
    lapsed: {
      on: {
        'session.decided': { target: 'decided', actions: 'publishOutcome' },
        'session.lapsed': { actions: 'publishOutcome' },
        'session.evicted': 'evicted',
      },
    },
    decided: { type: 'final' },
    evicted: { type: 'final' },
  },
})
