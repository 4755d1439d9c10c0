import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { type SessionPhase, type SessionSignal, sessionMachine } from '../../machines/session.machine.ts'
import {
  BallotError,
  decideCreation,
  decideIncomingVote,
  decideOwnVote,
  decideTimeout,
  GOSSIPSUB_CONFIG,
  outcomeOf,
  P2P_CONFIG,
  type Proposal,
  Session,
  type SessionFact,
  type SessionState,
  verifierOf,
} from '../../src/core/ballot/index.ts'
import { SIGNAL_OF } from '../../src/engine/ballots/hosted.ts'
import { request, START_SEC, voteBy } from '../support/ballots.ts'
import { cheapScheme, cheapSigner } from '../support/cheap-scheme.ts'

const nowSec = START_SEC

/** Where core puts a session. */
function phaseOf(state: SessionState): SessionPhase {
  const outcome = outcomeOf(state)
  return outcome === undefined ? 'open' : outcome === null ? 'lapsed' : 'decided'
}

function startActor(phase: SessionPhase) {
  const actions: string[] = []
  const record = (name: string) => () => void actions.push(name)
  const machine = sessionMachine.provide({
    actions: {
      armDeadline: record('arm'),
      disarmDeadline: record('disarm'),
      publishOutcome: record('outcome'),
    },
  })
  const actor = createActor(machine, { input: { id: 's', deadlineAtMs: 0, phase } })
  actor.start()
  return { actor, actions, isArmed: () => actions.lastIndexOf('arm') > actions.lastIndexOf('disarm') }
}

type Follower = ReturnType<typeof startActor>

/** The actor stands where core does, and where one that starts from core's state would stand. */
function expectAgreement(session: Session, { actor, isArmed }: Follower): void {
  const { state } = session
  const { value, status } = actor.getSnapshot()
  expect(value).toBe(state.isGone && value !== 'decided' ? 'evicted' : phaseOf(state))
  expect(status).toBe(value === 'evicted' || value === 'decided' ? 'done' : 'active')
  expect(isArmed()).toBe(value === 'open')
  const restarted = state.isGone ? value : startActor(phaseOf(state)).actor.getSnapshot().value
  expect(restarted).toBe(value)
}

function begin(changes: Parameters<typeof request>[0] = {}, override = GOSSIPSUB_CONFIG) {
  const settings = { scopeConfig: undefined, override }
  const { facts, answer } = decideCreation('treasury', request(changes), 1, settings, nowSec)
  const session = new Session()
  for (const fact of facts) session.evolve(fact)
  return { session, proposal: answer }
}

/** Facts behind each signal, and those of a vote, behind which there is none. */
function factsBehind(
  signal: SessionSignal['type'] | 'vote',
  proposal: Proposal,
  ordinal: number,
): readonly SessionFact[][] {
  switch (signal) {
    case 'vote':
      return [
        [{ type: 'VoteAccepted', vote: voteBy(`voter ${ordinal}`, proposal, true), nowSec }],
        [{ type: 'VoteCast', vote: voteBy(`voter ${ordinal}`, proposal, false), nowSec }],
      ]
    case 'session.lapsed':
      return [
        [
          { type: 'DeadlinePassed', nowSec },
          { type: 'ConsensusFailed', nowSec },
        ],
        [{ type: 'RoundLimitReached', limit: 1, nowSec }],
      ]
    case 'session.decided':
      return [
        [{ type: 'ConsensusReached', result: true, nowSec }],
        [
          { type: 'DeadlinePassed', nowSec },
          { type: 'ConsensusReached', result: false, nowSec },
        ],
      ]
    case 'session.evicted':
      return [[{ type: 'SessionEvicted', nowSec }], [{ type: 'SessionDeleted', nowSec }]]
  }
}

/** A refusal has no facts. */
function unlessRefused(decide: () => readonly SessionFact[]): readonly SessionFact[] {
  try {
    return decide()
  } catch (error) {
    if (error instanceof BallotError) return []
    throw error
  }
}

const SIGNALS = ['vote', 'session.lapsed', 'session.decided', 'session.evicted'] as const
const DEPTH = 4

describe('the session machine', () => {
  it('stands where core stands after every path of facts', () => {
    const reached = new Set<string>()
    const walk = (path: readonly SessionFact[]): void => {
      const { session, proposal } = begin()
      const follower = startActor(phaseOf(session.state))
      for (const fact of path) {
        session.evolve(fact)
        const signal = SIGNAL_OF[fact.type]
        if (signal !== undefined) follower.actor.send({ type: signal })
      }
      expectAgreement(session, follower)
      reached.add(follower.actor.getSnapshot().value)
      if (path.length >= DEPTH || follower.actor.getSnapshot().status === 'done') return
      for (const signal of SIGNALS)
        for (const facts of factsBehind(signal, proposal, path.length)) walk([...path, ...facts])
    }
    walk([])
    expect([...reached].sort()).toEqual(['decided', 'evicted', 'lapsed', 'open'])
  })

  it('stands where core stands whatever is decided', () => {
    const step = fc.oneof(
      fc.record({ voter: fc.constantFrom('ann', 'ben', 'cid'), choice: fc.boolean() }),
      fc.record({ own: fc.boolean() }),
      fc.constant('timeout' as const),
    )
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(GOSSIPSUB_CONFIG, P2P_CONFIG, { ...GOSSIPSUB_CONFIG, maxRounds: 1 }),
        (steps, expectedVotersCount, override) => {
          const { session, proposal } = begin({ expectedVotersCount }, override)
          const follower = startActor(phaseOf(session.state))
          const circumstances = { nowSec, verify: verifierOf(cheapScheme), schemeName: cheapScheme.name }
          const decide = (each: (typeof steps)[number]): readonly SessionFact[] => {
            if (each === 'timeout') return decideTimeout(session, nowSec).facts
            if ('own' in each)
              return decideOwnVote(session, { voteId: 1, choice: each.own, nowSec }, cheapSigner('self')).facts
            return decideIncomingVote(session, voteBy(each.voter, proposal, each.choice), circumstances).facts
          }
          const settling: string[] = []
          for (const each of steps) {
            const facts = unlessRefused(() => decide(each))
            for (const fact of facts) {
              session.evolve(fact)
              const signal = SIGNAL_OF[fact.type]
              if (signal !== undefined) follower.actor.send({ type: signal })
              if (signal === 'session.decided' || signal === 'session.lapsed') settling.push('outcome')
            }
            expectAgreement(session, follower)
          }
          expect(follower.actions.filter((action) => action === 'outcome')).toEqual(settling)
        },
      ),
    )
  })

  it('announces every outcome once, and arms nothing for what is settled', () => {
    const open = startActor('open')
    open.actor.send({ type: 'session.lapsed' })
    open.actor.send({ type: 'session.decided' })
    expect(open.actions).toEqual(['arm', 'disarm', 'outcome', 'outcome'])
    expect(startActor('lapsed').actions).toEqual([])
    expect(startActor('decided').actions).toEqual([])
    expect(startActor('decided').actor.getSnapshot().status).toBe('done')
  })
})
