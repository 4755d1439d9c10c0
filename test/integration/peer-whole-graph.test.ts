/** parsec §8: a member that lacks a stub takes the whole graph, its own events included, and goes on; over a network in memory and a virtual clock. */
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { encodeMessage, encodeObservation } from '../../src/core/parsec/index.ts'
import type { WitanOptions } from '../../src/engine/peer/options.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog, NewFact } from '../../src/ports/event-log.ts'
import { appendError } from '../../src/testing/append-fault.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { encodeContent, encodeVote } from '../../src/wire/canonical/event.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessageKind } from '../../src/wire/peer-message.ts'
import { factsOf, MEMBERS, orderOf, Scene } from '../support/follow-scene.ts'
import { expectGoesOn, stuck, withMute } from '../support/stuck-scene.ts'
import type { RunningPeer } from '../support/virtual-peers.ts'

const BURST = 24 * 1024
const IN_PIECES: Partial<WitanOptions> = {
  followers: { permits: () => true, maxBytesPerSec: 1024 * 1024, maxBurstBytes: BURST },
}

/** An event whose self-parent nobody has. */
function orphan({ peers }: Scene, by: string, nth: number): Uint8Array {
  const signer = simulatedSigner(by)
  const selfParent = new Uint8Array(32).fill(nth)
  const cause = { type: 'Requesting', selfParent, recipient: peers.idOf('eve') } as const
  const content = encodeContent(signer.identity, cause, peers.group.format)
  return encodeMessage([concatBytes(content, signer.sign(peers.group.eventMessage(content)))])
}

/** The appends of a new start: the first of them, or the one that makes it hold. */
type Which = 'PeerStarted' | 'GraphTaken'

/** A log on which one of these appends fails, or from which on none is ever heard of again. */
function breaking(
  which: Which,
  how: 'fail' | 'die' | 'die after it',
): EventLog & { readonly kept: EventLog; readonly isBroken: () => boolean } {
  const kept = memoryLog()
  let broken = false
  const isIt = ({ type, data }: NewFact): boolean =>
    type === which && (type === 'GraphTaken' || data['origin'] === 'again')
  return {
    kept,
    isBroken: () => broken,
    append: async (stream, facts, expected) => {
      const isOver = broken && how !== 'fail'
      if (!isOver && (broken || !facts.some(isIt))) return kept.append(stream, facts, expected)
      const isNow = !broken
      broken = true
      if (how === 'fail') throw appendError('unavailable')
      if (isNow && how === 'die after it') await kept.append(stream, facts, expected)
      return new Promise(() => undefined)
    },
    read: (stream, options) => kept.read(stream, options),
    readAll: (options) => kept.readAll(options),
    subscribeAll: (options) => kept.subscribeAll(options),
    subscribe: (stream, options) => kept.subscribe(stream, options),
    lastRevision: (stream) => kept.lastRevision(stream),
    close: () => kept.close(),
  }
}

/** All scenes have the same group. */
const GROUP = new Scene(0).peers.group

/** One more event by a member, on a branch of its own. */
function nextOf(before: Uint8Array | undefined, by: string): Uint8Array {
  const { format } = GROUP
  const signer = simulatedSigner(by)
  const signed = (content: Uint8Array): Uint8Array => concatBytes(content, signer.sign(GROUP.eventMessage(content)))
  if (before === undefined) return signed(encodeContent(signer.identity, { type: 'Initial' }, format))
  const selfParent = GROUP.hash(GROUP.eventMessage(before.subarray(0, -format.signatureBytes)))
  const observation = encodeObservation({ type: 'OpaquePayload', payload: selfParent }, format)
  return signed(encodeVote(signer.identity, selfParent, observation, signer.sign(GROUP.voteMessage(observation))))
}

