import { config } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import type { SessionState } from '../../src/core/ballot/index.ts'
import { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { createConsensusService } from '../../src/index.ts'
import { memoryLog } from '../../src/log/index.ts'
import { FaultyLog } from '../../src/testing/faulty-log.ts'
import { codeOf, factsOf, request, settle, voteBy, world } from '../support/ballots.ts'

const SCOPE = 'treasury'

/** What comes, and `end`. */
function outcomes(service: ConsensusService, id = 1): (boolean | null | 'end')[] {
  const seen: (boolean | null | 'end')[] = []
  service.outcome$(SCOPE, id).subscribe({ next: (outcome) => seen.push(outcome), complete: () => seen.push('end') })
  return seen
}

/** Votes that decide nothing: one yes of three with the flag no, so that a timeout fails at threshold 1. */
async function doubtful(service: ConsensusService) {
  const config = service.configFrom().withThreshold(1).build()
  const asked = request({ livenessCriteriaYes: false })
  const proposal = await service.createProposalWithConfig(SCOPE, asked, config, { id: 1 })
  await service.processIncomingVote(SCOPE, voteBy('ann', proposal, true))
  return proposal
}

describe('outcome$', () => {
  it('gives the decision and completes, to early and to late subscribers', async () => {
    const { service } = world()
    await service.createProposal(SCOPE, request(), { id: 1 })
    const early = outcomes(service)
    expect(early).toEqual([])
    await service.handleConsensusTimeout(SCOPE, 1)
    expect(early).toEqual([true, 'end'])
    expect(outcomes(service)).toEqual([true, 'end'])
    await service.handleConsensusTimeout(SCOPE, 1)
    expect(early).toEqual([true, 'end'])
  })

  it('gives null for a failure, and the decision that still follows', async () => {
    const { service, clock } = world()
    const config = { ...service.configFrom().build(), maxRounds: 1 }
    await service.createProposalWithConfig(SCOPE, request(), config, { id: 1 })
    const early = outcomes(service)
    expect(await codeOf(service.castVote(SCOPE, 1, true))).toBe('MaxRoundsExceeded')
    expect(early).toEqual([null])
    const late = outcomes(service)
    expect(late).toEqual([null])
    await clock.advance(1_000)
    expect(await service.handleConsensusTimeout(SCOPE, 1)).toBe(true)
    expect([early, late]).toEqual([
      [null, true, 'end'],
      [null, true, 'end'],
    ])
  })

  it('gives null once, however often the session fails again', async () => {
    const { service } = world()
    await doubtful(service)
    const seen = outcomes(service)
    const events: string[] = []
    service.decisions$.subscribe(({ event }) => events.push(event.type))
    expect(await codeOf(service.handleConsensusTimeout(SCOPE, 1))).toBe('InsufficientVotesAtTimeout')
    expect(await codeOf(service.handleConsensusTimeout(SCOPE, 1))).toBe('InsufficientVotesAtTimeout')
    expect(seen).toEqual([null])
    expect(events).toEqual(['ConsensusFailed', 'ConsensusFailed'])
  })

  it('ends without a value with its session, or with the service', async () => {
    const { service } = world({ maxSessionsPerScope: 2 })
    await service.createProposal(SCOPE, request(), { id: 1 })
    await service.createProposal(SCOPE, request(), { id: 2 })
    const held = service.outcome$(SCOPE, 1)
    const evicted = outcomes(service, 1)
    await service.createProposal(SCOPE, request(), { id: 3 })
    expect(evicted).toEqual(['end'])
    const late: string[] = []
    held.subscribe({ complete: () => late.push('end') })
    expect(late).toEqual(['end'])
    expect(() => service.outcome$(SCOPE, 1)).toThrow(expect.objectContaining({ code: 'SessionNotFound' }))
    const deleted = outcomes(service, 2)
    await service.deleteScope(SCOPE)
    expect(deleted).toEqual(['end'])
    await service.createProposal(SCOPE, request(), { id: 4 })
    const closed = outcomes(service, 4)
    await service.close()
    expect(closed).toEqual(['end'])
    expect(outcomes(service, 4)).toEqual(['end'])
  })

  it('is of a session as it is in the log: not before, and anew for a new session of the same id', async () => {
    const log = new FaultyLog(memoryLog())
    const { service } = world({ log })
    const release = log.hold()
    const opening = service.createProposal(SCOPE, request(), { id: 1 })
    await settle()
    expect(() => service.outcome$(SCOPE, 1)).toThrow(expect.objectContaining({ code: 'SessionNotFound' }))
    release()
    await opening
    await service.handleConsensusTimeout(SCOPE, 1)
    const first = service.outcome$(SCOPE, 1)
    await service.deleteScope(SCOPE)
    await service.createProposal(SCOPE, request(), { id: 1 })
    const seen: unknown[] = []
    first.subscribe((outcome) => seen.push(outcome))
    expect(seen).toEqual([true])
    expect(outcomes(service)).toEqual([])
  })
})

const describeState = ({ proposalId, status, yesVotes, noVotes, isGone }: SessionState): string =>
  `${proposalId} ${isGone ? 'gone' : status} ${yesVotes}:${noVotes}`

describe('sessions$ and decisions$', () => {
  it('give each change once, live, and complete on close', async () => {
    const { service } = world()
    const states: string[] = []
    service.sessions$.subscribe({
      next: (state) => states.push(describeState(state)),
      complete: () => states.push('end'),
    })
    const events: string[] = []
    service.decisions$.subscribe({ next: ({ event }) => events.push(event.type), complete: () => events.push('end') })
    const proposal = await service.createProposal(SCOPE, request(), { id: 1 })
    // One append for both: still each change once.
    await Promise.all([
      service.processIncomingVote(SCOPE, voteBy('ann', proposal, false)),
      service.processIncomingVote(SCOPE, voteBy('ben', proposal, false)),
    ])
    const late: string[] = []
    service.decisions$.subscribe(({ event }) => late.push(event.type))
    service.sessions$.subscribe((state) => late.push(describeState(state)))
    await service.castVote(SCOPE, 1, true)
    await service.deleteScope(SCOPE)
    await service.close()
    expect(states).toEqual(['1 active 0:0', '1 active 0:1', '1 no 0:2', '1 gone 0:2', 'end'])
    expect(events).toEqual(['ConsensusReached', 'ConsensusReached', 'end'])
    expect(late).toEqual(['ConsensusReached', '1 gone 0:2'])
    const after: string[] = []
    service.decisions$.subscribe({ complete: () => after.push('end') })
    expect(after).toEqual(['end'])
  })

  it('tell everybody in the same order, though one calls back', async () => {
    const { service } = world()
    const proposal = await service.createProposal(SCOPE, request({ expectedVotersCount: 1 }), { id: 1 })
    const seen: string[][] = [[], []]
    const note = (who: number, what: string): void => void seen[who]?.push(what)
    service.decisions$.subscribe(({ event }) => {
      note(0, `${event.proposalId} ${String(event.timestamp - proposal.timestamp)}`)
      if (event.proposalId !== 1 || event.timestamp > proposal.timestamp) return
      // Commands from within a notice: their own notices come after this one has reached everybody.
      void service.handleConsensusTimeout(SCOPE, 1, { nowSec: proposal.timestamp + 7n })
      void service.createProposal(SCOPE, request(), { id: 2 }).then(() => service.handleConsensusTimeout(SCOPE, 2))
    })
    service.decisions$.subscribe(({ event }) =>
      note(1, `${event.proposalId} ${String(event.timestamp - proposal.timestamp)}`),
    )
    await service.castVote(SCOPE, 1, true)
    await settle()
    expect(seen[0]).toEqual(['1 0', '1 7', '2 0'])
    expect(seen[1]).toEqual(seen[0])
  })

  it('answers from a notice what the notice says', async () => {
    const { service } = world()
    const answers: unknown[] = []
    service.decisions$.subscribe(({ scope, event }) =>
      answers.push(service.getConsensusResult(scope, event.proposalId)),
    )
    service.sessions$.subscribe((state) =>
      answers.push(service.storage().session(state.scope, state.proposalId) === state),
    )
    await service.createProposal(SCOPE, request({ expectedVotersCount: 1 }), { id: 1 })
    await service.castVote(SCOPE, 1, true)
    expect(answers).toEqual([true, true, true])
  })

  it('do not let one subscriber harm others', async () => {
    const reported: unknown[] = []
    config.onUnhandledError = (error) => reported.push(error)
    const { service } = world()
    const fault = new Error('subscriber')
    const fail = (): never => {
      throw fault
    }
    await service.createProposal(SCOPE, request({ expectedVotersCount: 1 }), { id: 1 })
    service.outcome$(SCOPE, 1).subscribe(fail)
    service.sessions$.subscribe(fail)
    service.decisions$.subscribe(fail)
    const seen = outcomes(service)
    const events: unknown[] = []
    service.decisions$.subscribe((event) => events.push(event))
    await service.castVote(SCOPE, 1, true)
    expect(await codeOf(service.createProposal(SCOPE, request(), { id: 2 }))).toBe('accepted')
    // RxJS reports each by a timer.
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(seen).toEqual([true, 'end'])
    expect(events).toHaveLength(1)
    expect(reported).toEqual([fault, fault, fault, fault])
  })
})

afterEach(() => {
  config.onUnhandledError = null
})

describe('what is given out', () => {
  it('is frozen, or a copy', async () => {
    const { service } = world()
    const states: SessionState[] = []
    service.sessions$.subscribe((state) => states.push(state))
    await service.scope(SCOPE).strictConsensus().initialize()
    const proposal = await service.createProposal(SCOPE, request(), { id: 1 })
    const vote = { ...voteBy('ann', proposal, true) }
    await service.processIncomingVote(SCOPE, vote)
    await service.castVote(SCOPE, 1, true)
    const given = service.getProposal(SCOPE, 1)
    const frozen = [
      ...states.flatMap((state) => [state, state.config, state.proposal]),
      ...given.votes,
      service.getProposalConfig(SCOPE, 1),
      service.getScopeConfig(SCOPE),
      service.storage().session(SCOPE, 1),
    ]
    expect(frozen.filter((value) => !Object.isFrozen(value))).toEqual([])
    // Neither what was handed in nor what was handed out reaches the state.
    vote.vote = false
    Object.assign(given, { name: 'Other', votes: [] })
    expect(service.getProposal(SCOPE, 1)).toMatchObject({
      name: 'Raise the limit',
      votes: [{ vote: true }, { vote: true }],
    })
  })
})

describe('persist before publish', () => {
  it('nothing is shown, answered or signalled before it is durable', async () => {
    const log = new FaultyLog(memoryLog())
    const { service, clock } = world({ log })
    const seen: string[] = []
    service.sessions$.subscribe(({ status, yesVotes }) => seen.push(`${status} ${yesVotes}`))
    service.decisions$.subscribe(({ event }) => seen.push(event.type))
    const answered = (name: string) => (): void => void seen.push(name)
    let release = log.hold()
    const opening = service.createProposal(SCOPE, request({ expectedVotersCount: 2 }), { id: 1 })
    void opening.then(answered('created'))
    await settle()
    expect(seen).toEqual([])
    expect(service.listScopes()).toEqual([])
    expect(clock.scheduledCount).toBe(0)
    release()
    const proposal = await opening
    expect(clock.scheduledCount).toBe(1)
    release = log.hold()
    void service.castVote(SCOPE, 1, true).then(answered('cast'))
    void service.processIncomingVote(SCOPE, voteBy('ann', proposal, true)).then(answered('accepted'))
    void codeOf(service.castVote(SCOPE, 1, true)).then((code) => seen.push(code))
    void service.deleteScope('other').then(answered('nothing to delete'))
    await settle()
    expect(seen).toEqual(['active 0', 'created', 'nothing to delete'])
    expect(service.getProposal(SCOPE, 1).votes).toEqual([])
    expect(clock.scheduledCount).toBe(1)
    release()
    await settle()
    const notices = ['active 1', 'yes 2', 'ConsensusReached']
    const rest = seen.slice(3)
    expect(rest.filter((each) => notices.includes(each))).toEqual(notices)
    expect(rest.filter((each) => !notices.includes(each)).sort()).toEqual(['UserAlreadyVoted', 'accepted', 'cast'])
    expect(clock.scheduledCount).toBe(0)
  })
})

describe('without any option', () => {
  it('a service has a memory log and a key of its own', async () => {
    await using service = createConsensusService()
    const other = createConsensusService()
    expect(service.identity).toHaveLength(20)
    expect(service.identity).not.toEqual(other.identity)
    const asked = request({ proposalOwner: service.identity, expectedVotersCount: 2 })
    const proposal = await service.createProposal(SCOPE, asked)
    await other.processIncomingProposal(SCOPE, proposal)
    await service.processIncomingVote(SCOPE, await other.castVote(SCOPE, proposal.proposalId, true))
    await service.castVote(SCOPE, proposal.proposalId, true)
    expect(service.getConsensusResult(SCOPE, proposal.proposalId)).toBe(true)
    expect((await factsOf(service.storage().log)).map(({ type }) => type)).toEqual([
      'ProposalCreated',
      'VoteAccepted',
      'VoteCast',
      'ConsensusReached',
    ])
    expect(service.eventBus()).toBe(service.decisions$)
    await other.close()
  })

  it.each([-1, 0.5, Number.NaN])('a wrong option is refused (%s)', (maxSessionsPerScope) => {
    expect(() => createConsensusService({ maxSessionsPerScope })).toThrow(
      expect.objectContaining({ code: 'InvalidOption' }),
    )
  })

  it('a scope that no stream can be named after is refused', async () => {
    const { service, log } = world()
    for (const scope of ['\ud800', 'x'.repeat(1_000), '%'.repeat(330)]) {
      expect(await codeOf(service.createProposal(scope, request()))).toBe('InvalidScope')
      expect(await codeOf(service.scope(scope).initialize())).toBe('InvalidScope')
      expect(await codeOf(service.castVote(scope, 1, true))).toBe('SessionNotFound')
    }
    expect(await factsOf(log)).toEqual([])
    expect(service.listScopes()).toEqual([])
  })

  it('a proposal and its votes may be handed over without waiting', async () => {
    const { service } = world()
    const sender = world({ peer: 'ann' })
    const proposal = await sender.service.createProposal(SCOPE, request(), { id: 1 })
    await Promise.all([
      service.processIncomingProposal(SCOPE, proposal),
      service.processIncomingVote(SCOPE, voteBy('ben', proposal, true)),
      service.processIncomingVote(SCOPE, await sender.service.castVote(SCOPE, 1, true)),
    ])
    expect(service.getConsensusResult(SCOPE, 1)).toBe(true)
  })
})
