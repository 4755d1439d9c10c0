/**
 * @module engine/ballots/safe/proposal
 *
 * One proposal of the policy `safe`, as the application holds it (ballots §8). It stays valid when its session is unloaded
 * or evicted, and before the order has opened it.
 */

import { defer, EMPTY, filter, map, type Observable, of } from 'rxjs'
import type { Bytes } from '../../../base/bytes.ts'
import { fromHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import { isSafeState } from '../hosted.ts'
import { type Explanation, explanation } from './decision.ts'
import type { BallotParts } from './parts.ts'

export interface WaitOptions {
  readonly signal?: AbortSignal
}

export class BallotProposal {
  readonly #parts: BallotParts
  readonly #id: Bytes
  readonly scope: string
  /** Hex of its digest. */
  readonly id: string

  /**
   * yes, no, or in `ordered` also failed; then complete. Late subscribers are told, too. Expiry is no outcome: a quorum
   * may still come.
   */
  readonly outcome$: Observable<safe.Outcome>

  constructor(parts: BallotParts, scope: string, id: string) {
    this.#parts = parts
    this.#id = fromHex(id)
    this.scope = scope
    this.id = id
    this.outcome$ = defer(() => this.#outcome())
  }

  /** Frozen; `undefined` where it is unknown, not in the order yet, or gone. */
  get state(): safe.SafeSessionState | undefined {
    const state = this.#parts.registry.find(this.scope, this.id)?.durable
    return state !== undefined && isSafeState(state) && !state.isGone ? state : undefined
  }

  /** How it is settled, also after its eviction; `null`: it is not, as far as we know. */
  get outcome(): safe.Outcome | null {
    const ended = this.#parts.registry.endedOutcome(this.scope, this.id)
    return typeof ended === 'string' ? ended : (this.state?.outcome ?? null)
  }

  /**
   * Our vote: durable when this resolves. In `ordered` it waits for the proposal to be in the order. The same choice again
   * gives the same vote; another is refused with `UserAlreadyVoted`.
   */
  async vote(choice: boolean, { signal }: WaitOptions = {}): Promise<safe.SafeVote> {
    const { order, quorum, signer, registry } = this.#parts
    // Evicted or deleted: it never opens here again, so there is nothing to wait for.
    if (registry.endedOutcome(this.scope, this.id) !== undefined) {
      throw safe.refuseSafe({ code: 'SessionNotActive', proposalId: this.id })
    }
    if (order === undefined || this.#finality() === 'quorum') return quorum.cast(this.scope, this.#id, choice, signer)
    return order.vote({ proposalId: this.#id, choice, signer, ...(signal === undefined ? {} : { signal }) })
  }

  /** Why it is decided so, or what is missing. Throws `SessionNotFound`. */
  async explain(): Promise<Explanation> {
    const { order, quorum } = this.#parts
    const ordered = order?.session(this.#id)
    if (ordered === undefined) return quorum.read(this.scope, this.#id, explainQuorum)
    const { signed, rosterSize, ...view } = ordered.view()
    return explanation({
      ...view,
      ...termsOf(signed, this.id),
      phase: view.outcome === null ? 'open' : 'settled',
      rosterSize,
      equivocators: ordered.roster.keys.filter((_, place) => ordered.isEquivocator(place)),
      provisional: order?.provisional(this.#id)?.decision ?? null,
    })
  }

  /** What proves its outcome to a stranger (ballots §8.7); fails with `NotDecided` before. */
  async certificate({ signal }: WaitOptions = {}): Promise<Bytes> {
    const { order } = this.#parts
    const ordered = order?.session(this.#id)
    if (order !== undefined && ordered !== undefined) return order.certificate(ordered, signal)
    return this.#parts.loggedCertificate(this.scope, this.id, signal)
  }

  /** Of the session, or else what the scope has for those to come. */
  #finality(): safe.Finality {
    const { registry, order } = this.#parts
    const settings = registry.findScope(this.scope)?.safeSettings
    return this.state?.finality ?? settings?.finality ?? (order === undefined ? 'quorum' : 'ordered')
  }

  #outcome(): Observable<safe.Outcome> {
    const { registry, notifier } = this.#parts
    const ended = registry.endedOutcome(this.scope, this.id)
    if (ended !== undefined) return typeof ended === 'string' ? of(ended) : EMPTY
    return notifier
      .outcomeOf$(registry.streamOf(this.scope, this.id), () => this.state)
      .pipe(
        filter((outcome) => typeof outcome === 'string'),
        map((outcome): safe.Outcome => outcome),
      )
  }
}

function explainQuorum(session: safe.SafeSession): Explanation {
  const { state } = session
  const { signed, rosterSize, quorum, yes, no, silent, equivocators } = session.votes.view()
  const { phase, outcome, settledAt, proposalId } = state
  const counts = { rosterSize, quorum, yes, no, silent, equivocators }
  return explanation({ ...termsOf(signed, proposalId), ...counts, phase, outcome, settledAt, provisional: null })
}

function termsOf({ proposal }: safe.SignedProposal, proposalId: string) {
  const { scope, name, finality, expirySec: deadlineSec } = proposal
  return { scope, name, proposalId, finality: finality.type, deadlineSec }
}
