/** ballots §8 for a member that started from a checkpoint: what it says of ballots is what everybody says, and of earlier ones it says nothing. */
import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { safe } from '../../src/core/ballot/index.ts'
import { verifyCheckpoint } from '../../src/core/parsec/index.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { codeOf } from '../support/ballots.ts'
import { OPEN, Scene } from '../support/follow-scene.ts'
import { expectGoesOn, stuck } from '../support/stuck-scene.ts'
import type { RunningPeer } from '../support/virtual-peers.ts'

const SCOPE = 'treasury'

const ballot = (scene: Scene, name: string, id: string) => scene.peer(name).scope(SCOPE).proposal(id)

async function propose(scene: Scene, by: string, expiresInSec = 600): Promise<string> {
  const { id } = await scene.peers.settle(
    scene
      .peer(by)
      .scope(SCOPE)
      .propose({ name: `of ${by} at ${scene.peers.clock.nowMs()}`, expiresInSec }),
  )
  return id
}

const outcomes = (scene: Scene, id: string, ...names: readonly string[]): Promise<safe.Outcome[]> =>
  scene.peers.settle(Promise.all(names.map((name) => firstValueFrom(ballot(scene, name, id).outcome$))))

/** Eve is a member from a checkpoint, and needed for every supermajority; before it a ballot was opened that is still open. */
async function smallGroup(seed: number, expiresInSec: number): Promise<{ scene: Scene; before: string }> {
  const scene = await new Scene(seed).start()
  const before = await propose(scene, 'ann', expiresInSec)
  await scene.peers.settle(ballot(scene, 'ben', before).vote(true))
  await scene.pay('ann', 9)
  await scene.join()
  await scene.add('eve')
  await scene.until(() => scene.peer('eve').status.state === 'member')
  await scene.remove('dot', ['eve', 'ann', 'ben', 'cas'])
  await scene.remove('cas', ['eve', 'ann', 'ben'])
  return { scene, before }
}

