/**
 * @module core/parsec/malice/duty
 *
 * The accusations that a peer makes immediately before a sync event (parsec §9): its own, one for each offender whose
 * offence will be evident from that event (Duty), and those of others that it joins (Joining).
 *
 * Guarantees: at most one own and one joined for each other accuser, hence at most as many for one offender as there are
 * peers. What is made before one sync event stays within one append of the log: at most `MAX_JOINED` are joined at a time,
 * and those that carry events have together no more bytes than one event may have. The rest waits for the next sync event;
 * nobody can blame a peer for that, since Accomplice is about offences that name events.
 */

import { toHex } from '../../../base/text.ts'
import type { Malice, Observation, PeerId } from '../../../wire/canonical/types.ts'
import { isAtLeastThird, type Voters } from '../election/voters.ts'
import type { EventIndex, PeerIndex } from '../graph/graph.ts'
import type { Accusation } from './accusations.ts'
import { isOnBranch, type Tips } from './ancestry.ts'
import { isDemanded, type Offender } from './offences.ts'
import { isCarriedMalice, type Scene } from './scene.ts'
import type { Watch } from './watch.ts'

const MAX_JOINED = 64
/** Of an accuser that is joined; a correct one has one. */
const MAX_BRANCHES = 4

type AccusationVote<P> = Observation<P> & { readonly type: 'Accusation' }

/** The accusations due before one sync event, one by one: each is to be made before the next is asked for. */
export class DueAccusations<Payload> {
  readonly #watch: Watch<Payload>
  readonly #scene: Scene<Payload>
  readonly #self: PeerIndex
  readonly #voters: Voters
  readonly #otherParent: EventIndex
  #joined = 0
  #carriedBytes = 0

  /** `otherParent`: of the sync event to come, or NONE. */
  constructor(watch: Watch<Payload>, scene: Scene<Payload>, self: PeerIndex, voters: Voters, otherParent: EventIndex) {
    this.#watch = watch
    this.#scene = scene
    this.#self = self
    this.#voters = voters
    this.#otherParent = otherParent
  }

  next(): AccusationVote<Payload> | null {
    const self = this.#self
    const voters = this.#voters
    const tip = this.#scene.graph.lastEventOf(self)
    const tips = [tip, this.#otherParent]
    for (const offender of this.#watch.offences.offenders) {
      if (offender.peer === self || this.#watch.accusations.accuses(self, offender.id, tip)) continue
      const own = this.#own(offender, tips)
      if (own !== null) return own
    }
    if (!voters.has(self) || this.#joined >= MAX_JOINED) return null
    for (const { id, offender } of this.#watch.accusations.accused) {
      const peer = this.#scene.peers.find(offender)
      if (peer === self || !voters.has(peer)) continue
      const joined = this.#join(id, tip, tips)
      if (joined !== null) return joined
    }
    return null
  }

  /** parsec §9, Duty: the first offence of it; one that others can check rather than one that they cannot. */
  #own({ peer }: Offender, tips: Tips): AccusationVote<Payload> | null {
    const { offences } = this.#watch
    const demanded = offences.evident(peer, tips, isDemanded)
    const id = this.#scene.peers.idOf(peer)
    if (demanded !== undefined) return this.#accusation(id, demanded.malice)
    const carried = offences.evident(peer, tips, (malice) => isCarriedMalice(malice) && this.#hasRoom(malice.carried))
    if (carried !== undefined) return this.#accusation(id, carried.malice)
    if (!this.#voters.has(peer)) return null
    const unprovable = offences.evident(peer, tips, ({ type }) => type === 'Unprovable')
    return unprovable === undefined ? null : this.#accusation(id, unprovable.malice)
  }

  /** parsec §9, Joining: every other peer's first accusation of it that is valid. */
  #join(id: string, tip: EventIndex, tips: Tips): AccusationVote<Payload> | null {
    const { accusations, judge } = this.#watch
    const self = this.#self
    const ours = accusations.of(self, id).filter(({ event }) => isOnBranch(this.#scene.graph, tip, event))
    for (const accuser of accusations.accusersOf(id)) {
      // Who is no voter any more is not needed, and who accuses on many branches is a forker.
      if (accuser === self || !this.#voters.has(accuser) || accusations.branchesOf(accuser, id) > MAX_BRANCHES) continue
      const firsts = accusations.firsts(accuser, id, tips)
      if (firsts.some(({ key }) => ours.some((other) => other.key === key))) continue
      const valid = firsts.find((accusation) => this.#isJoinable(accusation, tips, judge))
      if (valid === undefined) continue
      this.#joined += 1
      return this.#accusation(valid.offender, valid.malice)
    }
    return null
  }

  #isJoinable(accusation: Accusation<Payload>, tips: Tips, judge: Watch<Payload>['judge']): boolean {
    const { malice } = accusation
    if (isCarriedMalice(malice) && !this.#hasRoom(malice.carried)) return false
    const basis = this.#watch.accusations.basisIn(accusation, tips)
    if (basis === undefined) return false
    return judge.isValid(accusation, basis, tips) || this.#isBorneOut(accusation, tips)
  }

  /**
   * parsec §8, §9: where stubs stand for part of our graph, we may be unable to judge. What at least a third of the voters accuse alike, one correct
   * peer found valid, by a basis that ours will hold.
   */
  #isBorneOut({ offender, malice, key }: Accusation<Payload>, tips: Tips): boolean {
    if (this.#scene.graph.base === 0 || malice.type === 'Unprovable') return false
    const { accusations } = this.#watch
    const id = toHex(offender)
    const isBy = (accuser: PeerIndex): boolean =>
      accusations.of(accuser, id).some((it) => it.key === key && accusations.basisIn(it, tips) !== undefined)
    return isAtLeastThird(this.#voters.peers.filter(isBy).length, this.#voters.count)
  }

  #hasRoom(carried: Uint8Array): boolean {
    return this.#carriedBytes + carried.length <= this.#scene.group.format.limits.maxEventBytes
  }

  #accusation(offender: PeerId, malice: Malice): AccusationVote<Payload> {
    if (isCarriedMalice(malice)) this.#carriedBytes += malice.carried.length
    return { type: 'Accusation', offender, malice }
  }
}
