/** Two processes of one identity on one log: one goes on, the other stops, says why, and neither writes nor sends again. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { cutOff, type RunningPeer, VirtualPeers } from '../support/virtual-peers.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']

async function twoAlices() {
  const peers = new VirtualPeers(NAMES)
  const running = await peers.startAll()
  const older = running.get('alice') as RunningPeer
  const receipt = await peers.settle(older.witan.vote(utf8('before')))
  await peers.settle(receipt.agreed)
  const transport = cutOff(peers, peers.idOf('alice'))
  const newer = await peers.start('alice', { transport })
  const stream = `gossip-${toHex(peers.idOf('alice'))}`
  return { peers, running, older, newer, sent: transport.sent, height: () => peers.logOf('alice').lastRevision(stream) }
}

describe('the fence', () => {
  it('stops the newer process when the older one writes first', async () => {
    const { peers, older, newer, sent, height } = await twoAlices()
    await peers.settle(older.witan.vote(utf8('by the older')))
    await expect(peers.settle(newer.witan.vote(utf8('by the newer')))).rejects.toMatchObject({ code: 'Fenced' })
    expect(newer.witan.status).toMatchObject({ state: 'fenced', error: { code: 'Fenced' } })
    const sentBefore = sent.length
    await expect(newer.witan.vote(utf8('again'))).rejects.toMatchObject({ code: 'Fenced' })
    await peers.clock.advance(60_000)
    expect(sent).toHaveLength(sentBefore)
    await peers.settle(peers.stop(newer))
    const before = await height()
    const receipt = await peers.settle(older.witan.vote(utf8('and goes on')))
    await peers.settle(receipt.agreed)
    expect(await height()).toBeGreaterThan(before)
    expect(older.witan.status.state).toBe('member')
  })

  it('stops the older process when the newer one writes first', async () => {
    const { peers, older, newer } = await twoAlices()
    await peers.settle(newer.witan.vote(utf8('by the newer')))
    await expect(peers.settle(older.witan.vote(utf8('by the older')))).rejects.toMatchObject({ code: 'Fenced' })
    expect(older.witan.status.state).toBe('fenced')
    expect(newer.witan.status.state).toBe('member')
  })

  it('stops a process that was asleep while another took over, whatever it does first', async () => {
    const { peers, running, older, newer, height } = await twoAlices()
    // The older one is cut off and does nothing, as a machine that was suspended.
    peers.network.partition([[peers.idOf('alice')]])
    await peers.settle(newer.witan.vote(utf8('while it slept')))
    peers.network.heal()
    const bob = running.get('bob') as RunningPeer
    const receipt = await peers.settle(bob.witan.vote(utf8('wakes it')))
    await peers.settle(receipt.agreed)
    await peers.clock.advance(5_000)
    expect(older.witan.status.state).toBe('fenced')
    await peers.settle(peers.stop(newer))
    const before = await height()
    await peers.clock.advance(60_000)
    expect(await height()).toBe(before)
    expect(older.witan.status.state).toBe('fenced')
  })
})
