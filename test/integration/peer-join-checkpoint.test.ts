/** parsec §8: peers that start from a checkpoint and become members, over a network in memory and a virtual clock. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { Parsec } from '../../src/core/parsec/index.ts'
import type { FollowStatus } from '../../src/engine/peer/follow/following.ts'
import type { WitanOptions } from '../../src/engine/peer/options.ts'
import { PeerStore } from '../../src/engine/peer/store.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { appendError } from '../../src/testing/append-fault.ts'
import { changed, factsOf, loggedBy, MEMBERS, OPEN, orderOf, Scene } from '../support/follow-scene.ts'
import type { RunningPeer } from '../support/virtual-peers.ts'

/** A group of four in which eve, who started from a checkpoint, is the fifth. */
async function withEve(seed: number, options: Partial<WitanOptions> = OPEN): Promise<Scene> {
  const scene = await new Scene(seed).start(options)
  await scene.pay('ann', 9)
  await scene.join()
  await scene.add('eve')
  await scene.until(() => scene.peer('eve').status.state === 'member')
  return scene
}

/** Everybody has the order of ann, from where it starts; nobody was found to be faulty. */
async function expectOneOrder(scene: Scene, ...names: readonly string[]): Promise<void> {
  await scene.level('ann', ...names)
  const whole = await orderOf(scene.running.get('ann') as RunningPeer)
  for (const name of names) {
    const peer = scene.running.get(name) as RunningPeer
    expect(await orderOf(peer)).toEqual(whole.slice(peer.witan.status.follows?.startedAt ?? 0))
    expect(peer.witan.membership.voters).toEqual(scene.peer('ann').membership.voters)
  }
}

/** What anybody says of anybody. */
function evidence(scene: Scene): string[] {
  const said: string[] = []
  for (const [name, { witan }] of scene.running)
    witan.evidence$.subscribe(({ peer, error }) => said.push(`${name} of ${peer.slice(0, 8)}: ${error.message}`))
  return said
}

