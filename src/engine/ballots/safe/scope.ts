/**
 * @module engine/ballots/safe/scope
 *
 * A scope, as the application holds it. `propose` and what belongs to it are of the policy `safe` (ballots §8), the default;
 * the builder's `initialize` and `update` make the scope `compatible` (ballots §6). What a scope is, it stays as long as it
 * holds anything: the other policy is refused with `PolicyMixed`.
 */

import { type Bytes, EMPTY_BYTES, utf8 } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { type ScopeConfig, ScopeConfigBuilder, safe } from '../../../core/ballot/index.ts'
import { NONCE_BYTES } from '../../../wire/ballot/index.ts'
import { isSafeState } from '../hosted.ts'
import type { BallotParts } from './parts.ts'
import { BallotProposal } from './proposal.ts'

export interface ProposeOptions {
  /** At most 256 bytes of UTF-8. */
  readonly name: string
  /** At most 64 KiB; text is UTF-8. Default: empty. */
  readonly payload?: Bytes | string
  /** From now; a whole number from 1. Default: the scope's, else 3,600. */
  readonly expiresInSec?: number
  /** Who votes: distinct public keys. Default: the scope's; in a group, else, its voters. */
  readonly roster?: readonly Bytes[]
  /** Default: the scope's, else two thirds. */
  readonly threshold?: number
  /** How the close of an `ordered` ballot weighs silence. Default: the scope's, else as no. */
  readonly livenessCriteriaYes?: boolean
}

export interface SafeScopeStats {
  readonly open: number
  readonly expired: number
  readonly yes: number
  readonly no: number
  readonly failed: number
  /** Votes that wait for their proposal; at most 1,000. */
  readonly earlyVotes: number
}

export class BallotScope extends ScopeConfigBuilder<Promise<void>> {
  readonly #parts: BallotParts
  readonly name: string

  constructor(parts: BallotParts, name: string) {
    super(parts.registry.findScope(name)?.config, (config: ScopeConfig) =>
      parts.engine.configureScope(name, 'compatible', () => ({
        type: 'ScopeConfigured',
        config,
        nowSec: parts.engine.nowSec(),
      })),
    )
    this.#parts = parts
    this.name = name
  }

  /** What holds for proposals of now on. Frozen. */
  get settings(): safe.SafeScopeSettings {
    const { registry, order } = this.#parts
    const stored = registry.findScope(this.name)?.safeSettings
    return stored ?? safe.defaultSafeSettings(order === undefined ? 'quorum' : 'ordered')
  }

  /**
   * Changes settings; proposals that exist keep theirs, and earlier rosters stay valid for them. Another finality is refused with
   * `NotSettled` while a session is not settled.
   */
  async configure(change: safe.SafeScopeChange): Promise<void> {
    const { engine, order } = this.#parts
    if (change.finality === 'ordered' && order === undefined) throw noOrder()
    const isChanged = change.finality !== undefined && change.finality !== this.settings.finality
    const unsettled = isChanged ? this.#states().find(({ phase }) => phase !== 'settled') : undefined
    if (unsettled !== undefined) throw safe.refuseSafe({ code: 'NotSettled', proposalId: unsettled.proposalId })
    await engine.configureScope(this.name, 'safe', (scope) => {
      const fallback = safe.defaultSafeSettings(order === undefined ? 'quorum' : 'ordered')
      const settings = safe.changedSettings(scope?.safeSettings ?? fallback, change)
      return { type: 'SafeScopeConfigured', settings, nowSec: engine.nowSec() }
    })
  }

