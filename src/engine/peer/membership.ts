/**
 * @module engine/peer/membership
 *
 * What we know of the group: who votes, as agreed, and whom we can reach, as far as we notice. Each other peer is an actor.
 */

import { type Draft, produce } from 'immer'
import { BehaviorSubject, type Observable } from 'rxjs'
import { type Actor, createActor } from 'xstate'
import { type MemberSignal, memberMachine } from '../../../machines/member.machine.ts'
import { toHex } from '../../base/text.ts'
import type { OpenChange } from '../../core/parsec/index.ts'
import type { NoticeQueue } from '../notices.ts'

export interface Membership {
  /** Hex ids of the voters, in order of id. */
  readonly voters: readonly string[]
  /** Hex ids of others that owe us an answer for too long. */
  readonly silent: readonly string[]
  /** Hex ids of those that were voters once. */
  readonly removed: readonly string[]
  /** Changes that are voted for and not agreed yet. */
  readonly changes: readonly PendingChange[]
}

export interface PendingChange {
  readonly type: 'add' | 'remove'
  /** Hex id. */
  readonly peer: string
  /** Hex ids of the voters who voted for it, as far as we know. */
  readonly supporters: readonly string[]
  /** How many it takes. */
  readonly needed: number
}

const NOBODY: Membership = { voters: [], silent: [], removed: [], changes: [] }

export class MembershipView {
  readonly #queue: NoticeQueue
  readonly #self: string
  readonly #subject = new BehaviorSubject<Membership>(produce(NOBODY, () => undefined))
  readonly #actors = new Map<string, Actor<typeof memberMachine>>()
  readonly #machine: typeof memberMachine
  #now: Membership = NOBODY
  #isClosed = false

  readonly membership$: Observable<Membership> = this.#subject.asObservable()

  constructor(self: string, queue: NoticeQueue) {
    this.#self = self
    this.#queue = queue
    this.#machine = memberMachine.provide({ actions: { publishReachability: () => this.#noteReachability() } })
  }

  get current(): Membership {
    return this.#now
  }

  /** The agreed voters; whoever is none any more is removed. */
  setVoters(voters: readonly string[]): void {
    if (this.#isClosed || voters.join() === this.#now.voters.join()) return
    const gone = this.#now.voters.filter((voter) => !voters.includes(voter))
    this.#change((draft) => {
      draft.voters = [...voters]
      draft.removed.push(...gone)
    })
    for (const peer of voters) this.#actorOf(peer)
    for (const peer of gone) {
      this.signal(peer, { type: 'peer.removed' })
      this.#actors.delete(peer)
    }
  }

  setChanges(changes: readonly OpenChange[]): void {
    const pending = changes.map(({ type, peerId, supporters, needed }) => ({
      type: type === 'Add' ? ('add' as const) : ('remove' as const),
      peer: toHex(peerId),
      supporters: supporters.map(toHex),
      needed,
    }))
    if (JSON.stringify(pending) === JSON.stringify(this.#now.changes)) return
    this.#change((draft) => {
      draft.changes = pending
    })
  }

  signal(peer: string, signal: MemberSignal): void {
    const actor = this.#actors.get(peer)
    // Nearly every message finds its sender reachable, where the machine ignores it: to look is cheaper than to send.
    if (signal.type === 'message.received' && actor?.getSnapshot().value !== 'silent') return
    actor?.send(signal)
  }

  /** What comes later, as of a step that was still under way, changes nothing. */
  close(): void {
    this.#isClosed = true
    for (const actor of this.#actors.values()) actor.stop()
    this.#actors.clear()
    this.#queue.publish(() => this.#subject.complete())
  }

  #actorOf(peer: string): void {
    if (peer === this.#self || this.#actors.has(peer)) return
    const actor = createActor(this.#machine, { input: { peer } })
    this.#actors.set(peer, actor)
    actor.start()
  }

  #noteReachability(): void {
    // The actor that is in transition shows its new state only after it.
    queueMicrotask(() => {
      const silent = [...this.#actors]
        .filter(([, actor]) => actor.getSnapshot().matches('silent'))
        .map(([peer]) => peer)
      this.#change((draft) => {
        draft.silent = silent.sort()
      })
    })
  }

  #change(change: (draft: Draft<Membership>) => void): void {
    if (this.#isClosed) return
    const now = produce(this.#now, (draft) => change(draft))
    this.#now = now
    this.#queue.publish(() => this.#subject.next(now))
  }
}
