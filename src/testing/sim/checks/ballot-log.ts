/**
 * @module testing/sim/checks/ballot-log
 *
 * What a peer's disk says of ballots (ballots §8): no two correct peers settle one differently; what the order made of a
 * session is the same fact by fact on all disks, and is what a fold that was written for this check alone makes of the
 * blocks; a quorum is one; and no peer signs both choices.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { fromBase64Url, toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import { decodeEvent, decodeObservation } from '../../../core/parsec/index.ts'
import type { JsonObject } from '../../../ports/event-log.ts'
import { decodeScopedBallot } from '../../../wire/ballot/sync.ts'
import { decodePayload, type PayloadFrame } from '../../../wire/payload.ts'
import { decodePeerMessage } from '../../../wire/peer-message.ts'
import type { DurableAppend } from '../disk.ts'
import { factText } from '../fact-text.ts'
import { simulatedSigner } from '../scheme.ts'
import { violation } from '../violation.ts'
import type { AgreedOrder } from './agreed-order.ts'
import type { Check, Subject } from './check.ts'

const { scheme } = simulatedSigner('any')

const BALLOT_KINDS: ReadonlySet<string> = new Set(['ballotProposal', 'ballotVote', 'close'])

interface Opened {
  readonly proposal: safe.SafeProposal
  readonly roster: ReadonlySet<string>
}

/** What all correct peers of a run have in common. */
class AgreedBallots {
  /** Ballot payloads of the order, by block. */
  readonly blocks = new Map<number, PayloadFrame>()
  /** What the order made of each session, fact by fact. */
  readonly facts = new Map<string, string[]>()
  readonly opened = new Map<string, Opened>()
  readonly outcomes = new Map<string, safe.Outcome>()
  readonly #durable = new Map<string, safe.Outcome>()

  settle(name: string, id: string, outcome: safe.Outcome): void {
    const agreed = this.outcomes.get(id) ?? outcome
    this.outcomes.set(id, agreed)
    if (agreed !== outcome) throw violation('agreement', name, `ballot ${id} is ${outcome}, elsewhere ${agreed}`)
    if (this.#durable.has(`${name}/${id}`)) throw violation('fact-twice', name, `ballot ${id} is settled twice`)
    this.#durable.set(`${name}/${id}`, outcome)
  }

  outcomeAt(name: string, id: string): safe.Outcome | undefined {
    return this.#durable.get(`${name}/${id}`)
  }

  isKnown(id: string): boolean {
    return [...this.blocks.values()].some(
      ({ kind, body }) => kind === 'ballotProposal' && toHex(safe.decodeSignedProposal(body, scheme).id) === id,
    )
  }

  /** By the book: the votes in order, the first of an owner, until a quorum or a Close. */
  outcomeOf(id: string, openedAt: number, until: number): safe.Outcome | undefined {
    const { proposal, roster } = this.opened.get(id) as Opened
    const n = roster.size
    const required = Math.ceil((2 * n) / 3)
    const voted = new Map<string, boolean>()
    const count = (choice: boolean): number => [...voted.values()].filter((its) => its === choice).length
    for (const [index, { kind, body }] of [...this.blocks].sort(([a], [b]) => a - b)) {
      if (index <= openedAt || index > until) continue
      if (kind === 'ballotVote') {
        const { proposalId, owner, choice } = safe.decodeSafeVote(body, scheme)
        const key = toHex(owner)
        if (toHex(proposalId) !== id || !roster.has(key) || voted.has(key)) continue
        voted.set(key, choice)
        if (count(choice) >= required) return choice ? 'yes' : 'no'
      }
      if (kind === 'close' && toHex(body) === id) {
        const silent = n - voted.size
        const yes = count(true) + (proposal.livenessCriteriaYes ? silent : 0)
        const no = count(false) + (proposal.livenessCriteriaYes ? 0 : silent)
        const need = n <= 2 ? n : required
        if (yes >= need && yes > no) return 'yes'
        if (no >= need && no > yes) return 'no'
        if (silent === 0 && yes === no) return proposal.livenessCriteriaYes ? 'yes' : 'no'
        return 'failed'
      }
    }
    return undefined
  }
}

const runs = new WeakMap<AgreedOrder, AgreedBallots>()

/** Of the run with this order. */
export function ballotsOf(order: AgreedOrder): AgreedBallots {
  const ballots = runs.get(order) ?? new AgreedBallots()
  runs.set(order, ballots)
  return ballots
}

export class BallotLog implements Check {
  readonly #subject: Subject
  readonly #agreed: AgreedBallots
  /** Our own choices, by ballot. */
  readonly #own = new Map<string, boolean>()
  /** Owners of each choice of `quorum` ballots. */
  readonly #votes = new Map<string, Set<string>>()
  readonly #factCounts = new Map<string, number>()

  constructor(subject: Subject) {
    this.#subject = subject
    this.#agreed = ballotsOf(subject.order)
  }

