/**
 * @module core/ballot/safe/quorum/sessions
 *
 * The sessions of one scope, by the state of their memory: live, unloaded to the log, or evicted. Nothing here decides.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { assert } from '../../../../base/errors.ts'
import { toHex } from '../../../../base/text.ts'
import { type BallotFormat, decodeSignedProposal } from '../../../../wire/ballot/index.ts'
import { refuseSafe } from '../errors.ts'
import { Roster } from '../roster.ts'
import type { QuorumFact } from './facts.ts'
import { QuorumSession } from './session.ts'

export type Residence = 'unknown' | 'live' | 'unloaded' | 'evicted'

export class QuorumSessions {
  readonly #format: BallotFormat
  readonly #live = new Map<string, QuorumSession>()
  /** Expired sessions whose votes are in the log only. */
  readonly #unloaded = new Set<string>()
  /** Sessions that are gone, evicted or deleted, and how they were decided: they never open again. */
  readonly #evicted = new Map<string, boolean | null>()
  /** Open sessions of an owner: neither expired nor decided. */
  readonly #open = new Map<string, number>()
  #openOfAll = 0
  /** Decided and still live, oldest decision first. */
  readonly #settled = new Map<string, QuorumSession>()

  constructor(format: BallotFormat) {
    this.#format = format
  }

  residence(proposalId: Bytes): Residence {
    const key = toHex(proposalId)
    if (this.#live.has(key)) return 'live'
    if (this.#unloaded.has(key)) return 'unloaded'
    return this.#evicted.has(key) ? 'evicted' : 'unknown'
  }

  live(): readonly QuorumSession[] {
    return [...this.#live.values()]
  }

  find(proposalId: Bytes): QuorumSession | undefined {
    return this.#live.get(toHex(proposalId))
  }

  /** Throws `SessionUnloaded` or `SessionNotFound`. */
  get(proposalId: Bytes): QuorumSession {
    const session = this.find(proposalId)
    if (session !== undefined) return session
    const isUnloaded = this.#unloaded.has(toHex(proposalId))
    throw refuseSafe({ code: isUnloaded ? 'SessionUnloaded' : 'SessionNotFound', proposalId: toHex(proposalId) })
  }

  /** The decision of an evicted session. */
  evictedDecision(proposalId: Bytes): boolean | null | undefined {
    return this.#evicted.get(toHex(proposalId))
  }

  /** Open sessions of an owner; `null`: of all. */
  openOf(owner: Bytes | null): number {
    return owner === null ? this.#openOfAll : (this.#open.get(toHex(owner)) ?? 0)
  }

  get settledCount(): number {
    return this.#settled.size
  }

  oldestSettled(): QuorumSession | undefined {
    for (const session of this.#settled.values()) return session
    return undefined
  }

  evolve(fact: QuorumFact): void {
    const key = toHex(fact.proposalId)
    if (fact.type === 'SafeProposalOpened') {
      this.#begin(key, fact.proposal, fact.roster)
      return
    }
    const session = this.#live.get(key)
    assert(session !== undefined, `a fact ${fact.type} of a session that is not live`)
    const before = session.phase
    session.evolve(fact)
    if (before === 'open' && session.phase !== 'open') this.#count(session, -1)
    if (fact.type === 'SafeDecisionReached') this.#settled.set(key, session)
    if (fact.type === 'SafeSessionEvicted') assert(session.decision !== null, 'only a settled session is evicted')
    if (fact.type === 'SafeSessionDeleted' && before === 'open') this.#count(session, -1)
    if (fact.type === 'SafeSessionEvicted' || fact.type === 'SafeSessionDeleted') this.#end(key, session)
  }

  /** Drops an expired session from memory; its facts bring it back. Others stay: `false`. */
  unload(proposalId: Bytes): boolean {
    const key = toHex(proposalId)
    if (this.#live.get(key)?.phase !== 'expired') return false
    this.#live.delete(key)
    this.#unloaded.add(key)
    return true
  }

  #begin(key: string, bytes: Bytes, voters: readonly Bytes[] | null): void {
    const signed = decodeSignedProposal(bytes, this.#format)
    assert(toHex(signed.id) === key, 'a logged proposal has the id of its bytes')
    const { roster } = signed.proposal
    const keys = voters ?? (roster.type === 'Listed' ? roster.keys : [])
    const session = new QuorumSession(signed, Roster.of(keys))
    this.#unloaded.delete(key)
    this.#live.set(key, session)
    this.#count(session, 1)
  }

  #end(key: string, session: QuorumSession): void {
    this.#live.delete(key)
    this.#settled.delete(key)
    this.#evicted.set(key, session.decision)
  }

  #count(session: QuorumSession, change: number): void {
    this.#openOfAll += change
    const owner = toHex(session.signed.proposal.owner)
    const open = (this.#open.get(owner) ?? 0) + change
    if (open === 0) this.#open.delete(owner)
    else this.#open.set(owner, open)
  }
}
