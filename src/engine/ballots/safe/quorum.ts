/**
 * @module engine/ballots/safe/quorum
 *
 * Commands of finality `quorum` on the one path of ballots: signatures are checked in bulk beforehand, core decides, and
 * what follows is durable before it is answered or spread (ballots §8).
 *
 * Bound: votes before their proposal are held, 1,000 for each scope, the oldest dropped; set sync brings them again.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { assert } from '../../../base/errors.ts'
import { toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import type { SignatureScheme, Signer, Verdict } from '../../../ports/signature-scheme.ts'
import type { VerificationQueue } from '../../verification.ts'
import { type Command, type HostedSession, NO_COMMAND } from '../hosted.ts'
import type { Registry } from '../registry.ts'
import type { ScopeHost } from '../scope-host.ts'
import type { SessionEngine } from '../session-engine.ts'
import type { SessionHost } from '../session-host.ts'
import type { BallotOrder } from './order.ts'

interface Parts {
  readonly engine: SessionEngine
  readonly registry: Registry
  readonly verification: VerificationQueue
  readonly scheme: SignatureScheme
  readonly order: BallotOrder | undefined
}

export class QuorumCommands {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Our own proposal: its roster is our choice. */
  openOwn(scope: string, signed: safe.SignedProposal): Promise<void> {
    return this.#open(scope, signed, true)
  }

  /**
   * Another's proposal; one that is known already changes nothing, deleted and evicted ones included. Its roster must be
   * one that the scope was told of, or the group's voters: else anybody could found a roster of its own, and decide.
   */
  open(scope: string, signed: safe.SignedProposal): Promise<void> {
    return this.#open(scope, signed, false)
  }

  async #open(scope: string, signed: safe.SignedProposal, isOwn: boolean): Promise<void> {
    const { engine, registry, verification, scheme } = this.#parts
    const proposalId = toHex(signed.id)
    if (this.#isKnown(scope, proposalId)) return
    const { opened } = await verification.run([safe.proposalVerification(signed)], ([verdict]) => ({
      opened: engine.open(scope, proposalId, ({ known, scope: host }) => {
        if (known !== undefined || registry.endedOutcome(scope, proposalId) !== undefined) return NO_COMMAND
        const settings = this.#settingsOf(host)
        // ballots §8.4: one finality a scope.
        if (settings.finality !== 'quorum') {
          throw safe.refuseSafe({ code: 'WrongFinality', proposalId, expected: settings.finality })
        }
        if (!isOwn) safe.checkRosterOfScope(signed, settings)
        return this.#admit(scope, signed, host, safe.knownVerdict(scheme.name, verdict))
      }),
    }))
    await opened
  }

  /** Votes as a set (ballots §8.9). What is refused is told and takes nothing from the others. */
  async receiveVotes(scope: string, votes: readonly safe.SafeVote[]): Promise<readonly safe.RefusedVote[]> {
    const { verification } = this.#parts
    const news = votes.filter((vote) => !this.#holds(scope, vote))
    const requests = news.map((vote) => safe.voteVerification(vote))
    const { taken } = await verification.run(requests, (verdicts) => ({
      taken: news.map((vote, i) => this.#take(scope, vote, verdicts[i])),
    }))
    const results = await Promise.all(taken)
    return results.filter((refused) => refused !== undefined)
  }

  /** Our vote; the same choice again gives the same vote. */
  async cast(scope: string, proposalId: Bytes, choice: boolean, signer: Signer): Promise<safe.SafeVote> {
    return this.#parts.engine.run(this.host(scope, proposalId), (session) => {
      const { vote, step } = safe.decideOwnVote(votesOf(session), choice, signer)
      return { ...step, answer: vote }
    })
  }

  /** What `ask` makes of a session, its votes loaded where they were in the log only. */
  async read<Answer>(scope: string, proposalId: Bytes, ask: (session: safe.SafeSession) => Answer): Promise<Answer> {
    return this.#parts.engine.run(this.host(scope, proposalId), (session) => ({
      ...NO_COMMAND,
      answer: ask(safeSession(session)),
    }))
  }

  /** Throws `SessionNotFound`. */
  host(scope: string, proposalId: Bytes): SessionHost {
    const host = this.#parts.registry.find(scope, toHex(proposalId))
    if (host === undefined) throw safe.refuseSafe({ code: 'SessionNotFound', proposalId: toHex(proposalId) })
    return host
  }

  #isKnown(scope: string, proposalId: string): boolean {
    const { registry } = this.#parts
    return registry.find(scope, proposalId) !== undefined || registry.endedOutcome(scope, proposalId) !== undefined
  }

  #holds(scope: string, { proposalId, owner, choice }: safe.SafeVote): boolean {
    const host = this.#parts.registry.find(scope, toHex(proposalId))
    if (host === undefined) return this.#parts.registry.endedOutcome(scope, toHex(proposalId)) !== undefined
    if (!host.isSound || host.session.isGone) return false
    const { votes } = safeSession(host.session)
    return votes.roster.has(owner) && votes.holds(owner, choice)
  }

  #settingsOf(host: ScopeHost | undefined): safe.SafeScopeSettings {
    return host?.safeSettings ?? safe.defaultSafeSettings(this.#parts.order === undefined ? 'quorum' : 'ordered')
  }

  #admit(
    scope: string,
    signed: safe.SignedProposal,
    host: ScopeHost | undefined,
    verifier: safe.BallotVerifier,
  ): Command<undefined> {
    const nowSec = Number(this.#parts.engine.nowSec())
    const { order } = this.#parts
    const settings = this.#settingsOf(host)
    safe.checkOpening(signed, nowSec, (owner) => openOf(host, owner))
    const groupId = order?.groupId ?? null
    const rules: safe.ScopeRules = {
      groupId,
      scope,
      finality: 'quorum',
      proposersOf: () => settings.proposers,
      verifier,
    }
    const roster = safe.admitOrThrow(signed, rules, order?.votersBefore ?? (() => null), null)
    const early = host?.earlyVotes.take(signed.id) ?? []
    return { ...safe.decideOpening(signed, roster, early, nowSec), answer: undefined }
  }

  async #take(scope: string, vote: safe.SafeVote, verdict: Verdict | undefined): Promise<safe.RefusedVote | undefined> {
    const { engine, registry, scheme } = this.#parts
    const verifier = safe.knownVerdict(scheme.name, verdict)
    const proposalId = toHex(vote.proposalId)
    try {
      const host = registry.find(scope, proposalId)
      // What does not verify is not worth loading a session from the log.
      if (host?.isSound === false && !verifier.isVoteValid(vote)) {
        throw safe.refuseSafe({ code: 'InvalidVoteSignature', proposalId, owner: toHex(vote.owner) })
      }
      if (host !== undefined) {
        await engine.run(host, (session) => ({
          ...safe.decideVote(votesOf(session), vote, verifier),
          answer: undefined,
        }))
      } else if (registry.endedOutcome(scope, proposalId) === undefined) {
        engine.checkPolicy(scope, 'safe')
        if (!verifier.isVoteValid(vote)) {
          throw safe.refuseSafe({ code: 'InvalidVoteSignature', proposalId, owner: toHex(vote.owner) })
        }
        // ballots §8.11
        registry.scope(scope).earlyVotes.hold(vote)
      }
      return undefined
    } catch (error) {
      if (error instanceof safe.SafeBallotError) return { vote, why: error.data }
      throw error
    }
  }
}

/** Open sessions of an owner, or of all, those under way to the log included. */
function openOf(scope: ScopeHost | undefined, owner: Bytes | null): number {
  const key = owner === null ? null : toHex(owner)
  let open = 0
  for (const { session } of scope?.sessions.values() ?? []) {
    if (!(session instanceof safe.SafeSession) || session.isGone) continue
    if ((key === null || session.state.owner === key) && session.state.phase === 'open') open += 1
  }
  return open
}

function safeSession(session: HostedSession): safe.SafeSession {
  assert(session instanceof safe.SafeSession, 'a session with a digest is of the policy safe')
  return session
}

/** Throws `WrongFinality` for a session of the order. */
function votesOf(session: HostedSession): safe.QuorumSession {
  const { state, votes } = checked(safeSession(session))
  assert(!state.isGone, 'a session that is gone is never asked')
  return votes
}

function checked(session: safe.SafeSession): safe.SafeSession {
  const { finality, proposalId } = session.state
  if (finality !== 'quorum') throw safe.refuseSafe({ code: 'WrongFinality', proposalId, expected: finality })
  return session
}
