/** parsec §8: two voters shrink to one, and the removed one's signature is lost on its way: the order is proven nevertheless. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { verifyCheckpoint } from '../../src/core/parsec/index.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { decodePeerMessage } from '../../src/wire/peer-message.ts'
import { type RunningPeer, VirtualPeers } from '../support/virtual-peers.ts'

const CHECK_MS = 500

/** Loses signatures of checkpoints on their way out while it is told to. */
function losing(inner: Transport): Transport & { isLosing: boolean; lost: number } {
  return {
    isLosing: true,
    lost: 0,
    localPeer: inner.localPeer,
    send(to, bytes, options) {
      if (!this.isLosing || decodePeerMessage(bytes)?.kind !== 'checkpoints') return inner.send(to, bytes, options)
      this.lost += 1
      return Promise.resolve()
    },
    receive: (options) => inner.receive(options),
    close: () => inner.close(),
  }
}

async function shrunk(): Promise<{
  peers: VirtualPeers
  alice: RunningPeer
  bob: RunningPeer
  way: ReturnType<typeof losing>
}> {
  const peers = new VirtualPeers(['alice', 'bob'], 3)
  const way = losing(peers.network.join(peers.idOf('bob')))
  const alice = await peers.start('alice')
  const bob = await peers.start('bob', { transport: way })
  await peers.settle(alice.witan.members.remove(peers.idOf('bob')))
  await peers.settle(bob.witan.members.leave())
  await until(peers, () => alice.witan.membership.voters.length === 1 && bob.witan.status.state === 'removed')
  const receipt = await peers.settle(alice.witan.vote(utf8('alone')))
  await peers.settle(receipt.agreed)
  await peers.clock.advance(10 * CHECK_MS)
  expect(way.lost).toBeGreaterThan(0)
  expect(alice.witan.checkpoints.all()).toEqual([])
  return { peers, alice, bob, way }
}

async function until(peers: VirtualPeers, isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 240 && !isSo(); i += 1) await peers.clock.advance(CHECK_MS)
  expect(isSo()).toBe(true)
}

/** Who votes on by the newest proof, which a stranger checks. */
function provenVoters({ witan }: RunningPeer): readonly string[] {
  const { scheme } = simulatedSigner('alice')
  const proof = witan.checkpoints.all().at(-1)?.proof ?? new Uint8Array(0)
  return verifyCheckpoint(proof, { group: witan.group, scheme }).nextVoters.map(toHex)
}

describe('two voters shrink to one, and the last message of the removed one is lost', () => {
  it('asks it again while it runs', async () => {
    const { peers, alice, bob, way } = await shrunk()
    way.isLosing = false
    await until(peers, () => alice.witan.checkpoints.all().length > 0)
    expect(provenVoters(alice)).toEqual([toHex(peers.idOf('alice'))])
    await peers.settle(peers.stop(bob))
    await peers.settle(peers.stop(alice))
  })

  it('asks it again when it runs again', async () => {
    const { peers, alice, bob } = await shrunk()
    await peers.settle(peers.stop(bob))
    const way = losing(peers.network.join(peers.idOf('bob')))
    const again = await peers.start('bob', { transport: way })
    expect([again.witan.status.state, way.lost]).toEqual(['removed', 1])
    way.isLosing = false
    await until(peers, () => alice.witan.checkpoints.all().length > 0)
    expect(provenVoters(alice)).toEqual([toHex(peers.idOf('alice'))])
    await peers.settle(peers.stop(again))
    await peers.settle(peers.stop(alice))
  })

  it('hears of it when it starts again, however long after, and for an instant only', async () => {
    const { peers, alice, bob } = await shrunk()
    await peers.settle(peers.stop(bob))
    await peers.clock.advance(60 * CHECK_MS)
    expect(alice.witan.checkpoints.all()).toEqual([])
    await peers.settle(peers.stop(await peers.start('bob')))
    await until(peers, () => alice.witan.checkpoints.all().length > 0)
    expect(provenVoters(alice)).toEqual([toHex(peers.idOf('alice'))])
    await peers.settle(peers.stop(alice))
  })
})
