/**
 * @module machines/peer
 *
 * The lifecycle of this peer in its group: WHEN it may gossip, vote and write. WHAT it is (voter or not, removed or not)
 * core alone knows; the signals tell what core found, after the facts behind it are durable.
 *
 * - `recovering`: the log is read; nothing is sent, nothing is taken.
 * - `joining`: no voter yet; it gossips to learn the order, and votes are refused.
 * - `following`: it started from a checkpoint and makes no events, voter or not; it compares to learn the order.
 * - `member`: a voter; the full life.
 * - `leaving`: our own Remove is voted for, and gossip goes on until it is agreed.
 * - `removed`: agreed. What it still owes others as an answer goes out; nothing new is made.
 * - `fenced`: somebody else writes with our identity. Nothing is ever written or sent again.
 * - `stopped`: closed, or failed for good.
 */

import { setup } from 'xstate'

export type PeerSignal =
  | { readonly type: 'log.recovered'; readonly standing: PeerStanding }
  | { readonly type: 'voter.added' }
  | { readonly type: 'leave.requested' }
  | { readonly type: 'voter.removed' }
  | { readonly type: 'log.fenced' }
  | { readonly type: 'peer.failed' }
  | { readonly type: 'stop.requested' }

/** What core says of ourselves. */
export type PeerStanding = 'joining' | 'following' | 'voter' | 'leaving' | 'removed'

const ignore = (): void => undefined

export const peerMachine = setup({
  types: { events: {} as PeerSignal },
  actions: {
    /** Begin to gossip and to take messages. */
    startGossip: ignore,
    /** Make nothing new from here on. */
    stopGossip: ignore,
    /** Tell subscribers of `status$`. */
    publishStatus: ignore,
    /** Tell the operator that a second process runs this identity. */
    announceFence: ignore,
  },
  guards: {
    isJoining: ({ event }) => event.type === 'log.recovered' && event.standing === 'joining',
    isFollowing: ({ event }) => event.type === 'log.recovered' && event.standing === 'following',
    isVoter: ({ event }) => event.type === 'log.recovered' && event.standing === 'voter',
    isLeaving: ({ event }) => event.type === 'log.recovered' && event.standing === 'leaving',
  },
}).createMachine({
  id: 'peer',
  initial: 'recovering',
  on: {
    'log.fenced': '.fenced',
    'peer.failed': '.stopped',
    'stop.requested': '.stopped',
  },
  states: {
    recovering: {
      entry: 'publishStatus',
      on: {
        'log.recovered': [
          { guard: 'isJoining', target: 'joining' },
          { guard: 'isFollowing', target: 'following' },
          { guard: 'isVoter', target: 'member' },
          { guard: 'isLeaving', target: 'leaving' },
          { target: 'removed' },
        ],
      },
    },
    joining: {
      entry: ['publishStatus', 'startGossip'],
      on: { 'voter.added': 'member', 'voter.removed': 'removed' },
    },
    following: { entry: ['publishStatus', 'startGossip'] },
    member: {
      entry: ['publishStatus', 'startGossip'],
      on: { 'leave.requested': 'leaving', 'voter.removed': 'removed' },
    },
    leaving: {
      entry: ['publishStatus', 'startGossip'],
      on: { 'voter.removed': 'removed' },
    },
    removed: { entry: ['publishStatus', 'stopGossip'] },
    fenced: {
      entry: ['stopGossip', 'announceFence', 'publishStatus'],
      // For good: not even a stop makes it anything else, so that the reason stays visible.
      on: { 'peer.failed': {}, 'stop.requested': {}, 'log.fenced': {} },
    },
    stopped: {
      entry: ['stopGossip', 'publishStatus'],
      on: { 'peer.failed': {}, 'stop.requested': {}, 'log.fenced': {} },
    },
  },
})
