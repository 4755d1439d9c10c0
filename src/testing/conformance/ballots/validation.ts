/**
 * @module testing/conformance/ballots/validation
 *
 * `validation.json`: checks of votes and proposals, and what a new peer does with each message in each state (ballots §3).
 */

import { fromHex, toHex } from '../../../base/text.ts'
import {
  checkVote,
  decodeProposal,
  decodeVote,
  encodeVote,
  validateProposal,
  verifierOf,
} from '../../../core/ballot/index.ts'
import { ethereum } from '../../../crypto/index.ts'
import { Comparison, type Runner } from '../verdict.ts'
import { type Answer, attempt, type Call, outcomeOf } from './format.ts'
import { type EventJson, Peer, type SessionJson } from './peer.ts'

interface Expected {
  readonly expect: string
  readonly session: SessionJson | null
  readonly events?: readonly EventJson[]
}

interface Meeting extends Expected {
  readonly name: string
  readonly proposal: string
  readonly delivered: boolean
  readonly scopeCalls?: readonly Call[]
  readonly initialize?: unknown
  readonly before: readonly { readonly vote?: string; readonly now: string }[]
  readonly now: string
  readonly vote?: string
  readonly choice?: boolean
  readonly id?: number
  readonly second?: { readonly choice: boolean; readonly id?: number; readonly vote?: string }
  readonly result?: boolean
  readonly again?: Expected & { readonly now: string; readonly result?: boolean }
}

interface Validation {
  readonly voters: readonly { readonly privateKey: string }[]
  readonly votes: readonly {
    name: string
    vote: string
    proposalTimestamp: string
    expirationTimestamp: string
    now: string
    expect: string
  }[]
  readonly proposals: readonly {
    name: string
    proposal: string
    now: string
    expectValidate: string
    expectIncoming: string
    scopeCalls?: readonly Call[]
    initialize?: unknown
    session: SessionJson | null
    events?: readonly EventJson[]
  }[]
  readonly incomingVotes: readonly Meeting[]
  readonly ownVotes: readonly Meeting[]
  readonly timeouts: readonly Meeting[]
  readonly knownProposals: readonly Meeting[]
}

type Part = 'incomingVotes' | 'ownVotes' | 'timeouts' | 'knownProposals'

const SCOPE = 's'
/** When a meeting's proposal is delivered. */
const DELIVERED_SEC = 1_000_001n
export const SECOND_OWN_VOTE = 'ballots §3: a second own vote on a decided session is the first one again, or refused'

class MeetingRun {
  readonly #comparison: Comparison
  readonly #peer: Peer
  readonly #meeting: Meeting
  readonly #where: string
  readonly #proposalId: number
  readonly #bytes: Uint8Array

  constructor(comparison: Comparison, part: Part, meeting: Meeting, privateKey: string) {
    this.#comparison = comparison
    this.#peer = new Peer({ privateKey })
    this.#meeting = meeting
    this.#where = `${part}, ${meeting.name}`
    this.#bytes = fromHex(meeting.proposal)
    this.#proposalId = decodeProposal(this.#bytes).proposalId
  }

  async run(part: Part): Promise<void> {
    await this.#prepare()
    const { now, second, again } = this.#meeting
    const nowSec = BigInt(now)
    if (part === 'ownVotes') {
      const first = await this.#cast(this.#meeting, nowSec)
      if (second === undefined) this.#compare('', first, this.#meeting)
      else await this.#castSecond(first, second, nowSec)
    } else if (part === 'timeouts') {
      await this.#timeout('', nowSec, this.#meeting)
      if (again !== undefined) await this.#timeout(', again', BigInt(again.now), again)
    } else {
      const { service } = this.#peer
      const { vote } = this.#meeting
      const answer = await attempt(() =>
        vote === undefined
          ? service.processIncomingProposal(SCOPE, this.#bytes, { nowSec })
          : service.processIncomingVote(SCOPE, fromHex(vote), { nowSec }),
      )
      this.#compare('', answer, this.#meeting)
    }
    await this.#peer.service.close()
  }

  async #prepare(): Promise<void> {
    const { service } = this.#peer
    const { scopeCalls, initialize, delivered, before } = this.#meeting
    await this.#peer.configure(SCOPE, scopeCalls, initialize)
    if (delivered) await service.processIncomingProposal(SCOPE, this.#bytes, { nowSec: DELIVERED_SEC })
    for (const { vote, now } of before) {
      const nowSec = BigInt(now)
      await attempt(() =>
        vote === undefined
          ? service.handleConsensusTimeout(SCOPE, this.#proposalId, { nowSec })
          : service.processIncomingVote(SCOPE, fromHex(vote), { nowSec }),
      )
    }
    this.#peer.takeEvents()
  }

  #cast(own: { choice?: boolean; id?: number }, nowSec: bigint): Promise<Answer> {
    const draw = { nowSec, ...(own.id === undefined ? {} : { id: own.id }) }
    return attempt(async () => {
      const vote = await this.#peer.service.castVote(SCOPE, this.#proposalId, own.choice === true, draw)
      return toHex(encodeVote(vote))
    })
  }

  async #castSecond(first: Answer, second: NonNullable<Meeting['second']>, nowSec: bigint): Promise<void> {
    const { vote, choice } = this.#meeting
    if (vote !== undefined) this.#comparison.expect(`${this.#where}: first vote`, first, { ok: vote })
    this.#peer.takeEvents()
    const answer = await this.#cast(second, nowSec)
    if (second.vote === undefined) {
      this.#compare(', second', answer, this.#meeting)
      return
    }
    // The reference votes twice on a decided session; we never do.
    this.#comparison.differsOnPurpose(SECOND_OWN_VOTE)
    const ours = second.choice === choice ? first : { error: 'UserAlreadyVoted' }
    this.#comparison.expect(`${this.#where}: second vote`, answer, ours)
    this.#comparison.expect(`${this.#where}: session`, this.#session(), this.#meeting.session)
  }