describe('a joiner from a checkpoint', () => {
  it('follows, becomes a member when the group adds it, and takes part', async () => {
    const scene = await new Scene(1).start()
    await scene.pay('ann', 9)
    const eve = await scene.join()
    expect(eve.witan.status.state).toBe('joining')
    const startedAt = eve.witan.status.follows?.startedAt as number
    expect(startedAt).toBeGreaterThan(3)
    await expect(eve.witan.vote(utf8('too early'))).rejects.toMatchObject({ data: { code: 'InvalidSelfState' } })
    await scene.add('eve')
    await scene.until(() => eve.witan.status.state === 'member')
    const said = evidence(scene)
    await scene.pay('eve', 3)
    await expectOneOrder(scene, 'ben', 'cas', 'dot', 'eve')
    expect(eve.witan.membership.voters).toContain(toHex(scene.peers.idOf('eve')))
    expect(eve.witan.status.follows).toMatchObject({ startedAt, missing: [] })
    const first = Number((await orderOf(eve))[0]?.split(' ')[1])
    await expect(orderOf(eve, 0)).rejects.toMatchObject({ data: { code: 'BlocksMissing', from: 0, to: first } })
    expect(said).toEqual([])
    await scene.stopAll()
  })

  it('starts at its admission where that is past, however far the group is, and needs no permission', async () => {
    const scene = await new Scene(2).start({})
    await scene.pay('ann', 5)
    await scene.add('eve')
    const admittedAt = scene.peer('ann').status.blocks
    await scene.until(() => scene.peer('ann').checkpoints.all().length > 1)
    await scene.pay('ben', 9)
    const eve = await scene.join('eve', { followers: OPEN.followers as NonNullable<WitanOptions['followers']> })
    expect(eve.witan.status).toMatchObject({ state: 'member', follows: { startedAt: admittedAt } })
    await scene.pay('eve', 3)
    await expectOneOrder(scene, 'ben', 'cas', 'dot', 'eve')
    await scene.stopAll()
  })

  it('waits until the group adds it where nobody permits it to follow', async () => {
    const scene = await new Scene(3).start({})
    await scene.pay('ann', 5)
    const joining = scene.join('eve', {
      join: { checkpoint: { ...scene.from(), timeoutMs: Number.POSITIVE_INFINITY } },
    })
    await scene.peers.clock.advance(5_000)
    await scene.add('eve')
    expect((await joining).witan.status.state).toBe('member')
    await scene.pay('eve', 2)
    await expectOneOrder(scene, 'ben', 'eve')
    await scene.stopAll()
  })

  it('refuses a base from after its admission, and says why it finds none', async () => {
    const scene = new Scene(4)
    await scene.start({})
    await scene.pay('ann', 5)
    await scene.add('eve')
    await scene.pay('ann', 9)
    // A base to follow from, as nobody who joins gets it.
    const newest = changed(scene.peers.network.join(scene.peers.idOf('eve')), (kind, body) => {
      if (kind === 'baseAsked') body.set([0], 16)
      return body
    })
    const checkpoint = { ...scene.from(), timeoutMs: 1_000 }
    const refused = scene.join('eve', { join: { checkpoint } }, newest)
    await expect(refused).rejects.toThrow('after our admission')
    expect(await factsOf(scene, 'eve')).toEqual([])
    await scene.stopAll()
  })

  it('signs checkpoints, votes for further members, and removes one', async () => {
    const scene = await withEve(5)
    scene.running.set('fay', await scene.peers.start('fay', { options: OPEN }))
    // Four of five must agree.
    await scene.add('fay', ['eve', 'ann', 'ben', 'cas'])
    await scene.until(() => scene.peer('fay').status.state === 'member')
    await scene.remove('dot', ['eve', 'ann', 'ben', 'cas', 'fay'])
    await scene.pay('fay', 4)
    await expectOneOrder(scene, 'ben', 'cas', 'eve', 'fay')
    expect(scene.peer('dot').status.state).toBe('removed')
    expect(await factsOf(scene, 'eve')).toContain('CheckpointSigned')
    const proven = (name: string): number => scene.peer(name).checkpoints.all().at(-1)?.blocks ?? 0
    await scene.until(() => proven('eve') === proven('ann') && proven('ann') > 12)
    await scene.stopAll()
  })

  it('orders on with a group that shrinks until each vote of it is needed, and may be removed itself', async () => {
    const scene = await withEve(6)
    await scene.remove('dot', ['eve', 'ann', 'ben', 'cas'])
    await scene.remove('cas', ['eve', 'ann', 'ben'])
    expect(scene.peer('eve').membership.voters.length).toBe(3)
    await scene.pay('eve', 3)
    await scene.pay('ann', 3)
    await expectOneOrder(scene, 'ben', 'eve')
    await scene.remove('eve', ['ann', 'ben', 'eve'])
    await scene.until(() => scene.peer('eve').status.state === 'removed')
    await scene.pay('ben', 2)
    await scene.stopAll()
  })

  it('is followed from, and joined from, like any member', async () => {
    const scene = await withEve(7)
    await scene.pay('eve', 9)
    await scene.level('ann', 'eve')
    const givers = new Set<string>()
    const tap = (name: string) =>
      changed(scene.peers.network.join(scene.peers.idOf(name)), (kind, body) => {
        givers.add(kind)
        return body
      })
    // Eve gives it, ann and ben vouch.
    const sponsors = ['eve', 'ann', 'ben'].map((name) => scene.peers.idOf(name))
    for (const name of ['cas', 'dot']) await scene.peers.stop(scene.running.get(name) as RunningPeer)
    await scene.follow('fay', { follow: { ...scene.from(), sponsors } }, tap('fay'))
    await scene.join('gus', { join: { checkpoint: { ...scene.from(), sponsors } } }, tap('gus'))
    expect(givers).toContain('vouchAsked')
    for (const name of ['cas', 'dot']) scene.running.set(name, await scene.peers.start(name, { options: OPEN }))
    await scene.add('gus', ['ann', 'ben', 'cas', 'eve'])
    await scene.until(() => scene.peer('gus').status.state === 'member')
    await scene.pay('gus', 3)
    await expectOneOrder(scene, 'eve', 'fay', 'gus')
    await scene.stopAll()
  })
})

