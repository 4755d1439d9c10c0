/**
 * @module cli/peer/ballots
 *
 * What a running peer answers about its ballots (ballots §8): propose, vote, decisions, explain, certificate.
 */

import type { Observable } from 'rxjs'
import { WitanError } from '../../base/errors.ts'
import { fromHex, toHex } from '../../base/text.ts'
import { safe } from '../../core/ballot/index.ts'
import type { BallotProposal } from '../../engine/ballots/safe/proposal.ts'
import type { Witan } from '../../engine/peer/witan.ts'

export type BallotRequest =
  | {
      readonly command: 'propose'
      readonly scope: string
      readonly name: string
      readonly payload: string
      readonly expiresInSec?: number
      readonly threshold?: number
      readonly silence?: 'yes' | 'no'
      /** Hex. */
      readonly roster?: readonly string[]
    }
  | { readonly command: 'ballot'; readonly id: string; readonly choice: boolean; readonly wait: boolean }
  | { readonly command: 'decisions'; readonly scope?: string; readonly follow: boolean }
  | { readonly command: 'explain' | 'certificate'; readonly id: string }

/** A follower that reads too slowly is told so, and ends. */
const MAX_BEHIND = 10_000

export class FollowError extends WitanError<{ readonly code: 'TooFarBehind'; readonly limit: number }> {}

export async function* answerBallot(witan: Witan, request: BallotRequest, signal: AbortSignal): AsyncGenerator<object> {
  switch (request.command) {
    case 'propose': {
      const { scope, name, payload, expiresInSec, threshold, silence, roster } = request
      const { id } = await witan.scope(scope).propose({
        name,
        payload,
        ...(expiresInSec === undefined ? {} : { expiresInSec }),
        ...(threshold === undefined ? {} : { threshold }),
        ...(silence === undefined ? {} : { livenessCriteriaYes: silence === 'yes' }),
        ...(roster === undefined ? {} : { roster: roster.map(fromHex) }),
      })
      yield { type: 'proposed', id, scope }
      return
    }
    case 'ballot': {
      const proposal = await proposalOf(witan, request.id)
      await proposal.vote(request.choice, { signal })
      yield { type: 'voted', id: request.id, choice: request.choice }
      if (request.wait) yield { type: 'outcome', id: request.id, outcome: await outcomeOf(proposal, signal) }
      return
    }
    case 'decisions':
      yield* decisions(witan, request, signal)
      return
    case 'explain':
      yield await (await proposalOf(witan, request.id)).explain()
      return
    case 'certificate': {
      const bytes = await (await proposalOf(witan, request.id)).certificate({ signal })
      yield { id: request.id, bytes: toHex(bytes) }
    }
  }
}

async function proposalOf(witan: Witan, id: string): Promise<BallotProposal> {
  const { ballots } = await witan.ballots()
  const proposal = ballots.find(id)
  if (proposal === undefined) throw safe.refuseSafe({ code: 'SessionNotFound', proposalId: id })
  return proposal
}

async function outcomeOf(proposal: BallotProposal, signal: AbortSignal): Promise<safe.Outcome | null> {
  for await (const outcome of follow(proposal.outcome$, signal)) return outcome
  return null
}

/** Those that are decided, oldest first, then from now on. */
async function* decisions(
  witan: Witan,
  request: Extract<BallotRequest, { readonly command: 'decisions' }>,
  signal: AbortSignal,
): AsyncGenerator<object> {
  const { ballots } = await witan.ballots()
  const isWanted = ({ scope }: { readonly scope: string }): boolean => (request.scope ?? scope) === scope
  // Before what stands is read, so that nothing is missed between.
  const news = request.follow ? follow(ballots.decisions$, signal) : undefined
  const told = new Set<string>()
  for (const { scope, proposalId, name, finality, outcome, settledAt } of ballots.sessions()) {
    if (outcome === null || !isWanted({ scope })) continue
    told.add(proposalId)
    yield { scope, proposalId, name, finality, outcome, position: settledAt }
  }
  if (news === undefined) return
  for await (const { scope, proposalId, name, finality, outcome, position } of news) {
    if (!isWanted({ scope }) || told.has(proposalId)) continue
    yield { scope, proposalId, name, finality, outcome, position }
  }
}

/** What an observable emits from now on, until it completes or the signal aborts. */
function follow<T>(source: Observable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const waiting: T[] = []
  let wake: (() => void) | undefined
  let isOver = signal.aborted
  const end = (): void => {
    isOver = true
    wake?.()
  }
  const subscription = source.subscribe({
    next: (value) => {
      waiting.push(value)
      wake?.()
    },
    complete: end,
  })
  signal.addEventListener('abort', end, { once: true })
  return (async function* drain() {
    try {
      while (true) {
        if (waiting.length > MAX_BEHIND) {
          throw new FollowError({ code: 'TooFarBehind', limit: MAX_BEHIND }, 'too many decisions wait to be read')
        }
        const next = waiting.shift()
        if (next !== undefined) yield next
        else if (isOver) return
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      subscription.unsubscribe()
    }
  })()
}