  async #timeout(which: string, nowSec: bigint, expected: Expected & { readonly result?: boolean }): Promise<void> {
    const answer = await attempt(() => this.#peer.service.handleConsensusTimeout(SCOPE, this.#proposalId, { nowSec }))
    if (expected.result !== undefined)
      this.#comparison.expect(`${this.#where}${which}: result`, answer, { ok: expected.result })
    this.#compare(which, answer, expected)
  }

  #compare(which: string, answer: Answer, { expect, session, events }: Expected): void {
    const where = `${this.#where}${which}`
    this.#comparison.expect(where, outcomeOf(answer), expect)
    this.#comparison.expect(`${where}: session`, this.#session(), session)
    this.#comparison.expect(`${where}: events`, this.#peer.takeEvents(), events ?? [])
    const { vote, choice, second } = this.#meeting
    if (choice !== undefined && second === undefined && vote !== undefined)
      this.#comparison.expect(`${where}: vote`, answer, { ok: vote })
  }

  #session(): SessionJson | null {
    return this.#peer.session(SCOPE, this.#proposalId)
  }
}

async function runProposal(
  comparison: Comparison,
  one: Validation['proposals'][number],
  privateKey: string,
): Promise<void> {
  const bytes = fromHex(one.proposal)
  const nowSec = BigInt(one.now)
  const where = `proposal, ${one.name}`
  const proposal = decodeProposal(bytes)
  const checked = await attempt(() => validateProposal(proposal, nowSec, verifierOf(ethereum), ethereum.name))
  comparison.expect(`${where}: validateProposal`, outcomeOf(checked), one.expectValidate)
  const peer = new Peer({ privateKey })
  await peer.configure(SCOPE, one.scopeCalls, one.initialize)
  const answer = await attempt(() => peer.service.processIncomingProposal(SCOPE, bytes, { nowSec }))
  comparison.expect(where, outcomeOf(answer), one.expectIncoming)
  comparison.expect(`${where}: session`, peer.session(SCOPE, proposal.proposalId), one.session)
  comparison.expect(`${where}: events`, peer.takeEvents(), one.events ?? [])
  await peer.service.close()
}

export const validationRunner: Runner = {
  kind: 'ballot validation',
  recognizes: (json) => Array.isArray(json['incomingVotes']) && Array.isArray(json['knownProposals']),
  async run(json) {
    const validation = json as object as Validation
    const comparison = new Comparison()
    const privateKey = validation.voters[0]?.privateKey ?? ''
    for (const { name, vote, proposalTimestamp, expirationTimestamp, now, expect } of validation.votes) {
      const bounds = { createdSec: BigInt(proposalTimestamp), expirationSec: BigInt(expirationTimestamp) }
      const decoded = decodeVote(fromHex(vote))
      const checked = await attempt(() => checkVote(decoded, bounds, BigInt(now), verifierOf(ethereum), ethereum.name))
      comparison.expect(`vote, ${name}`, outcomeOf(checked), expect)
    }
    for (const one of validation.proposals) await runProposal(comparison, one, privateKey)
    for (const part of ['incomingVotes', 'ownVotes', 'timeouts', 'knownProposals'] as const) {
      for (const meeting of validation[part]) await new MeetingRun(comparison, part, meeting, privateKey).run(part)
    }
    return comparison.verdict()
  },
}
