/**
 * ballots §8.4, §8.9 through the whole scope: whatever the order in which proposal, votes, repeats and the deadline come, and
 * wherever the scope is rebuilt from its log or the session unloaded to it, equal sets of votes give equal state.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SafeBallotError } from '../../src/core/ballot/safe/errors.ts'
import { signVote } from '../../src/core/ballot/safe/propose.ts'
import type { QuorumFact, QuorumStep } from '../../src/core/ballot/safe/quorum/facts.ts'
import { QuorumScope } from '../../src/core/ballot/safe/quorum/scope.ts'
import type { SafeVote, SignedProposal } from '../../src/wire/ballot/index.ts'
import { CREATED_SEC, EXPIRY_SEC, propose, quickScheme, quickSigners } from '../support/safe-ballots.ts'

type Input =
  | { readonly type: 'vote'; readonly vote: SafeVote }
  | { readonly type: 'proposal' | 'deadline' | 'restart' | 'unload' }

/** A peer: its scope, and the facts in its log. */
class Peer {
  readonly #proposal: SignedProposal
  readonly #log: QuorumFact[] = []
  scope = newScope()

  constructor(proposal: SignedProposal) {
    this.#proposal = proposal
  }

  take(input: Input): void {
    const { id } = this.#proposal
    if (input.type === 'restart') {
      // Early votes are lost; they come again by sync.
      if (this.scope.residence(id) === 'unknown') return
      this.scope = newScope()
      this.#load()
    } else if (input.type === 'unload') {
      if (this.scope.unload(id)) this.#load()
    } else if (input.type === 'proposal') this.#store(this.scope.openProposal(this.#proposal, CREATED_SEC))
    else if (input.type === 'vote') this.#store(this.scope.receiveVote(input.vote))
    else this.#passDeadline()
  }

  #passDeadline(): void {
    try {
      this.#store(this.scope.passDeadline(this.#proposal.id, EXPIRY_SEC))
    } catch (error) {
      if (!(error instanceof SafeBallotError) || error.code !== 'SessionNotFound') throw error
    }
  }

  #store({ facts }: QuorumStep): void {
    this.#log.push(...facts)
  }

  #load(): void {
    for (const fact of this.#log) this.scope.evolve(fact)
  }
}

function newScope(): QuorumScope {
  return new QuorumScope({ scope: 'treasury', groupId: null, scheme: quickScheme })
}

/** A roster, and what its owners sign: `n` no, `y` yes, `b` both (fewer than a third), `-` nothing. */
const elections = fc.integer({ min: 1, max: 10 }).chain((n) =>
  fc
    .array(fc.constantFrom('y', 'n', 'b', '-'), { minLength: n, maxLength: n })
    .filter((choices) => 3 * choices.filter((choice) => choice === 'b').length < n)
    .map((choices) => {
      const owners = quickSigners(n)
      const proposal = propose(owners)
      const votes = owners.flatMap((owner, i) => [
        ...(choices[i] === 'y' || choices[i] === 'b' ? [signVote(proposal.id, true, owner)] : []),
        ...(choices[i] === 'n' || choices[i] === 'b' ? [signVote(proposal.id, false, owner)] : []),
      ])
      return { proposal, votes }
    }),
)

const runs = elections.chain(({ proposal, votes }) => {
  const once: Input[] = [...votes.map((vote) => ({ type: 'vote', vote }) as const), { type: 'proposal' }]
  const more = fc.array(
    fc.constantFrom<Input>(...once, { type: 'deadline' }, { type: 'restart' }, { type: 'unload' }),
    { maxLength: 10 },
  )
  const order = more.chain((added) => {
    const all = [...once, ...added]
    return fc.shuffledSubarray(all, { minLength: all.length })
  })
  return fc.record({ proposal: fc.constant(proposal), first: order, second: order })
})

describe('two peers with the same votes', () => {
  it('are in the same state, in any order, with restarts', () => {
    const property = fc.property(runs, ({ proposal, first, second }) => {
      const views = [first, second].map((inputs) => {
        const peer = new Peer(proposal)
        for (const input of inputs) peer.take(input)
        peer.take({ type: 'deadline' })
        return { view: peer.scope.session(proposal.id).view(), votes: peer.scope.exportVotes(proposal.id) }
      })
      expect(views[0]).toEqual(views[1])
    })
    expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow()
  })
})
