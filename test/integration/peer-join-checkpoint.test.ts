/** parsec §8: peers that start from a checkpoint and become members, over a network in memory and a virtual clock. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { orderOf, Scene } from '../support/follow-scene.ts'
import type { RunningPeer } from '../support/virtual-peers.ts'

describe('a joiner from a checkpoint', () => {
  it('follows, becomes a member when the group adds it, and takes part', async () => {
    const scene = await new Scene(1).start()
    await scene.pay('ann', 9)
    const eve = await scene.join()
    expect(eve.witan.status).toMatchObject({ state: 'joining' })
    const startedAt = eve.witan.status.follows?.startedAt as number
    expect(startedAt).toBeGreaterThan(3)
    await expect(eve.witan.vote(utf8('too early'))).rejects.toMatchObject({ data: { code: 'InvalidSelfState' } })
    await scene.add('eve')
    await scene.until(() => eve.witan.status.state === 'member')
    await scene.pay('eve', 3)
    await scene.level('ann', 'ben', 'cas', 'dot', 'eve')
    const whole = await orderOf(scene.running.get('ann') as RunningPeer)
    expect(await orderOf(eve)).toEqual(whole.slice(startedAt))
    expect(eve.witan.membership.voters).toEqual(scene.peer('ann').membership.voters)
    expect(eve.witan.membership.voters).toContain(toHex(scene.peers.idOf('eve')))
    await scene.stopAll()
  })
})
