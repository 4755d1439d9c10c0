/**
 * @module engine/ballots/safe/ballots
 *
 * Ballots of the policy `safe`, over the assembly that a service or a peer of a group brings (ballots §8).
 */

import { map, type Observable } from 'rxjs'
import type { Bytes } from '../../../base/bytes.ts'
import { fromHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import type { Assembly } from '../assembly.ts'
import { isSafeState } from '../hosted.ts'
import type { ScopeHost } from '../scope-host.ts'
import type { Decision } from './decision.ts'
import type { BallotOrder } from './order.ts'
import type { BallotParts } from './parts.ts'
import { BallotProposal } from './proposal.ts'
import { QuorumCommands } from './quorum.ts'
import { BallotScope } from './scope.ts'

/** An encoded message for the other peers of a scope: hand it to their `scope(name).receive`. */
export interface OutgoingBallot {
  readonly scope: string
  readonly bytes: Bytes
}

/** An owner signed both choices: bytes that `verifyEvidence` takes from whoever knows the roster (ballots §8.5). */
export interface BallotEvidence {
  readonly scope: string
  readonly proof: safe.Equivocation
  readonly bytes: Bytes
}

export class Ballots {
  readonly #parts: BallotParts

  /** One notice for each decision, once it is durable; they come from now on. */
  readonly decisions$: Observable<Decision>
  /** The state of each session whenever it changes; `isGone` tells of its eviction or deletion. */
  readonly sessions$: Observable<safe.SafeSessionState>
  readonly evidence$: Observable<BallotEvidence>
  /** What the others of a `quorum` scope need; only after its facts are durable. */
  readonly outgoing$: Observable<OutgoingBallot>
  /** Names of scopes whose settings changed. */
  readonly declared$: Observable<string>

  constructor(assembly: Assembly, signer: Signer, order?: BallotOrder) {
    const { engine, registry, notifier, verification, clock, random } = assembly
    const quorum = new QuorumCommands({ engine, registry, verification, scheme: signer.scheme, order })
    this.#parts = {
      engine,
      registry,
      notifier,
      quorum,
      order,
      signer,
      clock,
      random,
      loggedCertificate: async (scope, proposalId, signal) => {
        // What is under way to the log is waited for; what is evicted stands there only.
        if (registry.find(scope, proposalId) !== undefined) {
          return quorum.read(scope, fromHex(proposalId), ({ votes }) => safe.quorumCertificate(votes))
        }
        const logged = await registry.loggedSession(scope, proposalId)
        const { finality, outcome, settledAt } = logged.state
        return finality === 'ordered' && order !== undefined
          ? order.certificate({ signed: logged.signed, outcome, settledAt }, signal)
          : safe.quorumCertificate(logged.votes)
      },
    }
    this.decisions$ = notifier.settled$.pipe(map((state) => this.#decisionOf(state)))
    this.sessions$ = notifier.safeSessions$
    this.evidence$ = notifier.equivocations$.pipe(
      map(({ scope, proof }) => ({ scope, proof, bytes: safe.encodeEquivocation(proof) })),
    )
    this.declared$ = notifier.declared$
    this.outgoing$ = notifier.outgoing$.pipe(
      map(({ scope, message }) => ({ scope, bytes: safe.encodeBallotMessage(message) })),
    )
  }

  /** Names of the scopes of finality `quorum` that this peer declared, by settings or by a session. */
  quorumScopes(): readonly string[] {
    return [...this.#parts.registry.scopes].filter((scope) => isQuorum(scope)).map(({ name }) => name)
  }

  /** The `quorum` sessions that are neither evicted nor deleted, oldest first. */
  held(): readonly safe.SafeSessionState[] {
    return this.sessions().filter(({ finality }) => finality === 'quorum')
  }

  /** All sessions that are neither evicted nor deleted, in order of arrival. */
  sessions(): readonly safe.SafeSessionState[] {
    return [...this.#parts.registry.hosts].flatMap(({ durable }) =>
      durable !== undefined && isSafeState(durable) && !durable.isGone ? [durable] : [],
    )
  }

  /** The proposal with this id, in whatever scope; `undefined` where it is not known, or gone. */
  find(id: string): BallotProposal | undefined {
    const state = this.sessions().find(({ proposalId }) => proposalId === id)
    return state === undefined ? undefined : this.scope(state.scope).proposal(id)
  }

  /** Neither here nor gone. */
  isNew(scope: string, proposalId: string): boolean {
    const { registry } = this.#parts
    return registry.find(scope, proposalId) === undefined && registry.endedOutcome(scope, proposalId) === undefined
  }

  scope(name: string): BallotScope {
    return new BallotScope(this.#parts, name)
  }

  #decisionOf(state: safe.SafeSessionState): Decision {
    const { scope, proposalId, name, owner, roster, finality, outcome, settledAt: position } = state
    if (outcome === null) throw safe.refuseSafe({ code: 'NotDecided', proposalId })
    const proposal = new BallotProposal(this.#parts, scope, proposalId)
    return {
      scope,
      proposalId,
      name,
      owner,
      roster,
      finality,
      outcome,
      position,
      get certificate() {
        return proposal.certificate()
      },
    }
  }
}

function isQuorum({ safeSettings, sessions }: ScopeHost): boolean {
  if (safeSettings !== undefined) return safeSettings.finality === 'quorum'
  for (const { durable } of sessions.values()) {
    if (durable !== undefined && isSafeState(durable)) return durable.finality === 'quorum'
  }
  return false
}
