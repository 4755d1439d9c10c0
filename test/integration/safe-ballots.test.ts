/** ballots §8 through the engine: finality `quorum`, its log, its sessions, its observables. */
import { firstValueFrom, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/text.ts'
import { safe } from '../../src/core/ballot/index.ts'
import { ConsensusService, createConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import type { Decision } from '../../src/engine/ballots/safe/decision.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { codeOf, factsOf, request, settle } from '../support/ballots.ts'
import { quickScheme, quickSigner, quickSigners } from '../support/safe-ballots.ts'

const SCOPE = 'treasury'
const NOW_MS = 1_700_000_000_000

/** Peers of one roster, each with a log of its own, on one clock. */
function peers(count: number) {
  const clock = new VirtualClock(NOW_MS)
  const signers = quickSigners(count)
  const roster = signers.map(({ identity }) => identity)
  const logs = signers.map(() => memoryLog())
  const start = (i: number, log: EventLog = logs[i] as EventLog): ConsensusService =>
    new ConsensusService({ log, clock, random: new SeededRandom(`peer ${i}`), signer: quickSigner(i + 1) })
  const services = signers.map((_, i) => start(i))
  return { clock, signers, roster, logs, start, services }
}

type Peers = ReturnType<typeof peers>

/** Gives each what the others have to say, from now on. */
function connect(services: readonly ConsensusService[]): void {
  for (const from of services) {
    from.ballots.outgoing$.subscribe(({ scope, bytes }) => {
      for (const to of services) if (to !== from) void to.scope(scope).receive(bytes)
    })
  }
}

async function proposed({ services, roster }: Peers, by = 0) {
  for (const service of services) await service.scope(SCOPE).configure({ roster })
  const { id } = await (services[by] as ConsensusService)
    .scope(SCOPE)
    .propose({ name: 'buy a bell', roster, expiresInSec: 60 })
  await settle()
  return id
}

const trust = (roster: readonly Uint8Array[]): safe.CertificateTrust => ({
  scheme: quickScheme,
  scope: SCOPE,
  groupId: null,
  policy: { finality: 'quorum', threshold: 2 / 3 },
  roster,
})

describe('a scope without an ordering group', () => {
  it('decides once, on every peer, with a certificate that a stranger verifies', async () => {
    const here = peers(4)
    const { services, roster } = here
    connect(services)
    const decisions = services.map(({ ballots }) => firstValueFrom(ballots.decisions$.pipe(toArray())))
    const id = await proposed(here)
    const outcome = firstValueFrom((services[3] as ConsensusService).scope(SCOPE).proposal(id).outcome$)
    for (const service of services) await service.scope(SCOPE).proposal(id).vote(false)
    await settle()
    expect(await outcome).toBe('no')
    for (const service of services) expect(service.scope(SCOPE).stats).toMatchObject({ no: 1, open: 0 })
    const certificates = await Promise.all(services.map((service) => service.scope(SCOPE).proposal(id).certificate()))
    for (const bytes of certificates)
      expect(safe.verifyCertificate(bytes, trust(roster))).toMatchObject({ outcome: 'no' })
    await Promise.all(services.map((service) => service.close()))
    for (const notices of await Promise.all(decisions)) {
      expect(notices.map(({ scope, proposalId, outcome: is }: Decision) => [scope, proposalId, is])).toEqual([
        [SCOPE, id, 'no'],
      ])
    }
  })

  it('takes expiry for no decision: a quorum that comes later decides, also after a restart', async () => {
    const here = peers(4)
    const [first] = here.services as [ConsensusService]
    const id = await proposed(here)
    await first.scope(SCOPE).proposal(id).vote(true)
    await here.clock.advance(60_000)
    expect(first.scope(SCOPE).proposal(id).state).toMatchObject({ phase: 'expired', outcome: null, yes: 1 })
    await first.close()
    const again = here.start(0)
    await again.recover()
    const proposal = again.scope(SCOPE).proposal(id)
    expect(proposal.state).toMatchObject({ phase: 'expired', yes: 1 })
    const votes = here.signers.slice(1, 3).map((signer) => safe.signVote(fromHex(id), true, signer))
    expect(await again.scope(SCOPE).receive(safe.encodeBallotMessage({ type: 'votes', votes }))).toEqual([])
    expect(await firstValueFrom(proposal.outcome$)).toBe('yes')
    const types = (await factsOf(here.logs[0] as EventLog)).map(({ type }) => type)
    expect(types).toEqual([
      'SafeScopeConfigured',
      'SafeProposalOpened',
      'SafeVoteAccepted',
      'SafeSessionExpired',
      'SafeVoteAccepted',
      'SafeVoteAccepted',
      'SafeDecisionReached',
    ])
  })

  it('holds votes that come before their proposal, and takes them as a set in any order', async () => {
    const here = peers(4)
    const id = await proposed(here)
    for (const i of [0, 1, 2]) {
      const service = here.services[i] as ConsensusService
      for await (const bytes of (here.services[0] as ConsensusService).scope(SCOPE).messages())
        await service.scope(SCOPE).receive(bytes)
      await service.scope(SCOPE).proposal(id).vote(true)
    }
    const messages: Uint8Array[] = []
    for (const i of [0, 1, 2]) {
      for await (const bytes of (here.services[i] as ConsensusService).scope(SCOPE).messages()) messages.push(bytes)
    }
    const late = here.services[3] as ConsensusService
    for (const bytes of messages.reverse()) await late.scope(SCOPE).receive(bytes)
    expect(late.scope(SCOPE).proposal(id).outcome).toBe('yes')
  })

  it('takes a certificate for its votes', async () => {
    const here = peers(4)
    const id = await proposed(here)
    const [first, , , last] = here.services as [ConsensusService, ConsensusService, ConsensusService, ConsensusService]
    const votes = here.signers.slice(0, 3).map((signer) => safe.signVote(fromHex(id), true, signer))
    await first.scope(SCOPE).receive(safe.encodeBallotMessage({ type: 'votes', votes }))
    const bytes = await first.scope(SCOPE).proposal(id).certificate()
    await last.scope(SCOPE).receive(safe.encodeBallotMessage({ type: 'certificate', bytes }))
    expect(last.scope(SCOPE).proposal(id).outcome).toBe('yes')
  })

  it('keeps both votes of an equivocator, and publishes the proof', async () => {
    const here = peers(4)
    const [first] = here.services as [ConsensusService]
    const id = await proposed(here)
    const evidence = firstValueFrom(first.ballots.evidence$)
    const liar = here.signers[2] as (typeof here.signers)[number]
    for (const choice of [true, false]) {
      const vote = safe.signVote(fromHex(id), choice, liar)
      await first.scope(SCOPE).receive(safe.encodeBallotMessage({ type: 'votes', votes: [vote] }))
    }
    const { bytes, scope } = await evidence
    expect(scope).toBe(SCOPE)
    const proof = safe.verifyEvidence(bytes, { scheme: quickScheme, roster: here.roster })
    expect(toHex(proof?.owner ?? new Uint8Array(0))).toBe(toHex(liar.identity))
    expect((await first.scope(SCOPE).proposal(id).explain()).equivocators).toEqual([toHex(liar.identity)])
  })

  it('says what is missing, and why it is decided', async () => {
    const here = peers(4)
    const [first] = here.services as [ConsensusService]
    const proposal = first.scope(SCOPE).proposal(await proposed(here))
    await proposal.vote(true)
    const before = await proposal.explain()
    expect(before).toMatchObject({ outcome: null, quorum: 3, yes: 1, no: 0, silent: here.roster.slice(1).map(toHex) })
    expect(before.text).toContain('Missing: 2 more for yes, or 3 more for no.')
    const votes = here.signers.slice(1, 3).map((signer) => safe.signVote(fromHex(proposal.id), true, signer))
    await first.scope(SCOPE).receive(safe.encodeBallotMessage({ type: 'votes', votes }))
    expect((await proposal.explain()).text).toContain('is decided: yes, by a quorum of signed votes.')
  })
})

describe('our own votes (ballots §8.6)', () => {
  it('are the same again after a restart, never another, and never after the scope was deleted', async () => {
    const here = peers(4)
    const [first] = here.services as [ConsensusService]
    const id = await proposed(here)
    const vote = await first.scope(SCOPE).proposal(id).vote(true)
    const messages: Uint8Array[] = []
    for await (const bytes of first.scope(SCOPE).messages()) messages.push(bytes)
    await first.close()
    const again = here.start(0)
    await again.recover()
    expect(await again.scope(SCOPE).proposal(id).vote(true)).toEqual(vote)
    expect(await codeOf(again.scope(SCOPE).proposal(id).vote(false))).toBe('UserAlreadyVoted')
    await again.scope(SCOPE).delete()
    for (const service of [again, here.start(0)]) {
      if (service !== again) await service.recover()
      for (const bytes of messages) await service.scope(SCOPE).receive(bytes)
      expect(await codeOf(service.scope(SCOPE).proposal(id).vote(false))).toBe('SessionNotActive')
    }
  })
})

describe('the two policies', () => {
  it('are never mixed in one scope', async () => {
    await using service = createConsensusService()
    const roster = [service.identity]
    await service.createProposal('legacy', request())
    expect(await codeOf(service.scope('legacy').propose({ name: 'x', roster }))).toBe('PolicyMixed')
    expect(await codeOf(service.scope('legacy').configure({ threshold: 1 }))).toBe('PolicyMixed')
    await service.scope('new').propose({ name: 'x', roster })
    expect(await codeOf(service.createProposal('new', request()))).toBe('PolicyMixed')
    expect(await codeOf(service.scope('new').strictConsensus().initialize())).toBe('PolicyMixed')
    await service.scope('settled').strictConsensus().initialize()
    expect(await codeOf(service.scope('settled').propose({ name: 'x', roster }))).toBe('PolicyMixed')
    await service.scope('safer').configure({ roster })
    expect(await codeOf(service.createProposal('safer', request()))).toBe('PolicyMixed')
    await service.scope('legacy').delete()
    expect(await codeOf(service.scope('legacy').propose({ name: 'x', roster }))).toBe('accepted')
  })

  it('need no configuration', async () => {
    await using service = createConsensusService()
    const proposal = await service.scope(SCOPE).propose({ name: 'alone', payload: 'text', roster: [service.identity] })
    await proposal.vote(true)
    expect(proposal.outcome).toBe('yes')
  })
})

/** The log as a crash left it after so many facts. */
async function cutAfter(log: EventLog, count: number): Promise<EventLog> {
  const copy = memoryLog()
  const revisions = new Map<string, number>()
  for (const { stream, type, data, metadata } of (await factsOf(log)).slice(0, count)) {
    const revision = await copy.append(stream, [{ type, data, metadata }], revisions.get(stream) ?? -1)
    revisions.set(stream, revision)
  }
  return copy
}

describe('a scope that is deleted', () => {
  it.each(['safe', 'compatible'] as const)('is gone as a whole, wherever a crash cut it short (%s)', async (policy) => {
    const here = peers(3)
    const [first] = here.services as [ConsensusService]
    if (policy === 'safe') {
      await first.scope(SCOPE).configure({ roster: here.roster })
      for (let i = 0; i < 3; i += 1) await first.scope(SCOPE).propose({ name: `number ${i}` })
    } else {
      await first.scope(SCOPE).strictConsensus().initialize()
      for (let i = 0; i < 3; i += 1) await first.createProposal(SCOPE, request())
    }
    const before = (await factsOf(here.logs[0] as EventLog)).length
    await first.scope(SCOPE).delete()
    const after = (await factsOf(here.logs[0] as EventLog)).length
    expect(after - before).toBe(5)
    for (let count = before + 1; count <= after; count += 1) {
      const log = await cutAfter(here.logs[0] as EventLog, count)
      const again = here.start(0, log)
      await again.recover()
      expect(again.listScopes()).toEqual([])
      expect(again.getScopeConfig(SCOPE)).toBeUndefined()
      expect(again.scope(SCOPE).settings.roster).toBeNull()
      expect((await factsOf(log)).length).toBe(after)
      // It may begin anew, as either.
      expect(await codeOf(again.createProposal(SCOPE, request()))).toBe('accepted')
      await again.close()
    }
  })
})

describe('the roster of a scope', () => {
  it('changes between proposals: earlier ones keep theirs, foreign ones are refused', async () => {
    const here = peers(5)
    const [first, second] = here.services as [ConsensusService, ConsensusService]
    for (const service of [first, second]) await service.scope(SCOPE).configure({ roster: here.roster.slice(0, 3) })
    const old = await first.scope(SCOPE).propose({ name: 'by three' })
    for (const service of [first, second]) await service.scope(SCOPE).configure({ roster: here.roster.slice(0, 4) })
    const fresh = await first.scope(SCOPE).propose({ name: 'by four' })
    const foreign = await (here.services[4] as ConsensusService)
      .scope(SCOPE)
      .propose({ name: 'by me', roster: [here.roster[4] as Uint8Array] })
    const give = async (from: ConsensusService, id: string): Promise<string> => {
      const [proposal] = await from.scope(SCOPE).messagesOf(id)
      return codeOf(second.scope(SCOPE).receive(proposal as Uint8Array))
    }
    expect(await give(first, old.id)).toBe('accepted')
    expect(await give(first, fresh.id)).toBe('accepted')
    expect(await give(here.services[4] as ConsensusService, foreign.id)).toBe('InvalidRoster')
    expect(
      second
        .scope(SCOPE)
        .proposals()
        .map(({ state }) => state?.rosterSize),
    ).toEqual([3, 4])
    const again = here.start(1)
    await second.close()
    await again.recover()
    expect(again.scope(SCOPE).settings).toMatchObject({ earlierRosters: [here.roster.slice(0, 3)] })
  })
})

describe('sessions that are over', () => {
  it('are evicted only when settled, with a notice, and still prove what they decided', async () => {
    const { maxSettled } = safe.DEFAULT_QUORUM_LIMITS
    const here = peers(1)
    const [service] = here.services as [ConsensusService]
    const scope = service.scope(SCOPE)
    const open = await scope.propose({ name: 'open', roster: here.roster })
    const gone: string[] = []
    service.ballots.sessions$.subscribe(({ isGone, name }) => {
      if (isGone) gone.push(name)
    })
    const proposals = []
    for (let i = 0; i <= maxSettled; i += 1) {
      const proposal = await scope.propose({ name: `number ${i}`, roster: here.roster })
      proposals.push(proposal)
      await proposal.vote(i % 2 === 0)
    }
    expect(gone).toEqual([])
    // Room is made when the next one opens.
    await scope.propose({ name: 'one more', roster: here.roster })
    expect(gone).toEqual(['number 0'])
    expect(open.state?.phase).toBe('open')
    const [evicted] = proposals as [(typeof proposals)[number]]
    expect([evicted.state, evicted.outcome]).toEqual([undefined, 'yes'])
    expect(safe.verifyCertificate(await evicted.certificate(), trust(here.roster)).outcome).toBe('yes')
    expect(await firstValueFrom(evicted.outcome$)).toBe('yes')
  })

  it('wait in the log when they expired, and are loaded when a vote comes', async () => {
    const here = peers(3)
    const [service] = here.services as [ConsensusService]
    const scope = service.scope(SCOPE)
    const ids: string[] = []
    for (let i = 0; i < 120; i += 1) {
      const proposal = await scope.propose({ name: `number ${i}`, roster: here.roster, expiresInSec: 1 })
      ids.push(proposal.id)
      await proposal.vote(true)
      await here.clock.advance(1_000)
    }
    expect(scope.stats).toMatchObject({ expired: 120 })
    const id = ids[0] as string
    const votes = here.signers.slice(1).map((signer) => safe.signVote(fromHex(id), true, signer))
    await scope.receive(safe.encodeBallotMessage({ type: 'votes', votes }))
    expect(scope.proposal(id).outcome).toBe('yes')
    expect(scope.stats).toMatchObject({ expired: 119, yes: 1 })
  })
})

describe('what was made for another scope, roster or group', () => {
  it('is refused, however it is replayed', async () => {
    const here = peers(4)
    const [first, second] = here.services as [ConsensusService, ConsensusService]
    const id = await proposed(here)
    const votes = here.signers.slice(0, 3).map((signer) => safe.signVote(fromHex(id), true, signer))
    const ballot = safe.encodeBallotMessage({ type: 'votes', votes })
    await first.scope(SCOPE).receive(ballot)
    const [proposal] = (await first.scope(SCOPE).messagesOf(id)) as [Uint8Array]
    const bytes = await first.scope(SCOPE).proposal(id).certificate()
    const certificate = safe.encodeBallotMessage({ type: 'certificate', bytes })
    // Another scope: neither proposal nor certificate open there, and the votes are for nothing that is.
    const other = second.scope('another')
    await other.configure({ roster: here.roster })
    await other.propose({ name: 'buy a bell', roster: here.roster })
    expect(await codeOf(other.receive(proposal))).toBe('ForeignProposal')
    expect(await codeOf(other.receive(certificate))).toBe('ForeignProposal')
    await other.receive(ballot)
    expect(other.stats).toMatchObject({ open: 1, yes: 0, earlyVotes: 3 })
    // The same words, asked again, are another proposal: no vote of the first counts.
    const again = await second.scope(SCOPE).propose({ name: 'buy a bell', roster: here.roster })
    await second.scope(SCOPE).receive(ballot)
    expect(again.state).toMatchObject({ yes: 0, outcome: null })
    // Another roster, another group, another scope, a higher threshold: the certificate proves nothing.
    const refused = (change: Partial<safe.CertificateTrust>): string | undefined => {
      try {
        safe.verifyCertificate(bytes, { ...trust(here.roster), ...change })
        return undefined
      } catch (error) {
        return (error as { readonly code?: string }).code
      }
    }
    expect(refused({})).toBeUndefined()
    expect(refused({ roster: here.roster.slice(1) })).toBe('InvalidCertificate')
    expect(refused({ groupId: new Uint8Array(32) })).toBe('InvalidCertificate')
    expect(refused({ scope: 'another' })).toBe('InvalidCertificate')
    expect(refused({ policy: { finality: 'quorum', threshold: 1 } })).toBe('InvalidCertificate')
  })
})
