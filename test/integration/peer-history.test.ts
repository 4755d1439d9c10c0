/** A consumer that keeps a position sees every payload exactly once, however often it starts anew, also live. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type RunningPeer, VirtualPeers } from '../support/virtual-peers.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']
const VOTES = 40

class Consumer {
  readonly seen: string[] = []
  readonly positions: number[] = []
  #abort = new AbortController()

  /** Goes on behind the last position that it kept, and stops after `count` payloads or when told to. */
  async consume({ witan }: RunningPeer, count: number): Promise<void> {
    const { signal } = this.#abort
    const from = (this.positions.at(-1) ?? -1) + 1
    let left = count
    for await (const { position, payload } of witan.history.blocks({ from, live: true, signal })) {
      this.positions.push(position)
      this.seen.push(Buffer.from(payload).toString())
      left -= 1
      if (left === 0) return
    }
  }

  stop(): void {
    this.#abort.abort()
  }
}

describe('history with a position', () => {
  it('gives every payload exactly once to a consumer that stops and starts at any position', async () => {
    const peers = new VirtualPeers(NAMES, 3)
    const running = await peers.startAll()
    const alice = running.get('alice') as RunningPeer
    const live: string[] = []
    alice.witan.blocks$.subscribe(({ position, payload }) =>
      live.push(`${position} ${Buffer.from(payload).toString()}`),
    )
    const consumer = new Consumer()
    const consuming = (async () => {
      while (consumer.seen.length < VOTES) {
        await consumer.consume(alice, Math.min(peers.random.int(1, 5), VOTES - consumer.seen.length))
      }
    })()
    for (let i = 0; i < VOTES; i += 1) {
      const voter = running.get(peers.random.pick(NAMES)) as RunningPeer
      await peers.settle(voter.witan.vote(utf8(`payload ${i}`)))
      if (peers.random.chance(0.5)) await peers.clock.advance(peers.random.int(0, 30))
    }
    await peers.settle(consuming)
    expect(new Set(consumer.seen).size).toBe(VOTES)
    expect(consumer.positions).toEqual([...consumer.positions].sort((a, b) => a - b))
    expect(consumer.positions.map((position, i) => `${position} ${consumer.seen[i]}`)).toEqual(live)
  })

  it('goes on live across a restart of the peer without gap or repeat', async () => {
    const peers = new VirtualPeers(NAMES, 4)
    const running = await peers.startAll()
    let alice = running.get('alice') as RunningPeer
    const bob = running.get('bob') as RunningPeer
    const consumer = new Consumer()
    for (let round = 0; round < 3; round += 1) {
      const receipts = []
      for (let i = 0; i < 4; i += 1) receipts.push(await peers.settle(bob.witan.vote(utf8(`${round}/${i}`))))
      await peers.settle(consumer.consume(alice, 3))
      await peers.settle(Promise.all(receipts.map(({ agreed }) => agreed)))
      await peers.settle(peers.stop(alice))
      alice = await peers.settle(peers.start('alice'))
    }
    await peers.settle(consumer.consume(alice, 3))
    expect(consumer.seen).toHaveLength(12)
    expect(new Set(consumer.seen).size).toBe(12)
    const last = consumer.positions.at(-1) ?? 0
    const rest: number[] = []
    for await (const { position } of alice.witan.history.blocks({ from: last })) rest.push(position)
    expect(rest).toEqual([last])
  })

  it('ends a live reading when it is aborted', async () => {
    const peers = new VirtualPeers(NAMES, 5)
    const running = await peers.startAll()
    const consumer = new Consumer()
    const consuming = consumer.consume(running.get('alice') as RunningPeer, 1)
    consumer.stop()
    await peers.settle(consuming)
    expect(consumer.seen).toEqual([])
  })
})
