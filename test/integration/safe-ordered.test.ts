/** ballots §8 in a group: finality `ordered`, from peers that gossip, order, crash and come back. */
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/text.ts'
import { safe } from '../../src/core/ballot/index.ts'
import { verifyCheckpoint } from '../../src/core/parsec/index.ts'
import type { BallotProposal } from '../../src/engine/ballots/safe/proposal.ts'
import { groupOf } from '../../src/engine/peer/options.ts'
import type { Witan } from '../../src/engine/peer/witan.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { codeOf } from '../support/ballots.ts'
import { type RunningPeer, VirtualPeers } from '../support/virtual-peers.ts'

const NAMES = ['ann', 'ben', 'cid', 'dot'] as const
const SCOPE = 'treasury'

async function group(seed = 1) {
  const peers = new VirtualPeers(NAMES, seed, { checkpointInterval: 5 })
  const running = await peers.startAll()
  const witan = (name: string): Witan => (running.get(name) as RunningPeer).witan
  const all = NAMES.map(witan)
  return { peers, running, witan, all }
}

type Here = Awaited<ReturnType<typeof group>>

/** Every peer holds the same outcome. */
function agreed({ peers, all }: Here, id: string): Promise<safe.Outcome[]> {
  return peers.settle(Promise.all(all.map((witan) => firstValueFrom(witan.scope(SCOPE).proposal(id).outcome$))))
}

function trustOf(here: Here, policy: Partial<safe.CertificateTrust['policy']> = {}): safe.CertificateTrust {
  const { scheme } = simulatedSigner('ann')
  const trusted = groupOf(here.peers.genesis)
  return {
    scheme,
    scope: SCOPE,
    groupId: trusted.id,
    policy: { finality: 'ordered', threshold: 2 / 3, ...policy },
    verifyCheckpoint: (bytes) => verifyCheckpoint(bytes, { group: trusted, scheme }),
  }
}

const propose = (here: Here, by: string, expiresInSec = 600): Promise<BallotProposal> =>
  here.peers.settle(here.witan(by).scope(SCOPE).propose({ name: 'sell the barn', expiresInSec }))

describe('a ballot in the order', () => {
  it('is decided once, alike on every peer, with a certificate that a stranger verifies from genesis', async () => {
    const here = await group()
    const decisions = here.all.map((witan) => firstValueFrom(witan.decisions$.pipe(take(1), toArray())))
    const { id } = await propose(here, 'ann')
    for (const name of ['ben', 'cid', 'dot'])
      await here.peers.settle(here.witan(name).scope(SCOPE).proposal(id).vote(false))
    expect(await agreed(here, id)).toEqual(['no', 'no', 'no', 'no'])
    const positions = (await here.peers.settle(Promise.all(decisions))).map(([decision]) => decision?.position)
    expect(new Set(positions).size).toBe(1)
    // The order goes on until a checkpoint covers it.
    const working = (async () => {
      for (let i = 0; i < 10; i += 1) {
        const { agreed: ordered } = await here.witan('ann').vote(new Uint8Array([i]))
        await ordered
      }
    })()
    const proofs = Promise.all(here.all.map((witan) => witan.scope(SCOPE).proposal(id).certificate()))
    for (const bytes of await here.peers.settle(proofs)) {
      expect(safe.verifyCertificate(bytes, trustOf(here))).toMatchObject({ outcome: 'no' })
      expect(() => safe.verifyCertificate(bytes, trustOf(here, { threshold: 1 }))).toThrow(/threshold/)
    }
    await here.peers.settle(working)
    // A scope that is deleted here: the order has it still, and our log what proves it.
    const deleted = here.witan('dot').scope(SCOPE)
    await here.peers.settle(deleted.delete())
    expect([deleted.proposals(), deleted.proposal(id).outcome]).toEqual([[], 'no'])
    expect(await codeOf(deleted.proposal(id).vote(true))).toBe('SessionNotActive')
    const bytes = await here.peers.settle(deleted.proposal(id).certificate())
    expect(safe.verifyCertificate(bytes, trustOf(here)).outcome).toBe('no')
    await here.peers.stop(here.running.get('dot') as RunningPeer)
    const back = await here.peers.settle(here.peers.start('dot'))
    expect(back.witan.scope(SCOPE).proposals()).toEqual([])
    expect(back.witan.scope(SCOPE).proposal(id).outcome).toBe('no')
  })

  it('is closed at its deadline, and silence counts as its proposal says', async () => {
    const here = await group(2)
    const { id } = await propose(here, 'ann', 5)
    await here.peers.settle(here.witan('ben').scope(SCOPE).proposal(id).vote(true))
    expect(await agreed(here, id)).toEqual(['no', 'no', 'no', 'no'])
    const { text } = await here.witan('dot').scope(SCOPE).proposal(id).explain()
    expect(text).toContain('by the close in block')
    expect(await codeOf(here.peers.settle(here.witan('cid').scope(SCOPE).proposal(id).vote(true)))).toBe(
      'SessionNotActive',
    )
  })

  it('takes votes of keys that are no peers, carried by any peer, each once', async () => {
    const here = await group(3)
    const outside = ['eve', 'fay', 'gus'].map((name) => simulatedSigner(name))
    const roster = outside.map(({ identity }) => identity)
    const scope = here.witan('ann').scope(SCOPE)
    // An owner outside the roster is none of its proposers.
    expect(await codeOf(here.peers.settle(scope.propose({ name: 'x', roster })))).toBe('VoterNotEligible')
    const owned = [...roster, here.peers.idOf('ann')]
    const { id } = await here.peers.settle(scope.propose({ name: 'x', roster: owned }))
    await here.peers.settle(here.witan('ann').scope(SCOPE).proposal(id).vote(true))
    const votes = outside.map((signer) => safe.signVote(fromHex(id), true, signer))
    const bytes = safe.encodeBallotMessage({ type: 'votes', votes: votes.slice(0, 2) })
    for (const name of ['ben', 'cid', 'ben'])
      expect(await here.peers.settle(here.witan(name).scope(SCOPE).receive(bytes))).toEqual([])
    expect(await agreed(here, id)).toEqual(['yes', 'yes', 'yes', 'yes'])
    expect(here.witan('dot').scope(SCOPE).proposal(id).state).toMatchObject({ yes: 3, no: 0, rosterSize: 4 })
  })

  it('shows a quorum seen in gossip as provisional before it is decided', async () => {
    const here = await group(4)
    const { id } = await propose(here, 'ann')
    const shown = here.all.map((witan) =>
      firstValueFrom(witan.provisional$.pipe(filter(({ proposalId }) => proposalId === id))),
    )
    for (const name of NAMES) await here.peers.settle(here.witan(name).scope(SCOPE).proposal(id).vote(true))
    expect(await agreed(here, id)).toEqual(['yes', 'yes', 'yes', 'yes'])
    const first = await here.peers.settle(Promise.race(shown))
    expect(first).toMatchObject({ scope: SCOPE, decision: true })
  })
})