  /** Signs a proposal; durable when this resolves. */
  async propose(options: ProposeOptions): Promise<BallotProposal> {
    const { engine, order, quorum, random, signer } = this.#parts
    const { settings } = this
    const { name, payload = EMPTY_BYTES, expiresInSec = settings.expiresInSec } = options
    const createdSec = Number(engine.nowSec())
    engine.checkPolicy(this.name, 'safe')
    const draft: safe.ProposalDraft = {
      scope: this.name,
      groupId: order?.groupId ?? null,
      name,
      payload: typeof payload === 'string' ? utf8(payload) : payload,
      roster: this.#rosterOf(options, settings),
      finality:
        settings.finality === 'quorum' ? { type: 'quorum' } : { type: 'ordered', fromPosition: order?.position ?? 0 },
      createdSec,
      expirySec: createdSec + expiresInSec,
      threshold: options.threshold ?? settings.threshold,
      livenessCriteriaYes: options.livenessCriteriaYes ?? settings.livenessCriteriaYes,
    }
    const nonce = random.bytes(NONCE_BYTES)
    const maxBytes = order?.maxProposalBytes ?? Number.POSITIVE_INFINITY
    const signed = safe.buildSafeProposal(draft, signer, { nonce, maxBytes })
    if (settings.finality === 'ordered') await orderOf(order).propose(signed)
    else await quorum.openOwn(this.name, signed)
    return new BallotProposal(this.#parts, this.name, toHex(signed.id))
  }

  /** By the hex of its digest; whether it is known, its `state` says. */
  proposal(id: string): BallotProposal {
    return new BallotProposal(this.#parts, this.name, id)
  }

  /** Those that are neither evicted nor deleted, in order of arrival. */
  proposals(): readonly BallotProposal[] {
    return this.#states().map(({ proposalId }) => this.proposal(proposalId))
  }

  get stats(): SafeScopeStats {
    const states = this.#states()
    const count = (what: safe.SafePhase | safe.Outcome): number =>
      states.filter(({ phase, outcome }) => (outcome ?? phase) === what).length
    const earlyVotes = this.#parts.registry.findScope(this.name)?.earlyVotes.size ?? 0
    return {
      open: count('open'),
      expired: count('expired'),
      yes: count('yes'),
      no: count('no'),
      failed: count('failed'),
      earlyVotes,
    }
  }

  /**
   * What another peer or an external voter sent: a proposal, votes as a set, or a certificate (docs/wire.md). In `ordered` it
   * is carried into the order. Throws a `CodecError` for what is no message, a `SafeBallotError` for a proposal that is
   * refused; votes that are refused are told, and take nothing from the others.
   */
  async receive(bytes: Bytes): Promise<readonly safe.RefusedVote[]> {
    const { quorum, signer } = this.#parts
    const message = safe.decodeBallotMessage(bytes, signer.scheme)
    this.#parts.engine.checkPolicy(this.name, 'safe')
    switch (message.type) {
      case 'proposal':
        if (message.signed.proposal.finality.type === 'ordered') await this.#carryProposal(message.signed)
        else await quorum.open(this.name, message.signed)
        return []
      case 'votes':
        return this.settings.finality === 'ordered'
          ? this.#carry(message.votes)
          : quorum.receiveVotes(this.name, message.votes)
      case 'certificate': {
        const { signed, votesOf } = safe.openCertificate(message.bytes, signer.scheme)
        await quorum.open(this.name, signed)
        const votes = await quorum.read(this.name, signed.id, (session) => votesOf(session.votes.roster))
        return quorum.receiveVotes(this.name, votes)
      }
    }
  }

  /** Everything that a late joiner of a `quorum` scope needs, as messages in any order (ballots §8.9). */
  async *messages(): AsyncGenerator<Bytes> {
    for (const { proposalId, finality } of this.#states()) {
      if (finality !== 'quorum') continue
      for (const message of await this.messagesOf(proposalId)) yield message
    }
  }

  /** The proposal and the votes of one session. */
  messagesOf(proposalId: string): Promise<readonly Bytes[]> {
    const { quorum } = this.#parts
    return quorum.read(this.name, fromHex(proposalId), ({ votes: session }) => {
      const proposal = safe.encodeBallotMessage({ type: 'proposal', signed: session.signed })
      const votes = session.votes()
      return votes.length === 0 ? [proposal] : [proposal, safe.encodeBallotMessage({ type: 'votes', votes })]
    })
  }

  /**
   * Forgets its settings and sessions; their facts stay in the log, and none of its proposals ever opens here again, so
   * that our votes in it stand for ever. Refused with `NotSettled` while a ballot of it is open in the order.
   */
  async delete(): Promise<void> {
    const open = this.#states().find(({ finality, phase }) => finality === 'ordered' && phase === 'open')
    if (open !== undefined) throw safe.refuseSafe({ code: 'NotSettled', proposalId: open.proposalId })
    await this.#parts.engine.deleteScope(this.name)
  }

  async #carryProposal(signed: safe.SignedProposal): Promise<void> {
    const proposalId = toHex(signed.id)
    const { scope } = signed.proposal
    if (scope !== this.name) throw safe.refuseSafe({ code: 'ForeignProposal', proposalId, scope })
    const { finality } = this.settings
    if (finality !== 'ordered') throw safe.refuseSafe({ code: 'WrongFinality', proposalId, expected: finality })
    await orderOf(this.#parts.order).propose(signed)
  }

  async #carry(votes: readonly safe.SafeVote[]): Promise<readonly safe.RefusedVote[]> {
    const refused: safe.RefusedVote[] = []
    for (const vote of votes) {
      try {
        await orderOf(this.#parts.order).carry(vote)
      } catch (error) {
        if (!(error instanceof safe.SafeBallotError)) throw error
        refused.push({ vote, why: error.data })
      }
    }
    return refused
  }

  #rosterOf({ roster }: ProposeOptions, settings: safe.SafeScopeSettings): safe.RosterSpec {
    const keys = roster ?? settings.roster
    if (keys !== null) return { type: 'Listed', keys }
    const { order } = this.#parts
    if (order === undefined) {
      throw safe.refuseSafe({
        code: 'InvalidRoster',
        why: 'without a group, say who votes: `roster`, here or in configure',
      })
    }
    // ballots §8.1
    return settings.finality === 'ordered'
      ? { type: 'VotersAtOpening' }
      : { type: 'VotersBefore', position: order.position }
  }

  #states(): readonly safe.SafeSessionState[] {
    const sessions = this.#parts.registry.findScope(this.name)?.sessions.values() ?? []
    return [...sessions].flatMap(({ durable }) =>
      durable !== undefined && isSafeState(durable) && !durable.isGone ? [durable] : [],
    )
  }
}

function orderOf<Order>(order: Order | undefined): Order {
  if (order === undefined) throw noOrder()
  return order
}

function noOrder(): safe.SafeBallotError {
  return safe.refuseSafe({
    code: 'InvalidProposal',
    why: 'finality ordered needs a group that orders: use createWitan',
  })
}
