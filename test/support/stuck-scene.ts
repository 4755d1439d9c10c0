/** parsec §8: a member that was given too few stubs, so that it stands still; over a network in memory and a virtual clock. */
import { expect } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { AgreedBlock } from '../../src/engine/peer/blocks.ts'
import type { WitanOptions } from '../../src/engine/peer/options.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { decodeStubs, encodeStubs, type Stub } from '../../src/wire/checkpoint/base.ts'
import type { PeerMessageKind } from '../../src/wire/peer-message.ts'
import { changed, changeStubs, MEMBERS, OPEN, orderOf, Scene } from './follow-scene.ts'
import type { RunningPeer } from './virtual-peers.ts'

/** Bases that are true, and too little: others vouch for what is in them, not for what is left out. */
function withoutOpenEnds(kind: string, body: Uint8Array): Uint8Array {
  if (kind !== 'basePart') return body
  return changeStubs(body, ({ stubs }) => {
    const all = decodeStubs(stubs)
    const isNewest = (stub: Stub): boolean =>
      all.every(({ creator, index }) => creator !== stub.creator || index <= stub.index)
    return encodeStubs(all.filter((stub) => stub.open === null || isNewest(stub)))
  })
}

export interface Stuck {
  readonly scene: Scene
  /** What eve's subscribers saw, the first time it ran. */
  readonly seen: readonly AgreedBlock[]
  /** Of which checkpoints. */
  readonly proven: readonly number[]
  /** Whom anybody blamed. */
  readonly blamed: string[]
}

/** What a member sends, changed on its way: `null` drops it. */
type OnItsWay = (kind: PeerMessageKind, body: Uint8Array, from: string) => Uint8Array | null

/** A group whose member cas was asked before it went mute for long. */
export async function withMute(
  scene: Scene,
  onItsWay: OnItsWay,
  options: Partial<WitanOptions> = OPEN,
): Promise<{ readonly mute: (isSo: boolean) => void }> {
  let isMute = false
  for (const name of MEMBERS) {
    const own = scene.peers.network.join(scene.peers.idOf(name))
    const transport = changed(own, (kind, body) => {
      if (name === 'cas') return isMute ? null : onItsWay(kind, body, name)
      return onItsWay(kind, withoutOpenEnds(kind, body), name)
    })
    scene.running.set(name, await scene.peers.start(name, { options, transport }))
  }
  await scene.pay('cas', 3)
  isMute = true
  await scene.pay('ann', 13)
  const mute = (isSo: boolean): void => {
    isMute = isSo
  }
  return { mute }
}

/** Eve votes; cas, which was not heard for long, goes on from events of which eve has nothing. */
export async function stuck(
  seed: number,
  log?: EventLog,
  onItsWay: OnItsWay = (_, body) => body,
  options: Partial<WitanOptions> = OPEN,
): Promise<Stuck> {
  const scene = new Scene(seed)
  const { mute } = await withMute(scene, onItsWay, options)
  const { witan } = await scene.join('eve', {}, undefined, log)
  const seen: AgreedBlock[] = []
  witan.allBlocks$.subscribe((block) => seen.push(block))
  const proven: number[] = []
  witan.checkpoints$.subscribe(({ blocks }) => proven.push(blocks))
  await scene.add('eve', ['ann', 'ben', 'dot'])
  await scene.until(() => scene.peer('eve').status.state === 'member')
  await scene.pay('eve', 2)
  mute(false)
  const blamed: string[] = []
  for (const [name, peer] of scene.running)
    peer.witan.evidence$.subscribe(({ peer: of, error }) => blamed.push(`${name} of ${of}: ${error.message}`))
  await scene.peers.settle(scene.peer('cas').vote(utf8('here again')))
  return { scene, seen, proven, blamed }
}

/** It takes part again, and has the order of all from where it began. */
export async function expectGoesOn({ scene, blamed }: Stuck, isOver = false): Promise<void> {
  if (!isOver) await scene.until(() => scene.peer('eve').status.follows?.waitsFor !== undefined)
  await scene.until(() => scene.peer('eve').status.follows?.waitsFor === undefined)
  await scene.pay('cas', 2)
  await scene.pay('eve', 3)
  await scene.level(...MEMBERS, 'eve')
  const startedAt = scene.peer('eve').status.follows?.startedAt as number
  expect(startedAt).toBeGreaterThan(3)
  const whole = await orderOf(scene.running.get('ann') as RunningPeer)
  expect(await orderOf(scene.running.get('eve') as RunningPeer)).toEqual(whole.slice(startedAt))
  expect(scene.peer('eve').status.state).toBe('member')
  expect(scene.peer('eve').membership.voters).toEqual(scene.peer('ann').membership.voters)
  expect(blamed).toEqual([])
}