describe('after a restart', () => {
  it('everything is rebuilt from the log; our vote is the same again, and no other', async () => {
    const here = await group(5)
    const { id } = await propose(here, 'ann')
    const vote = await here.peers.settle(here.witan('ben').scope(SCOPE).proposal(id).vote(true))
    await here.peers.stop(here.running.get('ben') as RunningPeer)
    here.running.set('ben', await here.peers.settle(here.peers.start('ben')))
    const again = here.witan('ben').scope(SCOPE).proposal(id)
    expect(await here.peers.settle(again.vote(true))).toEqual(vote)
    expect(await codeOf(here.peers.settle(again.vote(false)))).toBe('UserAlreadyVoted')
    for (const name of ['ann', 'cid']) await here.peers.settle(here.witan(name).scope(SCOPE).proposal(id).vote(true))
    here.all.splice(1, 1, here.witan('ben'))
    expect(await agreed(here, id)).toEqual(['yes', 'yes', 'yes', 'yes'])
    const facts: string[] = []
    for await (const { stream, type } of here.peers.logOf('ben').readAll()) {
      if (stream.startsWith('ballot-')) facts.push(type)
    }
    expect(facts[0]).toBe('OrderedSessionOpened')
    expect(facts.at(-1)).toBe('OrderedSessionSettled')
    expect(new Set(facts.slice(1, -1))).toEqual(new Set(['OrderedVoteCounted']))
  })

  it('a deadline that passed meanwhile is closed, and what the streams lack is completed', async () => {
    const here = await group(6)
    const { id } = await propose(here, 'ann', 5)
    await here.peers.settle(here.witan('ben').scope(SCOPE).proposal(id).vote(true))
    for (const name of NAMES) await here.peers.stop(here.running.get(name) as RunningPeer)
    await here.peers.clock.advance(60_000)
    for (const [i, name] of NAMES.entries()) {
      const peer = await here.peers.settle(here.peers.start(name))
      here.running.set(name, peer)
      here.all[i] = peer.witan
    }
    expect(await agreed(here, id)).toEqual(['no', 'no', 'no', 'no'])
  })
})

describe('an equivocator', () => {
  it('is shown on evidence$, with bytes that a stranger verifies', async () => {
    const here = await group(7)
    const { id } = await propose(here, 'ann')
    const evidence = here.all.map((witan) =>
      firstValueFrom(witan.evidence$.pipe(filter(({ proof }) => proof !== undefined))),
    )
    const liar = simulatedSigner('dot')
    await here.peers.settle(here.witan('dot').scope(SCOPE).proposal(id).vote(true))
    const other = safe.encodeBallotMessage({ type: 'votes', votes: [safe.signVote(fromHex(id), false, liar)] })
    await here.peers.settle(here.witan('ben').scope(SCOPE).receive(other))
    for (const { peer, proof, error } of await here.peers.settle(Promise.all(evidence))) {
      expect([peer, error.message]).toEqual([toHex(liar.identity), expect.stringContaining('both choices')])
      const roster = NAMES.map((name) => here.peers.idOf(name))
      expect(safe.verifyEvidence(proof as Uint8Array, { scheme: liar.scheme, roster })?.owner).toEqual(liar.identity)
    }
  })
})

