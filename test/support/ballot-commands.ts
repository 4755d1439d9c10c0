/** Commands of every kind for property tests of the consensus service, and how they are given. */

import fc from 'fast-check'
import { encodeVote, type Vote } from '../../src/core/ballot/index.ts'
import type { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { request, START_SEC, voteBy } from './ballots.ts'

/** Any command; what does not fit (unknown ids, doubled votes, broken bytes, the past) is part of it. */
export type Command =
  | {
      readonly do: 'create'
      readonly scope: string
      readonly id: number
      readonly voters: number
      readonly sec: number
    }
  | {
      readonly do: 'override'
      readonly scope: string
      readonly id: number
      readonly p2p: boolean
      readonly rounds: number
    }
  | {
      readonly do: 'receive'
      readonly scope: string
      readonly id: number
      readonly voters: number
      readonly votes: readonly boolean[]
      readonly isBroken: boolean
      readonly sec: number
    }
  | { readonly do: 'cast'; readonly scope: string; readonly id: number; readonly choice: boolean }
  | {
      readonly do: 'vote'
      readonly scope: string
      readonly id: number
      readonly voter: string
      readonly choice: boolean
      readonly fault: 'none' | 'hash' | 'signature' | 'past' | 'bytes'
    }
  | { readonly do: 'timeout'; readonly scope: string; readonly id: number }
  | { readonly do: 'configure'; readonly scope: string; readonly threshold: number; readonly p2p: boolean }
  | { readonly do: 'delete'; readonly scope: string }
  | { readonly do: 'wait'; readonly sec: number }

export const SCOPES = ['treasury', 'a.b-c%$ é', '']
const VOTERS = ['ann', 'ben', 'cid', 'self']

const scope = fc.constantFrom(...SCOPES)
const id = fc.nat(4)
const sec = fc.constantFrom(0, 1, 5, 60)
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), scope, id, voters: fc.nat(4), sec }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('override' as const), scope, id, p2p: fc.boolean(), rounds: fc.nat(3) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('receive' as const),
      scope,
      id,
      voters: fc.nat(4),
      votes: fc.array(fc.boolean(), { maxLength: 4 }),
      isBroken: fc.boolean(),
      sec,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cast' as const), scope, id, choice: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      scope,
      id,
      voter: fc.constantFrom(...VOTERS),
      choice: fc.boolean(),
      fault: fc.constantFrom('none', 'none', 'none', 'none', 'hash', 'signature', 'past', 'bytes'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('timeout' as const), scope, id }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      scope,
      threshold: fc.constantFrom(0, 0.5, 2 / 3, 1, 2),
      p2p: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), scope }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), sec: fc.constantFrom(1, 5, 60) }) },
)

/** Votes and proposals of others, the same for all runs: they depend on the command and the time alone. */
function foreignVote(nowSec: bigint, { id: proposalId, voter, choice, fault }: Extract<Command, { do: 'vote' }>): Vote {
  const vote = voteBy(voter, { proposalId, timestamp: fault === 'past' ? START_SEC - 1n : nowSec }, choice)
  if (fault === 'hash') return { ...vote, voteId: vote.voteId + 1 }
  if (fault === 'signature') return { ...vote, signature: vote.signature.map((byte) => byte ^ 1) }
  return vote
}

/** Gives `command` to `service`; may throw at once. */
export function execute(
  service: ConsensusService,
  nowSec: bigint,
  command: Exclude<Command, { do: 'wait' }>,
): Promise<unknown> {
  const { scope: name } = command
  switch (command.do) {
    case 'create':
      return service.createProposal(
        name,
        request({ expectedVotersCount: command.voters, expirationSec: BigInt(command.sec) }),
        { id: command.id },
      )
    case 'override': {
      const networkType = command.p2p ? 'p2p' : 'gossipsub'
      const config = { networkType, threshold: 0.5, timeoutNs: 3_000_000_000n, maxRounds: command.rounds } as const
      return service.createProposalWithConfig(name, request(), { ...config, livenessCriteriaYes: false }, command)
    }
    case 'receive': {
      const proposal = {
        ...request(),
        proposalId: command.id,
        expectedVotersCount: command.voters,
        timestamp: nowSec,
        expirationTimestamp: nowSec + BigInt(command.sec),
        round: 9,
        votes: [] as Vote[],
      }
      command.votes.forEach((choice, place) => {
        proposal.votes.push(voteBy(VOTERS[command.isBroken ? 0 : place] ?? 'dan', proposal, choice))
      })
      return service.processIncomingProposal(name, proposal)
    }
    case 'cast':
      // An id that does not depend on how often this process has drawn one.
      return service.castVote(name, command.id, command.choice, { id: 77 })
    case 'vote': {
      const vote = foreignVote(nowSec, command)
      return service.processIncomingVote(name, command.fault === 'bytes' ? encodeVote(vote).slice(1) : vote)
    }
    case 'timeout':
      return service.handleConsensusTimeout(name, command.id)
    case 'configure': {
      const builder = service.scope(name).withThreshold(command.threshold)
      return builder.withNetworkType(command.p2p ? 'p2p' : 'gossipsub').initialize()
    }
    case 'delete':
      return service.deleteScope(name)
  }
}

/** How many runs, and the seed that is to be run again. */
export function runs(numRuns: number): { readonly numRuns: number; readonly seed?: number } {
  const seed = process.env['WITAN_SEED']
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) }
}
