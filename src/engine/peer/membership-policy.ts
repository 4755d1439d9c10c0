/**
 * @module engine/peer/membership-policy
 *
 * Who may come and go is the application's to say: a policy is asked about every change before this peer votes for it, and may
 * only agree or refuse. What is agreed on the order stays the group's: a supermajority of the voters.
 *
 * Without a policy this peer votes for what its application asks for, and for nothing by itself.
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { OpenChange } from '../../core/parsec/index.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'

export interface ProposedChange {
  readonly type: 'add' | 'remove'
  /** Hex id of whom it concerns. */
  readonly peer: string
  /** What comes with it, such as signatures of operators; equal for all who vote for it. */
  readonly relatedInfo: Bytes
  /** `self`: our application asks; `voters`: others voted for it; `silence`: the peer was silent for `silenceMs`. */
  readonly origin: 'self' | 'voters' | 'silence'
  /** Hex ids of the voters who voted for it, as far as we know. */
  readonly supporters: readonly string[]
}

export interface MembershipPolicy {
  /** Whether this peer votes for the change. What it throws refuses. Asked again whenever somebody else votes for it. */
  agrees(change: ProposedChange): boolean
  /** Ask about removing a voter that answered nothing for so long. Only what is asked can be missed: an idle group notices nobody. Default: never. */
  readonly silenceMs?: number
}

export interface PolicyPorts {
  /** What is voted for and not agreed; nothing while the peer does not run. */
  readonly openChanges: () => readonly OpenChange[]
  /** We are a voter and run. */
  readonly canVote: () => boolean
  readonly isVoter: (peer: string) => boolean
  readonly vote: (type: 'Add' | 'Remove', peer: string, relatedInfo: Bytes) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

interface Silence {
  readonly cancel: () => void
}

const NOTHING: Bytes = new Uint8Array(0)

export class PolicyRunner {
  readonly #policy: MembershipPolicy | undefined
  readonly #ports: PolicyPorts
  readonly #silences = new Map<string, Silence>()

  constructor(policy: MembershipPolicy | undefined, ports: PolicyPorts) {
    this.#policy = policy
    this.#ports = ports
  }

  /** Whether our application's wish may be voted for. */
  permits(type: 'Add' | 'Remove', peer: string, relatedInfo: Bytes): boolean {
    if (this.#policy === undefined) return true
    const supporters = this.#supporters(type, peer)
    return this.#agrees({ type: nameOf(type), peer, relatedInfo, origin: 'self', supporters })
  }

  /** Somebody voted for a change: votes for what the policy agrees to. */
  consider(): void {
    if (this.#policy === undefined || !this.#ports.canVote()) return
    for (const { type, peerId, relatedInfo, supporters, isOurs } of this.#ports.openChanges()) {
      if (isOurs || supporters.length === 0) continue
      const change = { type: nameOf(type), peer: toHex(peerId), relatedInfo, supporters: supporters.map(toHex) }
      if (this.#agrees({ ...change, origin: 'voters' })) this.#vote(type, change.peer, relatedInfo)
    }
  }

  /** A peer owes us an answer for too long. */
  silent(peer: string): void {
    const { clock } = this.#ports
    const silenceMs = this.#policy?.silenceMs
    if (silenceMs === undefined || this.#silences.has(peer)) return
    const cancel = clock.schedule(clock.nowMs() + silenceMs, () => this.#silentForLong(peer))
    this.#silences.set(peer, { cancel })
  }

  heard(peer: string): void {
    this.#silences.get(peer)?.cancel()
    this.#silences.delete(peer)
  }

  close(): void {
    for (const peer of Array.from(this.#silences.keys())) this.heard(peer)
  }

  #silentForLong(peer: string): void {
    // A later sign of its silence asks again.
    this.#silences.delete(peer)
    if (!this.#ports.canVote() || !this.#ports.isVoter(peer)) return
    const isOurs = this.#ports
      .openChanges()
      .some((change) => change.type === 'Remove' && change.isOurs && toHex(change.peerId) === peer)
    const supporters = this.#supporters('Remove', peer)
    const change: ProposedChange = { type: 'remove', peer, relatedInfo: NOTHING, origin: 'silence', supporters }
    if (!isOurs && this.#agrees(change)) this.#vote('Remove', peer, NOTHING)
  }

  #supporters(type: 'Add' | 'Remove', peer: string): readonly string[] {
    const change = this.#ports.openChanges().find((it) => it.type === type && toHex(it.peerId) === peer)
    return change?.supporters.map(toHex) ?? []
  }

  #agrees(change: ProposedChange): boolean {
    try {
      return this.#policy?.agrees(change) === true
    } catch (error) {
      this.#ports.logger.error({ change, error }, 'the membership policy threw; the change is refused')
      return false
    }
  }

  #vote(type: 'Add' | 'Remove', peer: string, relatedInfo: Bytes): void {
    this.#ports.vote(type, peer, relatedInfo).catch((error: unknown) => {
      this.#ports.logger.warn({ type, peer, error }, 'a vote that the membership policy agreed to could not be cast')
    })
  }
}

function nameOf(type: 'Add' | 'Remove'): 'add' | 'remove' {
  return type === 'Add' ? 'add' : 'remove'
}
