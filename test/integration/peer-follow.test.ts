/** parsec §8: peers that start from a checkpoint and follow, over a network in memory and a virtual clock. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { explainBlock, Parsec } from '../../src/core/parsec/index.ts'
import { PeerError } from '../../src/engine/peer/errors.ts'
import type { FollowStatus } from '../../src/engine/peer/follow/following.ts'
import { PeerStore } from '../../src/engine/peer/store.ts'
import { createWitan } from '../../src/engine/peer/witan.ts'
import { streamName } from '../../src/engine/streams.ts'
import { memoryLog } from '../../src/log/index.ts'
import { type EventLog, NO_STREAM, type RecordedFact } from '../../src/ports/event-log.ts'
import { appendError } from '../../src/testing/append-fault.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { decodeStubs, encodeStubs } from '../../src/wire/checkpoint/base.ts'
import { decodeVouch, encodeVouch } from '../../src/wire/checkpoint/following.ts'
import { Overheard } from '../support/few-stubs.ts'
import {
  changed,
  changePart,
  changeStubs,
  factsOf,
  loggedBy,
  MEMBERS,
  OPEN,
  orderOf,
  Scene,
} from '../support/follow-scene.ts'
import { cutOff, type RunningPeer } from '../support/virtual-peers.ts'

describe('a peer that follows from a checkpoint', () => {
  let blamed = 0
  it('has the blocks of the group from there on, with their places, live and after a restart', async () => {
    const scene = await new Scene(1).start({ ...OPEN, batching: { maxPayloads: 3, maxDelayMs: 5 } })
    await scene.payAtOnce('ann', 9)
    await scene.pay('ben', 6)
    await scene.until(() => scene.peer('ann').checkpoints.all().length > 1)
    let eve = await scene.follow()
    const { startedAt } = eve.witan.status.follows as FollowStatus
    expect(eve.witan.status.state).toBe('following')
    expect(startedAt).toBeGreaterThanOrEqual(4)
    expect(eve.witan.status.blocks).toBeGreaterThanOrEqual(startedAt)
    const live: number[] = []
    const proven: number[] = []
    eve.witan.blocks$.subscribe(({ position }) => live.push(position))
    eve.witan.checkpoints$.subscribe(({ blocks }) => proven.push(blocks))
    await scene.pay('cas', 9)
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    const whole = await orderOf(scene.running.get('ann') as RunningPeer)
    expect(await orderOf(eve)).toEqual(whole.slice(startedAt))
    await scene.until(() => proven.length > 0)
    expect(live.length).toBeGreaterThan(0)
    expect(eve.witan.membership.voters).toEqual(scene.peer('ann').membership.voters)
    await expect(eve.witan.vote(utf8('mine'))).rejects.toMatchObject({ data: { code: 'Following' } })
    // Killed: nothing but its log is left. It downloads nothing again.
    await scene.peers.stop(eve)
    const before = await factsOf(scene, 'eve')
    const asked: string[] = []
    const tap = changed(scene.peers.network.join(scene.peers.idOf('eve')), (kind, body) => {
      asked.push(kind)
      return body
    })
    eve = await scene.follow('eve', {}, tap)
    await scene.pay('ben', 3)
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    expect(asked).not.toContain('baseAsked')
    expect(before.filter((type) => type === 'BaseTaken').length).toBe(1)
    expect(await orderOf(eve)).toEqual((await orderOf(scene.running.get('ann') as RunningPeer)).slice(startedAt))
    const first = Number((await orderOf(eve))[0]?.split(' ')[1])
    // Batches: more payloads than blocks.
    expect(first).toBeGreaterThan(startedAt)
    await expect(orderOf(eve, 0)).rejects.toMatchObject({ data: { code: 'BlocksMissing', from: 0, to: first } })
    expect((await factsOf(scene, 'ann')).length).toBeGreaterThan(0)
    await scene.stopAll(eve)
  })

  it('is served by nobody who did not agree to it, and says so', async () => {
    const scene = await new Scene(2).start({})
    await scene.pay('ann', 6)
    const sponsors = MEMBERS.map((member) => scene.peers.idOf(member))
    const refused = scene.follow('eve', { follow: { sponsors, timeoutMs: 1_000, answerTimeoutMs: 100 } })
    await expect(refused).rejects.toMatchObject({ data: { code: 'NoBase' } })
    await scene.stopAll()
  })

  it('may be given up, and begun again on the same transport', async () => {
    const scene = await new Scene(8).start()
    const transport = scene.peers.network.join(scene.peers.idOf('eve'))
    // There is no checkpoint yet.
    const sponsors = MEMBERS.map((member) => scene.peers.idOf(member))
    const follow = { sponsors, timeoutMs: 60_000, answerTimeoutMs: 100 }
    const identity = simulatedSigner('eve')
    const abort = new AbortController()
    const { genesis, clock, random } = scene.peers
    const options = { identity, genesis, clock, random, log: memoryLog(), transport, follow }
    const aborted = createWitan(options, { signal: abort.signal })
    clock.schedule(clock.nowMs() + 1_000, () => abort.abort(new Error('given up')))
    await expect(scene.peers.settle(aborted)).rejects.toThrow('given up')
    await scene.pay('ann', 6)
    const witan = await scene.peers.settle(createWitan(options))
    expect(witan.status.state).toBe('following')
    await scene.stopAll({ witan, transport })
  })

  it.each([
    ['altered stubs', 'basePart', alterStubs],
    [
      'a false count of payloads',
      'basePart',
      (body: Uint8Array) => changePart(body, (part) => ({ ...part, payloads: part.payloads + 7 })),
    ],
    [
      'an old proof under a new position',
      'basePart',
      (body: Uint8Array) => changePart(body, (part) => ({ ...part, position: part.position + 4 })),
    ],
    ['garbage', 'basePart', (body: Uint8Array) => changePart(body, (part) => ({ ...part, bytes: part.bytes.fill(7) }))],
    ['bytes that are no message', 'basePart', (body: Uint8Array) => body.slice(1)],
  ] as const)('finds out a sponsor that gives %s, and asks another', async (_, kind, lie) => {
    const scene = new Scene(3)
    for (const name of MEMBERS) {
      const transport = scene.peers.network.join(scene.peers.idOf(name))
      // All but one lie, so that whoever is asked first, some lie.
      const isLiar = name !== 'dot'
      const sent = isLiar ? changed(transport, (it, body) => (it === kind ? lie(body) : body)) : transport
      scene.running.set(name, await scene.peers.start(name, { transport: sent, options: OPEN }))
    }
    await scene.pay('ann', 7)
    await scene.until(() => scene.peer('dot').checkpoints.all().length > 0)
    const starting = scene.peers.start('eve', {
      options: {
        follow: { sponsors: MEMBERS.map((name) => scene.peers.idOf(name)), answerTimeoutMs: 200 },
        logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      },
    })
    const eve = await scene.peers.settle(starting)
    await scene.pay('ann', 3)
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    const { startedAt, refused } = eve.witan.status.follows as FollowStatus
    // Who was asked before the honest one is named; of bytes that are no message a notice tells.
    const liars = MEMBERS.slice(0, 3).map((name) => toHex(scene.peers.idOf(name)))
    expect(refused.every(({ peer }) => liars.includes(peer))).toBe(true)
    blamed += refused.length
    expect(await orderOf(eve)).toEqual((await orderOf(scene.running.get('ann') as RunningPeer)).slice(startedAt))
    await scene.stopAll(eve)
  })

  it('named some that gave what they should not have', () => {
    expect(blamed).toBeGreaterThan(0)
  })

  it('does not take what fewer than a third vouch for, nor false vouches', async () => {
    const scene = new Scene(4)
    for (const name of MEMBERS) {
      const transport = scene.peers.network.join(scene.peers.idOf(name))
      const sent = changed(transport, (kind, body) => {
        if (kind === 'basePart' && name !== 'ann') return null
        if (kind !== 'vouch') return body
        const vouch = decodeVouch(body, 64)
        return encodeVouch({ ...vouch, signature: vouch.signature === null ? null : vouch.signature.fill(1) })
      })
      scene.running.set(name, await scene.peers.start(name, { transport: sent, options: OPEN }))
    }
    await scene.pay('ann', 7)
    await scene.until(() => scene.peer('ann').checkpoints.all().length > 0)
    const sponsors = MEMBERS.map((member) => scene.peers.idOf(member))
    const refused = scene.follow('eve', { follow: { sponsors, timeoutMs: 1_000, answerTimeoutMs: 100 } })
    const error = await refused.catch((it: unknown) => it)
    expect(error).toBeInstanceOf(PeerError)
    expect(JSON.stringify((error as PeerError).data)).toContain('1 of 4 voters vouch')
    expect(await factsOf(scene, 'eve')).toEqual([])
    await scene.stopAll()
  })

  it('starts again from a later checkpoint when it lacks a stub, and names the positions between', async () => {
    const { scene, first, eve: before } = await toStartAgain()
    let eve = before
    const { missing, startedAt, waitsFor } = eve.witan.status.follows as FollowStatus
    expect(waitsFor).toBeUndefined()
    expect(startedAt).toBeGreaterThan(first.startedAt)
    const whole = await orderOf(scene.running.get('ann') as RunningPeer)
    const [gap] = missing
    expect(gap).toEqual({ from: first.startedAt, to: startedAt })
    expect(await orderOf(eve, startedAt)).toEqual(whole.slice(startedAt))
    await expect(orderOf(eve, first.startedAt)).rejects.toMatchObject({ data: { code: 'BlocksMissing', ...gap } })
    await scene.peers.stop(eve)
    const { log, signer, group, facts } = await loggedBy(scene, 'eve')
    expect(facts.filter(({ type }) => type === 'PeerStarted').length).toBe(2)
    const fresh = Parsec.fromFacts(
      group,
      signer,
      facts.slice(facts.findLastIndex(({ type }) => type === 'PeerStarted')),
    )
    expect(Parsec.fromFacts(group, signer, facts).summary()).toEqual(fresh.summary())
    // A block of after it can be explained, by its place in the order; what stood before is gone.
    expect(explainBlock(group, facts, startedAt)?.index).toBe(startedAt)
    expect(explainBlock(group, facts, first.startedAt)).toBeNull()
    const recovered = await new PeerStore(log, group, signer, scene.peers.random).recover({ isAudit: true })
    expect(recovered?.parsec.eventCount).toBe(fresh.eventCount)
    expect(recovered?.parsec.summary()).toEqual(fresh.summary())
    eve = await scene.follow()
    await scene.pay('ann', 3)
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    const all = await orderOf(scene.running.get('ann') as RunningPeer)
    expect(await orderOf(eve)).toEqual(all.slice(startedAt))
    await scene.stopAll(eve)
  })

  it('goes on from whatever a crash left of its log', async () => {
    const scene = await new Scene(7).start()
    await scene.pay('ann', 7)
    const eve = await scene.follow()
    await scene.pay('ben', 5)
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    await scene.peers.stop(eve)
    const id = toHex(scene.peers.idOf('eve'))
    const stream = streamName({ category: 'gossip', peer: id })
    const facts: RecordedFact[] = []
    for await (const fact of scene.peers.logOf('eve').read(stream)) facts.push(fact)
    const base = facts.findIndex(({ type }) => type === 'BaseTaken')
    expect(base).toBe(1)
    for (const kept of [1, 2, 3, 10, facts.length]) {
      const log = memoryLog()
      const cut = facts.slice(0, kept).map(({ type, data, metadata }) => ({ type, data, metadata }))
      await log.append(stream, cut, NO_STREAM)
      const asked: string[] = []
      const tap = changed(scene.peers.network.join(scene.peers.idOf('eve')), (kind, body) => {
        asked.push(kind)
        return body
      })
      const again = await scene.follow('eve', {}, tap, log)
      await scene.until(() => again.witan.status.blocks === scene.peer('ann').status.blocks)
      // Only a base that was not whole is downloaded again.
      expect(asked.includes('baseAsked')).toBe(kept === 1)
      const { startedAt } = again.witan.status.follows as FollowStatus
      expect(await orderOf(again)).toEqual((await orderOf(scene.running.get('ann') as RunningPeer)).slice(startedAt))
      await scene.peers.stop(again)
    }
    await scene.stopAll()
  })

  it('keeps what it has until a second base is whole, whatever a crash leaves of that', async () => {
    const scene = await new Scene(8).start()
    await scene.pay('ann', 9)
    let eve = await scene.follow()
    const { startedAt } = eve.witan.status.follows as FollowStatus
    await scene.pay('ben', 1)
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    const before = await orderOf(eve)
    await scene.peers.stop(eve)
    const log = scene.peers.logOf('eve')
    const stream = streamName({ category: 'gossip', peer: toHex(scene.peers.idOf('eve')) })
    const facts: RecordedFact[] = []
    for await (const fact of log.read(stream)) facts.push(fact)
    const [started, base] = facts as [RecordedFact, RecordedFact]
    expect([started.type, base.type]).toEqual(['PeerStarted', 'BaseTaken'])
    for (const cut of [[started], [started, { ...base, data: { ...base.data, isLast: false } }]]) {
      const again = cut.map(({ type, data, metadata }) => ({ type, data, metadata }))
      await log.append(stream, again, await log.lastRevision(stream))
      // Nobody needs to be in reach.
      eve = await scene.follow('eve', {}, cutOff(scene.peers, scene.peers.idOf('eve')))
      expect(eve.witan.status.follows?.startedAt).toBe(startedAt)
      expect((await orderOf(eve)).slice(0, before.length)).toEqual(before)
      await scene.peers.stop(eve)
      // What comes now is logged after the rest of a base, and belongs to what was before it.
      eve = await scene.follow()
      await scene.pay('cas', 2)
      await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
      const whole = await orderOf(scene.running.get('ann') as RunningPeer)
      expect(await orderOf(eve)).toEqual(whole.slice(startedAt))
      await scene.peers.stop(eve)
    }
    const logged = await loggedBy(scene, 'eve')
    expect(explainBlock(logged.group, logged.facts, startedAt)?.index).toBe(startedAt)
    expect(Parsec.fromFacts(logged.group, logged.signer, logged.facts).startedAt).toBe(startedAt)
    await scene.stopAll()
  })

  it('goes on with what it had when a second base cannot be logged as a whole, and tries again', async () => {
    const log = cutting(2)
    const { scene, eve, first } = await toStartAgain(log)
    expect(log.cuts()).toBe(1)
    const { missing, startedAt } = eve.witan.status.follows as FollowStatus
    expect(missing).toEqual([{ from: first.startedAt, to: startedAt }])
    const whole = await orderOf(scene.running.get('ann') as RunningPeer)
    expect(await orderOf(eve, startedAt)).toEqual(whole.slice(startedAt))
    await scene.stopAll(eve)
  })

  it('cannot begin when its first base cannot be logged as a whole, and publishes nothing', async () => {
    const scene = await new Scene(9).start()
    await scene.pay('ann', 9)
    const log = cutting(1)
    const transport = scene.peers.network.join(scene.peers.idOf('eve'))
    await expect(scene.follow('eve', {}, transport, log)).rejects.toMatchObject({ data: { code: 'LogUnavailable' } })
    expect(log.cuts()).toBe(1)
    await scene.peers.clock.advance(5_000)
    expect(await log.lastRevision(streamName({ category: 'block', peer: toHex(scene.peers.idOf('eve')) }))).toBe(
      NO_STREAM,
    )
    await transport.close()
    const eve = await scene.follow('eve', {}, undefined, log)
    const { startedAt } = eve.witan.status.follows as FollowStatus
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    expect(await orderOf(eve)).toEqual((await orderOf(scene.running.get('ann') as RunningPeer)).slice(startedAt))
    await scene.stopAll(eve)
  })

  it('goes on while voters are added and removed', async () => {
    const scene = await new Scene(5).start()
    await scene.pay('ann', 6)
    const eve = await scene.follow()
    scene.running.set('fay', await scene.peers.start('fay'))
    for (const name of MEMBERS) await scene.peers.settle(scene.peer(name).members.add(scene.peers.idOf('fay')))
    await scene.until(() => scene.peer('fay').status.state === 'member')
    for (const name of ['ann', 'ben', 'cas', 'fay'])
      await scene.peers.settle(scene.peer(name).members.remove(scene.peers.idOf('dot')))
    await scene.until(() => scene.peer('dot').status.state === 'removed')
    await scene.pay('fay', 3)
    await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
    expect(eve.witan.membership.voters).toEqual(scene.peer('ann').membership.voters)
    const { startedAt } = eve.witan.status.follows as FollowStatus
    expect(await orderOf(eve)).toEqual((await orderOf(scene.running.get('ann') as RunningPeer)).slice(startedAt))
    await scene.stopAll(eve)
  })
})

/** A log where the n-th start of a peer is cut off: only its first fact is written. */
function cutting(nth: number): EventLog & { readonly cuts: () => number } {
  const log = memoryLog()
  let starts = 0
  let cuts = 0
  return {
    cuts: () => cuts,
    append: async (stream, facts, expected) => {
      if (facts[0]?.type !== 'PeerStarted') return log.append(stream, facts, expected)
      starts += 1
      if (starts !== nth) return log.append(stream, facts, expected)
      cuts += 1
      await log.append(stream, facts.slice(0, 1), expected)
      throw appendError('unavailable')
    },
    read: (stream, options) => log.read(stream, options),
    readAll: (options) => log.readAll(options),
    subscribeAll: (options) => log.subscribeAll(options),
    subscribe: (stream, options) => log.subscribe(stream, options),
    lastRevision: (stream) => log.lastRevision(stream),
    close: () => log.close(),
  }
}