describe('a member that lacks a stub', () => {
  it('takes the whole graph from the members, and goes on with what it was', async () => {
    const world = await stuck(13)
    const { scene, seen } = world
    await expectGoesOn(world)
    const facts = await factsOf(scene, 'eve')
    expect(facts.filter((type) => type === 'PeerStarted').length).toBe(2)
    expect(facts.filter((type) => type === 'GraphTaken').length).toBe(1)
    const order = await orderOf(scene.running.get('eve') as RunningPeer)
    expect(seen.map(({ index, position, hash }) => `${index} ${position} ${hash}`)).toEqual(order)
    const { startedAt = 0 } = scene.peer('eve').status.follows ?? {}
    const { proven } = world
    expect(proven.length).toBeGreaterThan(2)
    expect(new Set(proven).size).toBe(proven.length)
    expect(Math.min(...proven)).toBeGreaterThan(startedAt)
    // What stands on nothing is only that by now.
    const { waitsFor } = scene.peer('eve').status.follows ?? {}
    for (let i = 0; i < 10; i += 1) {
      for (const name of ['cas', 'dot']) {
        const { transport } = scene.running.get(name) as RunningPeer
        await transport.send(scene.peers.idOf('eve'), encodePeerMessage('graph', orphan(scene, name, i)))
      }
      await scene.peers.clock.advance(500)
    }
    expect(scene.peer('eve').status.follows).toMatchObject({ startedAt })
    expect([waitsFor, scene.peer('eve').status.follows?.waitsFor]).toEqual([undefined, undefined])
    expect(world.blamed.every((of) => of.startsWith('eve'))).toBe(true)
    world.blamed.splice(0)
    // And so it stays.
    await scene.peers.stop(scene.running.get('eve') as RunningPeer)
    await scene.pay('ann', 2)
    const { witan } = await scene.join()
    expect(witan.status.state).toBe('member')
    await scene.pay('eve', 2)
    await scene.level(...MEMBERS, 'eve')
    const whole = await orderOf(scene.running.get('ann') as RunningPeer)
    expect(witan.status.follows?.startedAt).toBe(startedAt)
    expect(await orderOf(scene.running.get('eve') as RunningPeer)).toEqual(whole.slice(startedAt))
    expect((await factsOf(scene, 'eve')).filter((type) => type === 'PeerStarted').length).toBe(2)
    expect(world.blamed).toEqual([])
    await scene.stopAll()
  })

  it('stands still where nobody gives it, says so, and never starts from a later checkpoint, which would leave its events out', async () => {
    let isLost = true
    const world = await stuck(19, undefined, (kind, body) => (kind === 'graphGiven' && isLost ? null : body))
    const { scene } = world
    await scene.until(() => scene.peer('eve').status.follows?.waitsFor !== undefined)
    expect(scene.peer('eve').status.follows?.waitsFor).toContain('UnknownOtherParent')
    const { blocks } = scene.peer('eve').status
    await scene.pay('ann', 9)
    await scene.peers.clock.advance(5_000)
    expect(scene.peer('eve').status).toMatchObject({ state: 'member', blocks })
    expect((await factsOf(scene, 'eve')).filter((type) => type === 'PeerStarted').length).toBe(1)
    isLost = false
    await expectGoesOn(world)
    await scene.stopAll()
  })

  it.each<Which>(['PeerStarted', 'GraphTaken'])('goes on where the append of %s fails', async (which) => {
    const log = breaking(which, 'fail')
    const world = await stuck(14, log)
    await expectGoesOn(world)
    expect(log.isBroken()).toBe(true)
    await world.scene.stopAll()
  })

  it.each([
    ['PeerStarted', 'die', 1],
    ['PeerStarted', 'die after it', 2],
    ['GraphTaken', 'die', 2],
    ['GraphTaken', 'die after it', 2],
  ] as const)('goes on where it is killed at the append of %s (%s)', async (which, how, starts) => {
    const log = breaking(which, how)
    const world = await stuck(15, log)
    const { scene } = world
    await scene.until(() => log.isBroken())
    await scene.peers.settle(scene.peers.stop(scene.running.get('eve') as RunningPeer))
    const left = await factsOf(scene, 'eve', log.kept)
    expect(left.filter((type) => type === 'PeerStarted').length).toBe(starts)
    const isWhole = left.includes('GraphTaken')
    expect(isWhole).toBe(which === 'GraphTaken' && how === 'die after it')
    await scene.join('eve', {}, undefined, log.kept)
    await scene.pay('cas', 1)
    await expectGoesOn(world, isWhole)
    await scene.stopAll()
  })

  it('asks the next where a member gives nothing, or what is no graph', async () => {
    let asked = 0
    const world = await stuck(16, undefined, (kind, body) => {
      if (kind !== 'graphGiven') return body
      asked += 1
      if (asked === 1) return null
      return asked === 2 ? body.map((byte, i) => (i === body.length - 1 ? byte ^ 1 : byte)) : body
    })
    await expectGoesOn(world)
    expect(asked).toBeGreaterThan(3)
    await world.scene.stopAll()
  })

  it('learns from it that it was removed', async () => {
    let isLost = true
    const onItsWay = (kind: PeerMessageKind, body: Uint8Array): Uint8Array | null =>
      kind === 'graphGiven' && isLost ? null : body
    const { scene } = await stuck(20, undefined, onItsWay, IN_PIECES)
    await scene.until(() => scene.peer('eve').status.follows?.waitsFor !== undefined)
    await scene.remove('eve', MEMBERS)
    // What comes after it is nothing to eve.
    await scene.pay('ann', 9)
    expect(scene.peer('eve').status.state).toBe('member')
    isLost = false
    await scene.until(() => scene.peer('eve').status.state === 'removed')
    const startedAt = scene.peer('eve').status.follows?.startedAt as number
    const whole = await orderOf(scene.running.get('ann') as RunningPeer)
    const order = await orderOf(scene.running.get('eve') as RunningPeer)
    expect(order).toEqual(whole.slice(startedAt, startedAt + order.length))
    await scene.stopAll()
  })

  it('may be a joiner still, to whom nobody gives a base any more', async () => {
    let isGiven = true
    const scene = new Scene(21)
    const { mute } = await withMute(scene, (kind, body) => (kind === 'basePart' && !isGiven ? null : body))
    await scene.join()
    isGiven = false
    mute(false)
    await scene.peers.settle(scene.peer('cas').vote(utf8('here again')))
    await scene.until(() => scene.peer('eve').status.follows?.waitsFor !== undefined)
    await scene.add('eve')
    await scene.until(() => scene.peer('eve').status.state === 'member')
    await scene.pay('eve', 3)
    await scene.level(...MEMBERS, 'eve')
    expect((await factsOf(scene, 'eve')).filter((type) => type === 'GraphTaken').length).toBe(1)
    await scene.stopAll()
  })

  it('goes on where the member that it asks first makes news for ever', async () => {
    let liar: string | undefined
    const made: Uint8Array[] = []
    const { scene } = await stuck(22, undefined, (kind, body, from) => {
      if (kind !== 'graphGiven') return body
      liar ??= from
      if (liar !== from) return body
      made.push(nextOf(made.at(-1), from))
      return encodeMessage(made.slice(-1))
    })
    await scene.until(() => scene.peer('eve').status.follows?.waitsFor !== undefined)
    await scene.until(() => scene.peer('eve').status.follows?.waitsFor === undefined)
    expect(made.length).toBeGreaterThan(1)
    await scene.stopAll()
  })

  it('is given the graph in pieces, as far as the budget of members goes', async () => {
    const pieces: number[] = []
    const note = (kind: PeerMessageKind, body: Uint8Array): Uint8Array => {
      if (kind === 'graphGiven') pieces.push(body.length)
      return body
    }
    const world = await stuck(17, undefined, note, IN_PIECES)
    await expectGoesOn(world)
    expect(pieces.length).toBeGreaterThan(6)
    expect(Math.max(...pieces)).toBeLessThanOrEqual(BURST)
    await world.scene.stopAll()
  })

  it('nobody else is given it', async () => {
    const scene = await new Scene(18).start()
    await scene.pay('ann', 3)
    const stranger = scene.peers.network.join(scene.peers.idOf('mallory'))
    const heard: string[] = []
    const hearing = (async () => {
      for await (const { bytes } of stranger.receive()) heard.push(decodePeerMessage(bytes)?.kind ?? 'none')
    })()
    const summary = new Uint8Array(8)
    await stranger.send(scene.peers.idOf('ann'), encodePeerMessage('graphAsked', summary))
    await scene.peers.clock.advance(1_000)
    expect(heard).toEqual([])
    // Whom the policy permits gets what a follower gets.
    await stranger.send(scene.peers.idOf('ann'), encodePeerMessage('summary', summary))
    await scene.peers.clock.advance(1_000)
    expect(heard).toEqual(['graph'])
    await stranger.close()
    await hearing
    await scene.stopAll()
  })
})