describe('the log of a joiner from a checkpoint', () => {
  it('makes it what it was, and nothing is downloaded again', async () => {
    const scene = await withEve(8)
    await scene.pay('eve', 2)
    await scene.peers.stop(scene.running.get('eve') as RunningPeer)
    await scene.pay('ann', 6)
    const asked: string[] = []
    const tap = changed(scene.peers.network.join(scene.peers.idOf('eve')), (kind, body) => {
      asked.push(kind)
      return body
    })
    const eve = await scene.join('eve', {}, tap)
    expect(eve.witan.status.state).toBe('member')
    await scene.pay('eve', 2)
    await expectOneOrder(scene, 'ben', 'eve')
    expect(asked).not.toContain('baseAsked')
    await scene.stopAll()
  })

  it('gives at each of its facts the state that was there', async () => {
    const scene = await withEve(9)
    await scene.pay('eve', 3)
    const { witan } = scene.running.get('eve') as RunningPeer
    await scene.peers.stop(scene.running.get('eve') as RunningPeer)
    const { facts, group, signer, log } = await loggedBy(scene, 'eve')
    const own = facts.findIndex((fact) => fact.type === 'GossipEventAccepted' && isBy(fact.bytes, signer.identity))
    const isFollower = (kept: number): boolean => Parsec.fromFacts(group, signer, facts.slice(0, kept)).isFollower
    const counts = facts.map((_, i) => i + 1)
    // Its Initial comes right after the event that decides on it.
    expect(counts.findIndex((kept) => !isFollower(kept))).toBe(own - 1)
    expect(counts.slice(own).some(isFollower)).toBe(false)
    const recovered = await new PeerStore(log, group, signer, scene.peers.random).recover({ isAudit: true })
    expect(recovered?.blocks).toBe(witan.status.blocks)
    await scene.stopAll()
  })

  it('survives a crash at each of its appends, before and after it', async () => {
    const said: string[] = []
    for (const isWritten of [false, true]) {
      for (let at = 1; at <= 13; at += 1) said.push(...(await crashAt(at, isWritten)))
    }
    expect(said).toEqual([])
  }, 120_000)

  it('is that of a member: it cannot only follow any more, and not begin otherwise', async () => {
    const scene = await withEve(10)
    await scene.peers.stop(scene.running.get('eve') as RunningPeer)
    await expect(scene.follow()).rejects.toMatchObject({ data: { code: 'WrongLog' } })
    await expect(scene.join('eve', { join: { section: [] } })).rejects.toThrow('--from-checkpoint')
    await scene.stopAll()
  })

  it('of a follower is that of a joiner too, unless the group added it before its checkpoint', async () => {
    const scene = await new Scene(11).start()
    await scene.pay('ann', 5)
    await scene.peers.stop(await scene.follow('eve'))
    const eve = await scene.join('eve')
    await scene.add('eve')
    await scene.until(() => eve.witan.status.state === 'member')
    await scene.pay('eve', 1)
    // Fay is added, and follows from after that.
    await scene.add('fay', [...MEMBERS, 'eve'])
    await scene.pay('ann', 9)
    const fay = await scene.follow('fay')
    expect(fay.witan.status.state).toBe('following')
    await scene.peers.stop(fay)
    await expect(scene.join('fay')).rejects.toThrow('it can only follow')
    // A fresh log gets the checkpoint of its admission.
    const fresh = await scene.join('fay', {}, undefined, memoryLog())
    expect(fresh.witan.status.state).toBe('member')
    await scene.pay('fay', 1)
    await expectOneOrder(scene, 'eve', 'fay')
    await scene.stopAll()
  })
})

describe('a peer that only follows', () => {
  it('makes no events, also when the group adds it', async () => {
    const scene = await new Scene(12).start()
    await scene.pay('ann', 5)
    let eve = await scene.follow('eve')
    await scene.add('eve')
    await scene.pay('ben', 3)
    await scene.level('ann', 'eve')
    expect(eve.witan.status.state).toBe('following')
    await expect(eve.witan.vote(utf8('mine'))).rejects.toMatchObject({ data: { code: 'Following' } })
    await scene.peers.stop(eve)
    eve = await scene.follow('eve')
    await scene.pay('ann', 3)
    await scene.level('ann', 'eve')
    const { facts, signer } = await loggedBy(scene, 'eve')
    expect(facts.some((fact) => fact.type === 'GossipEventAccepted' && isBy(fact.bytes, signer.identity))).toBe(false)
    expect(eve.witan.status.follows as FollowStatus).toMatchObject({ missing: [] })
    await scene.stopAll()
  })
})

const isBy = (bytes: Uint8Array, id: Uint8Array): boolean => toHex(bytes.subarray(0, id.length)) === toHex(id)

/** Eve's process is killed at her n-th append, which was or was not written; nothing leaves any more. She starts again and takes part: gives who is blamed then. */
async function crashAt(at: number, isWritten: boolean): Promise<string[]> {
  const scene = await new Scene(20).start()
  await scene.pay('ann', 6)
  const log = scene.peers.logOf('eve')
  let appends = 0
  const isDead = (): boolean => appends >= at
  const dying: EventLog = {
    append: async (stream, facts, expected) => {
      appends += 1
      if (appends > at || (appends === at && !isWritten)) throw appendError('unavailable')
      const revision = await log.append(stream, facts, expected)
      if (appends >= at) throw appendError('unavailable')
      return revision
    },
    read: (stream, options) => log.read(stream, options),
    readAll: (options) => log.readAll(options),
    subscribeAll: (options) => log.subscribeAll(options),
    subscribe: (stream, options) => log.subscribe(stream, options),
    lastRevision: (stream) => log.lastRevision(stream),
    close: () => Promise.resolve(),
  }
  const transport = scene.peers.network.join(scene.peers.idOf('eve'))
  const tap = changed(transport, (_, body) => (isDead() ? null : body))
  const started = await scene.join('eve', {}, tap, dying).catch((error: unknown) => {
    if (!isDead()) throw error
    return undefined
  })
  await scene.add('eve')
  for (let i = 0; i < 40 && !isDead(); i += 1) await scene.pay('ben', 1)
  expect(isDead()).toBe(true)
  if (started === undefined) await transport.close()
  else await scene.peers.stop(started)
  const eve = await scene.join('eve')
  await scene.until(() => eve.witan.status.state === 'member')
  const said = evidence(scene)
  await scene.pay('eve', 2)
  await expectOneOrder(scene, 'ben', 'cas', 'dot', 'eve')
  await scene.stopAll()
  return said
}
