/**
 * A peer of ballots, of the crate or of ours, behind one interface. Messages are hex.
 */

import type { LineProcess } from '../../../bench/support/rust.ts'
import { fromHex, toHex } from '../../../src/base/text.ts'
import {
  BallotError,
  type BallotEvent,
  DEFAULT_SCOPE_CONFIG,
  type Decision,
  DecodeError,
  decideCreation,
  decideIncomingProposal,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
  decodeProposal,
  decodeVote,
  encodeProposal,
  encodeVote,
  type ScopeConfig,
  Session,
  verifierOf,
} from '../../../src/core/ballot/index.ts'
import { ethereum, ethereumSigner } from '../../../src/crypto/index.ts'
import type { Signer } from '../../../src/ports/signature-scheme.ts'
import type { Answer } from './reference.ts'

export interface ScopeSettings {
  readonly p2p: boolean
  readonly threshold: number
}

export interface Request {
  readonly name: string
  readonly payload: string
  readonly voters: number
  readonly expiresIn: number
  readonly liveness: boolean
}

export interface SessionView {
  readonly state: 'active' | 'yes' | 'no' | 'failed'
  readonly round: number
  readonly votes: readonly number[]
}

/** `draw` gives ids where ours are not drawn by the peer itself: the crate takes none. Times are seconds. */
export interface BallotPeer {
  setScope(settings: ScopeSettings): Promise<Answer>
  createProposal(request: Request, now: number, draw: number): Promise<Answer<string>>
  castVote(id: number, choice: boolean, now: number, draw: number): Promise<Answer<string>>
  /** The session's proposal with its votes. */
  castVoteAndGetProposal(id: number, choice: boolean, now: number, draw: number): Promise<Answer<string>>
  incomingProposal(message: string, now: number): Promise<Answer>
  incomingVote(message: string, now: number): Promise<Answer>
  timeout(id: number, now: number): Promise<Answer>
  session(id: number): Promise<Answer<SessionView | null>>
  /** Since the last call. */
  events(): Promise<Answer>
}

const SCOPE = 'interop'
const MAX_SESSIONS = 1000

/** A peer of the crate, in the process. */
export async function cratePeer(process: LineProcess, name: string, key: string): Promise<BallotPeer> {
  const ask = async <T>(op: string, rest: object): Promise<Answer<T>> =>
    (await process.ask({ peer: name, scope: SCOPE, op, ...rest })) as Answer<T>
  await ask('peer', { key, maxSessions: MAX_SESSIONS })
  return {
    setScope: (settings) => ask('scope', settings),
    createProposal: (request, now) => ask('createProposal', { ...request, now }),
    castVote: (id, choice, now) => ask('castVote', { id, choice, now }),
    castVoteAndGetProposal: (id, choice, now) => ask('castVoteAndGetProposal', { id, choice, now }),
    incomingProposal: (message, now) => ask('incomingProposal', { message, now }),
    incomingVote: (message, now) => ask('incomingVote', { message, now }),
    timeout: (id, now) => ask('timeout', { id, now }),
    session: (id) => ask('session', { id }),
    events: () => ask('events', {}),
  }
}

/** The errors that belong to the protocol, by name; others are thrown. */
function answer<T>(operation: () => T): Promise<Answer<T>> {
  try {
    return Promise.resolve({ ok: operation() })
  } catch (error) {
    if (error instanceof BallotError) return Promise.resolve({ error: error.code })
    if (error instanceof DecodeError) return Promise.resolve({ error: 'DecodeError' })
    return Promise.reject(error)
  }
}

/** A peer of ours: the pure core, with nothing behind it. */
export class CorePeer implements BallotPeer {
  readonly #signer: Signer
  readonly #sessions = new Map<number, Session>()
  #config: ScopeConfig | undefined
  #events: object[] = []

  constructor(key: string) {
    this.#signer = ethereumSigner(fromHex(key))
  }