  appended({ stream, facts }: DurableAppend): void {
    for (const { type, data } of facts) {
      if (stream.startsWith('block-')) this.#block(data)
      else if (stream.startsWith('ballot-')) this.#fact(type, data)
      else if (type === 'GossipEventAccepted') this.#event(data)
    }
  }

  /** ballots §8.6: our vote is in the log before it is sent. */
  sent(message: Bytes): void {
    const opened = decodePeerMessage(message)
    if (opened?.kind !== 'ballot') return
    const ballot = safe.decodeBallotMessage(decodeScopedBallot(opened.body).message, scheme)
    for (const { owner, proposalId, choice } of ballot.type === 'votes' ? ballot.votes : []) {
      if (!equalBytes(owner, this.#subject.id) || this.#own.get(toHex(proposalId)) === choice) continue
      throw violation('persist-before-publish', this.#subject.name, 'it sent a ballot vote that is not on its disk')
    }
  }

  #block(data: JsonObject): void {
    const index = Number(data['index'])
    const { kind } = data
    if (this.#agreed.blocks.has(index) || typeof kind !== 'string' || !BALLOT_KINDS.has(kind)) return
    const observation = decodeObservation(fromBase64Url(factText(data, 'observation')), this.#subject.format)
    if (observation.type === 'OpaquePayload') this.#agreed.blocks.set(index, decodePayload(observation.payload))
  }

  /** ballots §8.6: whatever our gossip says for us. */
  #event(data: JsonObject): void {
    if (data['observationHash'] === null) return
    const { creator, vote } = decodeEvent(fromBase64Url(factText(data, 'event')), this.#subject.format)
    if (!equalBytes(creator, this.#subject.id) || vote?.observation.type !== 'OpaquePayload') return
    const { kind, body } = decodePayload(vote.observation.payload)
    if (kind !== 'ballotVote') return
    const { proposalId, owner, choice } = safe.decodeSafeVote(body, scheme)
    if (equalBytes(owner, this.#subject.id)) this.#signed(toHex(proposalId), choice)
  }

  #signed(id: string, choice: boolean): void {
    const before = this.#own.get(id) ?? choice
    this.#own.set(id, before)
    if (before !== choice) throw violation('own-fork', this.#subject.name, `both choices of ballot ${id} are signed`)
  }

  #fact(type: string, data: JsonObject): void {
    const fact = safe.safeFactFromJson(type, data)
    const id = toHex(fact.proposalId)
    if (fact.type.startsWith('Ordered')) this.#sameEverywhere(id, JSON.stringify([type, data]))
    switch (fact.type) {
      case 'SafeProposalOpened':
      case 'OrderedSessionOpened': {
        const { proposal } = safe.decodeSignedProposal(fact.proposal, scheme)
        const keys = fact.roster ?? (proposal.roster.type === 'Listed' ? proposal.roster.keys : [])
        this.#agreed.opened.set(id, { proposal, roster: new Set(keys.map(toHex)) })
        return
      }
      case 'SafeVoteAccepted': {
        if (equalBytes(fact.owner, this.#subject.id)) this.#signed(id, fact.choice)
        const key = `${id}/${fact.choice}`
        this.#votes.set(key, (this.#votes.get(key) ?? new Set<string>()).add(toHex(fact.owner)))
        return
      }
      case 'SafeDecisionReached': {
        const size = this.#agreed.opened.get(id)?.roster.size ?? 0
        const votes = this.#votes.get(`${id}/${fact.choice}`)?.size ?? 0
        if (3 * votes < 2 * size) throw violation('validity', this.#subject.name, `${votes} of ${size} decide ${id}`)
        this.#agreed.settle(this.#subject.name, id, fact.choice ? 'yes' : 'no')
        return
      }
      case 'OrderedSessionSettled': {
        const opened = JSON.parse(this.#agreed.facts.get(id)?.[0] ?? '[]') as [string, JsonObject]
        const expected = this.#agreed.outcomeOf(id, Number(opened[1]['position']), fact.position)
        if (expected !== fact.outcome) {
          throw violation(
            'agreement',
            this.#subject.name,
            `ballot ${id} is ${fact.outcome}, the blocks say ${expected}`,
          )
        }
        this.#agreed.settle(this.#subject.name, id, fact.outcome)
        return
      }
      default:
    }
  }

  #sameEverywhere(id: string, text: string): void {
    const place = this.#factCounts.get(id) ?? 0
    this.#factCounts.set(id, place + 1)
    const agreed = this.#agreed.facts.get(id) ?? []
    this.#agreed.facts.set(id, agreed)
    if (place === agreed.length) agreed.push(text)
    if (agreed[place] !== text) {
      throw violation(
        'agreement',
        this.#subject.name,
        `fact ${place} of ballot ${id} is ${text}, elsewhere ${agreed[place]}`,
      )
    }
  }
}
