/**
 * @module machines/member
 *
 * What we know of one other peer: whether it can be reached, and whether it still belongs to the group. Silence is our
 * own impression and changes nothing in the protocol; removal is agreed and for good.
 *
 * - `reachable`: it answered, or nothing was asked of it yet.
 * - `silent`: it owes an answer for too long; the scheduler asks it more and more rarely.
 * - `removed`: final.
 */

import { setup } from 'xstate'

export interface MemberInput {
  readonly peer: string
}

export type MemberSignal =
  | { readonly type: 'message.received' }
  | { readonly type: 'answer.missing' }
  | { readonly type: 'peer.removed' }

const ignore = (): void => undefined

export const memberMachine = setup({
  types: {
    context: {} as MemberInput,
    input: {} as MemberInput,
    events: {} as MemberSignal,
  },
  actions: {
    /** Tell subscribers of `membership$`. */
    publishReachability: ignore,
  },
}).createMachine({
  id: 'member',
  context: ({ input }) => input,
  initial: 'reachable',
  states: {
    reachable: {
      on: {
        'answer.missing': { target: 'silent', actions: 'publishReachability' },
        'peer.removed': 'removed',
      },
    },
    silent: {
      on: {
        'message.received': { target: 'reachable', actions: 'publishReachability' },
        'peer.removed': 'removed',
      },
    },
    removed: { type: 'final', entry: 'publishReachability' },
  },
})