async function declared(seed: number) {
  const here = await group(seed)
  const roster = NAMES.map((name) => here.peers.idOf(name))
  for (const witan of here.all) await here.peers.settle(witan.scope(SCOPE).configure({ finality: 'quorum', roster }))
  return here
}

describe('ballots of finality quorum in a group', () => {
  it('spread beside the order, and decide on every peer', async () => {
    const here = await declared(8)
    const { id } = await propose(here, 'ann')
    await here.peers.clock.advance(1_000)
    for (const name of ['ben', 'cid', 'dot'])
      await here.peers.settle(here.witan(name).scope(SCOPE).proposal(id).vote(true))
    expect(await agreed(here, id)).toEqual(['yes', 'yes', 'yes', 'yes'])
    const bytes = await here.witan('ann').scope(SCOPE).proposal(id).certificate()
    const roster = NAMES.map((name) => here.peers.idOf(name))
    const trust = { ...trustOf(here, { finality: 'quorum' }), roster }
    expect(safe.verifyCertificate(bytes, trust).outcome).toBe('yes')
    expect(here.witan('ann').status.blocks).toBe(1)
  })

  it('reach whoever was away, as a set', async () => {
    const here = await declared(9)
    await here.peers.stop(here.running.get('dot') as RunningPeer)
    const { id } = await propose(here, 'ann')
    await here.peers.clock.advance(1_000)
    for (const name of ['ann', 'ben', 'cid'])
      await here.peers.settle(here.witan(name).scope(SCOPE).proposal(id).vote(false))
    const back = await here.peers.settle(here.peers.start('dot'))
    const outcome = firstValueFrom(back.witan.scope(SCOPE).proposal(id).outcome$)
    expect(await here.peers.settle(outcome)).toBe('no')
  })

  it('are not taken for a scope that we did not declare', async () => {
    const here = await group(10)
    const roster = NAMES.map((name) => here.peers.idOf(name))
    await here.peers.settle(here.witan('ann').scope(SCOPE).configure({ finality: 'quorum', roster }))
    const { id } = await propose(here, 'ann')
    await here.peers.clock.advance(5_000)
    expect(here.witan('ben').scope(SCOPE).proposal(id).state).toBeUndefined()
    await here.peers.settle(here.witan('ben').scope(SCOPE).configure({ finality: 'quorum', roster }))
    await here.peers.clock.advance(60_000)
    expect(here.witan('ben').scope(SCOPE).proposal(id).state?.phase).toBe('open')
    expect(await codeOf(here.peers.settle(here.witan('ben').scope(SCOPE).configure({ finality: 'ordered' })))).toBe(
      'NotSettled',
    )
    expect(
      await codeOf(
        here
          .witan('dot')
          .scope(SCOPE)
          .proposal(id)
          .vote(true, { signal: AbortSignal.abort(new RangeError('over')) }),
      ),
    ).toMatch(/over/)
    await here.peers.settle(here.witan('dot').scope(SCOPE).configure({ finality: 'quorum', roster }))
    expect(await codeOf(here.witan('dot').scope(SCOPE).proposal('0'.repeat(64)).vote(true))).toBe('SessionNotFound')
    const [message] = (await here.witan('ann').scope(SCOPE).messagesOf(id)) as [Uint8Array]
    expect(await codeOf(here.peers.settle(here.witan('cid').scope(SCOPE).receive(message)))).toBe('WrongFinality')
  })
})

it('a ballot of one group is nothing in another', async () => {
  const here = await group(11)
  const there = new VirtualPeers(NAMES, 12, { application: new Uint8Array([1]) })
  const { witan } = await there.start('ann')
  const { id } = await propose(here, 'ann')
  await here.peers.clock.advance(2_000)
  const kept: Uint8Array[] = []
  for await (const { observation, kind } of here.witan('ann').history.allBlocks()) {
    if (kind === 'ballotProposal' && observation.type === 'OpaquePayload') kept.push(observation.payload.subarray(1))
  }
  expect(kept.map((bytes) => toHex(safe.decodeSignedProposal(bytes, simulatedSigner('ann').scheme).id))).toContain(id)
  for (const bytes of kept) {
    const message = new Uint8Array([0, 0, 0, 0, ...bytes])
    expect(await codeOf(witan.scope(SCOPE).receive(message))).toBe('ForeignProposal')
  }
})
