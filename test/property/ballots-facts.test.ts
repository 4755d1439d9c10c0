import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BallotError,
  ballotFactFromJson,
  ballotFactToJson,
  calculateConsensusResult,
  DEFAULT_SCOPE_CONFIG,
  type Decision,
  decideIncomingProposal,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
  encodeProposal,
  hasSufficientVotes,
  requiredVotes,
  Session,
  type SessionFact,
} from '../../src/core/ballot/index.ts'
import { proposalOf, voteOf, voter } from '../support/ballot-messages.ts'

interface Command {
  readonly kind: 'vote' | 'own' | 'timeout'
  readonly voter: number
  readonly choice: boolean
}

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('vote' as const), voter: fc.nat({ max: 9 }), choice: fc.boolean() }),
  fc.record({ kind: fc.constant('own' as const), voter: fc.nat({ max: 2 }), choice: fc.boolean() }),
  fc.record({ kind: fc.constant('timeout' as const), voter: fc.constant(0), choice: fc.constant(false) }),
)
const scopeConfig = fc.record({
  networkType: fc.constantFrom('gossipsub' as const, 'p2p' as const),
  threshold: fc.constantFrom(0, 0.5, 2 / 3, 0.9, 1),
  timeoutNs: fc.constant(DEFAULT_SCOPE_CONFIG.timeoutNs),
  livenessCriteriaYes: fc.boolean(),
  maxRounds: fc.constantFrom(null, 1, 2, 3),
})

function decide(session: Session, { kind, voter: n, choice }: Command, nowSec: bigint): Decision<unknown> {
  if (kind === 'timeout') return decideTimeout(session, nowSec)
  if (kind === 'own') return decideOwnVote(session, { voteId: n, choice, nowSec }, voter(100 + n))
  const circumstances = { nowSec, verify: () => 'valid' as const, schemeName: 'test' }
  return decideIncomingVote(session, voteOf(n, choice, {}, nowSec), circumstances)
}

const shown = (session: Session) => ({ state: session.state, proposal: encodeProposal(session.proposalAt()) })

describe('facts of a session', () => {
  it('rebuild it from JSON, whatever was commanded, ballots §3', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 6 }),
        fc.boolean(),
        scopeConfig,
        fc.array(command, { maxLength: 25 }),
        (expectedVotersCount, livenessCriteriaYes, config, commands) => {
          const proposal = proposalOf({ expectedVotersCount, livenessCriteriaYes })
          const circumstances = { nowSec: 1_000n, verify: () => 'valid' as const, schemeName: 'test' }
          const facts: SessionFact[] = [
            ...decideIncomingProposal('s', proposal, undefined, config, circumstances).facts,
          ]
          const session = new Session()
          for (const fact of facts) session.evolve(fact)
          for (const [i, one] of commands.entries()) {
            const before = shown(session)
            let decision: Decision<unknown> | undefined
            try {
              decision = decide(session, one, 1_001n + BigInt(i))
            } catch (error) {
              if (!(error instanceof BallotError)) throw error
            }
            // Deciding changes nothing.
            expect(shown(session)).toEqual(before)
            for (const fact of decision?.facts ?? []) session.evolve(fact)
            facts.push(...(decision?.facts ?? []))
            // A decision is for good.
            const { status } = before.state
            const isDecided = status === 'yes' || status === 'no'
            expect(isDecided ? session.state.status : status).toBe(status)
          }
          const replayed = new Session()
          for (const fact of facts) {
            const json = JSON.parse(JSON.stringify(ballotFactToJson(fact)))
            replayed.evolve(ballotFactFromJson(fact.type, json) as SessionFact)
          }
          expect(shown(replayed)).toEqual(shown(session))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the result, ballots §5', () => {
  const counts = fc.record({
    expectedVoters: fc.nat({ max: 40 }),
    yes: fc.nat({ max: 25 }),
    no: fc.nat({ max: 25 }),
    threshold: fc.oneof(fc.constantFrom(0, 0.5, 2 / 3, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    livenessCriteriaYes: fc.boolean(),
    isTimeout: fc.boolean(),
  })

  it('turns round with all votes and the flag, but for two voters or fewer', () => {
    fc.assert(
      fc.property(counts, (one) => {
        if (one.expectedVoters <= 2) return
        const mirrored = { ...one, yes: one.no, no: one.yes, livenessCriteriaYes: !one.livenessCriteriaYes }
        const result = calculateConsensusResult(one)
        expect(calculateConsensusResult(mirrored)).toBe(result === undefined ? undefined : !result)
      }),
    )
  })

  it('needs a quorum of votes before the timeout', () => {
    fc.assert(
      fc.property(counts, (one) => {
        const { expectedVoters, threshold, yes, no } = one
        if (calculateConsensusResult({ ...one, isTimeout: false }) === undefined) return
        expect(hasSufficientVotes(yes + no, expectedVoters, threshold)).toBe(true)
        expect(yes + no).toBeGreaterThanOrEqual(requiredVotes(expectedVoters, threshold))
      }),
    )
  })

  it('asks for two thirds exactly, above 2^31 too', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 2 ** 32 - 1 }), (voters) => {
        const required = BigInt(requiredVotes(voters, 2 / 3))
        expect(3n * required >= 2n * BigInt(voters) && 3n * (required - 1n) < 2n * BigInt(voters)).toBe(true)
      }),
    )
  })
})