  setScope({ p2p, threshold }: ScopeSettings): Promise<Answer> {
    this.#config = { ...DEFAULT_SCOPE_CONFIG, networkType: p2p ? 'p2p' : 'gossipsub', threshold }
    return Promise.resolve({ ok: null })
  }

  createProposal(request: Request, now: number, draw: number): Promise<Answer<string>> {
    return answer(() => {
      const { name, payload, voters, expiresIn, liveness } = request
      const terms = {
        name,
        payload: fromHex(payload),
        proposalOwner: this.#signer.identity,
        expectedVotersCount: voters,
        expirationSec: BigInt(expiresIn),
        livenessCriteriaYes: liveness,
      }
      const settings = { scopeConfig: this.#config, override: undefined }
      const decision = decideCreation(SCOPE, terms, draw, settings, BigInt(now))
      this.#sessions.set(draw, new Session())
      return toHex(encodeProposal(this.#settle(this.#known(draw), decision)))
    })
  }

  castVote(id: number, choice: boolean, now: number, draw: number): Promise<Answer<string>> {
    return answer(() => toHex(encodeVote(this.#cast(id, choice, now, draw))))
  }

  castVoteAndGetProposal(id: number, choice: boolean, now: number, draw: number): Promise<Answer<string>> {
    return answer(() => {
      this.#cast(id, choice, now, draw)
      return toHex(encodeProposal(this.#known(id).proposalAt()))
    })
  }

  #cast(id: number, choice: boolean, now: number, draw: number) {
    const session = this.#known(id)
    return this.#settle(session, decideOwnVote(session, { voteId: draw, choice, nowSec: BigInt(now) }, this.#signer))
  }

  incomingProposal(message: string, now: number): Promise<Answer> {
    return answer(() => {
      const proposal = decodeProposal(fromHex(message))
      const known = this.#sessions.get(proposal.proposalId)
      const decision = decideIncomingProposal(SCOPE, proposal, known, this.#config, this.#circumstances(now))
      const session = new Session()
      this.#sessions.set(proposal.proposalId, session)
      this.#settle(session, decision)
      return null
    })
  }

  incomingVote(message: string, now: number): Promise<Answer> {
    return answer(() => {
      const vote = decodeVote(fromHex(message))
      const session = this.#known(vote.proposalId)
      this.#settle(session, decideIncomingVote(session, vote, this.#circumstances(now)))
      return null
    })
  }

  timeout(id: number, now: number): Promise<Answer> {
    return answer(() => {
      const session = this.#known(id)
      return this.#settle(session, decideTimeout(session, BigInt(now))) ?? null
    })
  }

  session(id: number): Promise<Answer<SessionView | null>> {
    const session = this.#sessions.get(id)
    if (session === undefined) return Promise.resolve({ ok: null })
    const { status, round } = session.state
    const votes = session.proposalAt().votes.map((vote) => vote.voteId)
    return Promise.resolve({ ok: { state: status, round, votes } })
  }

  events(): Promise<Answer> {
    const events = this.#events
    this.#events = []
    return Promise.resolve({ ok: events })
  }

  #known(id: number): Session {
    const session = this.#sessions.get(id)
    if (session !== undefined) return session
    throw new BallotError({ code: 'SessionNotFound', scope: SCOPE, proposalId: id }, 'unknown')
  }

  #circumstances(now: number) {
    return { nowSec: BigInt(now), verify: verifierOf(ethereum), schemeName: ethereum.name }
  }

  #settle<T>(session: Session, decision: Decision<T>): T {
    for (const fact of decision.facts) session.evolve(fact)
    for (const event of decision.effects) this.#events.push(eventView(event))
    if (decision.refusal !== undefined) throw decision.refusal
    return decision.answer
  }
}

function eventView(event: BallotEvent): object {
  return { ...event, scope: SCOPE, timestamp: String(event.timestamp) }
}