describe('a member that started from a checkpoint, in ballots', () => {
  it('proposes, votes, decides and proves like everybody, also after a restart', async () => {
    const { scene } = await smallGroup(1, 600)
    const id = await propose(scene, 'eve')
    for (const name of ['ann', 'ben', 'eve']) await scene.peers.settle(ballot(scene, name, id).vote(true))
    expect(await outcomes(scene, id, 'ann', 'ben', 'eve')).toEqual(['yes', 'yes', 'yes'])
    const open = await propose(scene, 'ann')
    await scene.peers.settle(ballot(scene, 'eve', open).vote(false))
    await scene.pay('ann', 5)
    const trust: safe.CertificateTrust = {
      scheme: simulatedSigner('ann').scheme,
      scope: SCOPE,
      groupId: scene.peers.group.id,
      policy: { finality: 'ordered', threshold: 2 / 3 },
      verifyCheckpoint: (bytes) =>
        verifyCheckpoint(bytes, { group: scene.peers.group, scheme: simulatedSigner('ann').scheme }),
    }
    const proof = await scene.peers.settle(ballot(scene, 'eve', id).certificate())
    expect(safe.verifyCertificate(proof, trust)).toMatchObject({ outcome: 'yes' })
    await scene.peers.stop(scene.running.get('eve') as RunningPeer)
    await scene.join()
    await scene.pay('ann', 2)
    expect(ballot(scene, 'eve', id).outcome).toBe('yes')
    expect(await codeOf(scene.peers.settle(ballot(scene, 'eve', open).vote(true)))).toBe('UserAlreadyVoted')
    for (const name of ['ann', 'ben']) await scene.peers.settle(ballot(scene, name, open).vote(false))
    expect(await outcomes(scene, open, 'ann', 'ben', 'eve')).toEqual(['no', 'no', 'no'])
    const again = await scene.peers.settle(ballot(scene, 'eve', id).certificate())
    expect(safe.verifyCertificate(again, trust)).toMatchObject({ outcome: 'yes' })
    await scene.stopAll()
  })

  it('goes on with them where it took the whole graph meanwhile, also after a restart, and knows of no earlier ones even so', async () => {
    let isLost = true
    const world = await stuck(4, undefined, (kind, body) => (kind === 'graphGiven' && isLost ? null : body))
    const { scene } = world
    await scene.until(() => scene.peer('eve').status.follows?.waitsFor !== undefined)
    const missed = await propose(scene, 'ann')
    await scene.peers.settle(ballot(scene, 'ann', missed).vote(true))
    isLost = false
    await expectGoesOn(world)
    const open = await propose(scene, 'eve')
    for (const name of ['ben', 'cas', 'eve']) await scene.peers.settle(ballot(scene, name, missed).vote(true))
    expect(await outcomes(scene, missed, 'ann', 'eve')).toEqual(['yes', 'yes'])
    await scene.pay('ann', 5)
    const known = scene.peer('eve').scope(SCOPE).proposals().length
    await scene.peers.stop(scene.running.get('eve') as RunningPeer)
    await scene.join()
    await scene.pay('ann', 2)
    expect(scene.peer('eve').scope(SCOPE).proposals().length).toBe(known)
    expect(ballot(scene, 'eve', missed).outcome).toBe('yes')
    for (const name of ['ann', 'ben', 'cas', 'eve']) await scene.peers.settle(ballot(scene, name, open).vote(false))
    expect(await outcomes(scene, open, 'ann', 'eve')).toEqual(['no', 'no'])
    await scene.stopAll()
  })

  it('says nothing of a ballot from before, not even where its proposal and votes are ordered again', async () => {
    const { scene, before } = await smallGroup(2, 600)
    const [message, ...none] = await proposalsIn(scene)
    expect(none).toEqual([])
    await scene.peers.settle(
      scene
        .peer('ben')
        .scope(SCOPE)
        .receive(message as Uint8Array),
    )
    const refused = scene
      .peer('eve')
      .scope(SCOPE)
      .receive(message as Uint8Array)
    expect(await codeOf(scene.peers.settle(refused))).toBe('OrderUnknown')
    await scene.peers.settle(ballot(scene, 'ann', before).vote(true))
    await scene.pay('ben', 3)
    expect((await proposalsIn(scene)).length).toBe(2)
    expect(scene.peer('eve').scope(SCOPE).proposals()).toEqual([])
    expect(ballot(scene, 'eve', before).state).toBeUndefined()
    expect(ballot(scene, 'ann', before).state).toMatchObject({ yes: 2 })
    await scene.stopAll()
  })

  it('closes with the others what it did not see opened, since its vote is needed', async () => {
    const { scene, before } = await smallGroup(3, 20)
    expect(scene.peer('eve').scope(SCOPE).proposals()).toEqual([])
    expect(await outcomes(scene, before, 'ann', 'ben')).toEqual(['no', 'no'])
    expect(scene.peer('eve').scope(SCOPE).proposals()).toEqual([])
    await scene.stopAll()
  })

  it('finds the voters of a ballot by its checkpoint, where it is a member from there', async () => {
    const scene = await new Scene(5).start()
    await propose(scene, 'ann')
    await scene.pay('ann', 5)
    scene.running.set('fay', await scene.peers.start('fay', { options: OPEN }))
    await scene.add('fay')
    await scene.add('eve', ['ann', 'ben', 'cas', 'fay'])
    await scene.pay('ann', 2)
    await scene.join()
    expect(scene.peer('eve').status.state).toBe('member')
    const [early] = await proposalsIn(scene)
    await scene.peers.settle(
      scene
        .peer('ben')
        .scope(SCOPE)
        .receive(early as Uint8Array),
    )
    const mine = await propose(scene, 'eve')
    const theirs = await propose(scene, 'fay')
    for (const id of [mine, theirs]) {
      for (const name of ['eve', 'fay', 'ann', 'ben']) await scene.peers.settle(ballot(scene, name, id).vote(true))
      expect(await outcomes(scene, id, 'ann', 'eve')).toEqual(['yes', 'yes'])
      expect(ballot(scene, 'eve', id).state).toMatchObject({ rosterSize: 6 })
    }
    expect((await proposalsIn(scene)).length).toBe(4)
    expect(scene.peer('eve').scope(SCOPE).proposals().length).toBe(2)
    await scene.stopAll()
  })

  it('shows no ballots while it follows', async () => {
    const scene = await new Scene(4).start()
    await scene.pay('ann', 5)
    await scene.join('eve', OPEN)
    const id = await propose(scene, 'ann')
    await scene.pay('ann', 2)
    await scene.level('ann', 'eve')
    expect(scene.peer('eve').scope(SCOPE).proposals()).toEqual([])
    expect(await codeOf(scene.peers.settle(scene.peer('eve').scope(SCOPE).propose({ name: 'x' })))).toBe(
      'VoterNotEligible',
    )
    expect(ballot(scene, 'ann', id).state).toMatchObject({ phase: 'open' })
    await scene.stopAll()
  })
})

/** Every proposal in the order, as its owner signed it. */
async function proposalsIn(scene: Scene): Promise<readonly Uint8Array[]> {
  const messages: Uint8Array[] = []
  for await (const { observation, kind } of scene.peer('ann').history.allBlocks()) {
    if (kind !== 'ballotProposal' || observation.type !== 'OpaquePayload') continue
    const signed = safe.decodeSignedProposal(observation.payload.slice(1), simulatedSigner('ann').scheme)
    messages.push(safe.encodeBallotMessage({ type: 'proposal', signed }))
  }
  return messages
}