/** A follower that was given too few stubs, and has started again from a later checkpoint. */
async function toStartAgain(log?: EventLog) {
  const scene = new Scene(6)
  let isLying = true
  const overheard = new Overheard(scene.peers.group)
  for (const name of MEMBERS) {
    const transport = scene.peers.network.join(scene.peers.idOf(name))
    const sent = changed(transport, (kind, body) => {
      if (kind === 'request' || kind === 'response' || kind === 'graph') overheard.message(body)
      if (kind !== 'basePart' || !isLying) return body
      return name === 'ann' ? changeStubs(body, (base) => overheard.stubsWithout(base, 2)) : null
    })
    scene.running.set(name, await scene.peers.start(name, { transport: sent, options: OPEN }))
  }
  await scene.pay('ann', 3)
  await scene.pay('cas', 4)
  await scene.until(() => scene.peer('ann').checkpoints.all().length > 0)
  const eve = await scene.follow('eve', {}, undefined, log)
  const first = eve.witan.status.follows as FollowStatus
  isLying = false
  await scene.pay('cas', 3)
  await scene.until(() => eve.witan.status.follows?.waitsFor !== undefined)
  expect(eve.witan.status.follows?.waitsFor).toContain('UnknownSelfParent')
  await scene.pay('ben', 6)
  await scene.until(() => eve.witan.status.blocks === scene.peer('ann').status.blocks)
  return { scene, eve, first }
}

const alterStubs = (body: Uint8Array): Uint8Array =>
  changeStubs(body, ({ stubs }) =>
    encodeStubs(decodeStubs(stubs).map((stub, i) => (i === 0 ? { ...stub, hash: new Uint8Array(32) } : stub))),
  )
