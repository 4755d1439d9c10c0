/** parsec §8: what a hostile follower can make a member do: nothing that lasts, and no more than its budget. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { encodeMessage } from '../../src/core/parsec/index.ts'
import type { FollowerPolicy } from '../../src/engine/peer/options.ts'
import { streamName } from '../../src/engine/streams.ts'
import { encodeHoldings } from '../../src/wire/ballot/sync.ts'
import { encodeStubs } from '../../src/wire/checkpoint/base.ts'
import { encodeBaseAsked, encodeVouchAsked } from '../../src/wire/checkpoint/following.ts'
import { encodeShares } from '../../src/wire/checkpoint/shares.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessageKind } from '../../src/wire/peer-message.ts'
import { VirtualPeers } from '../support/virtual-peers.ts'

const MEMBERS = ['ann', 'ben', 'cas']
const EMPTY_SUMMARY = new Uint8Array(8)

/** A group, and somebody who is let in by the transport and sends what it likes to ann. */
async function scene(followers: FollowerPolicy | undefined) {
  const peers = new VirtualPeers(MEMBERS, 11, { checkpointInterval: 2 })
  const mallory = peers.network.join(peers.idOf('mallory'))
  const running = await peers.startAll(followers === undefined ? {} : { followers })
  const ann = (running.get('ann') as NonNullable<ReturnType<typeof running.get>>).witan
  const given = new Map<string, number>()
  const abort = new AbortController()
  const receiving = (async () => {
    for await (const { bytes } of mallory.receive({ signal: abort.signal })) {
      const kind = decodePeerMessage(bytes)?.kind ?? 'none'
      given.set(kind, (given.get(kind) ?? 0) + bytes.length)
    }
  })()
  const pay = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      const receipt = await peers.settle(ann.vote(utf8(`payload ${ann.status.blocks} ${i}`)))
      await peers.settle(receipt.agreed)
    }
  }
  const send = async (kind: PeerMessageKind, body: Uint8Array): Promise<void> => {
    await peers.settle(mallory.send(peers.idOf('ann'), encodePeerMessage(kind, body)))
  }
  const stop = async (): Promise<void> => {
    abort.abort()
    for (const peer of running.values()) await peers.stop(peer)
    await mallory.close()
    await receiving
  }
  const facts = async (): Promise<string> => {
    const logged: string[] = []
    for await (const { data } of peers.logOf('ann').read(streamName({ category: 'gossip', peer: ann.id }))) {
      logged.push(JSON.stringify(data))
    }
    return logged.join()
  }
  const total = (): number => [...given.values()].reduce((sum, bytes) => sum + bytes, 0)
  return { peers, ann, given, total, pay, send, stop, facts }
}

describe('a hostile follower', () => {
  it('gets no more than its budget, however often and whatever it asks', async () => {
    const maxBurstBytes = 20_000
    const maxBytesPerSec = 1_000
    const { peers, given, total, pay, send, stop } = await scene({ permits: () => true, maxBurstBytes, maxBytesPerSec })
    await pay(12)
    const startMs = peers.clock.nowMs()
    for (let i = 0; i < 150; i += 1) {
      await send('summary', EMPTY_SUMMARY)
      await send('baseAsked', encodeBaseAsked({ position: i % 3, part: i % 2, takesPart: i % 2 === 0 }))
      await send('vouchAsked', encodeVouchAsked({ position: i % 4, stubs: encodeStubs([]) }))
      await send('checkpoints', encodeShares({ isAnswer: false, entries: [] }))
      await peers.clock.advance(10)
    }
    const seconds = (peers.clock.nowMs() - startMs) / 1000
    expect(given.size).toBeGreaterThan(0)
    // An answer under way may go beyond it, once: the next ones wait until it is made up for.
    expect(total()).toBeLessThan(2 * maxBurstBytes + maxBytesPerSec * seconds)
    await pay(1)
    await stop()
  })

  it('is given nothing where nobody permits it, and what it sends joins no graph', async () => {
    const { peers, total, pay, send, stop, facts, ann } = await scene(undefined)
    await pay(3)
    const id = peers.idOf('mallory')
    await peers.settle(
      ann.scope('till').configure({ finality: 'quorum', roster: MEMBERS.map((name) => peers.idOf(name)) }),
    )
    await peers.settle(ann.scope('till').propose({ name: 'open it' }))
    await send('ballotHoldings', encodeHoldings([{ scope: 'till', sessions: [] }]))
    await send('summaryReply', EMPTY_SUMMARY)
    for (const kind of ['request', 'response', 'graph'] as const) await send(kind, encodeMessage([]))
    await send('summary', EMPTY_SUMMARY)
    await send('baseAsked', encodeBaseAsked({ position: 0, part: 0, takesPart: true }))
    await send('vouchAsked', new Uint8Array(3))
    await send('basePart', new Uint8Array(3))
    await peers.clock.advance(2_000)
    expect(total()).toBe(0)
    expect(await facts()).not.toContain(Buffer.from(id).toString('base64url'))
    expect(ann.membership.voters).not.toContain(toHex(id))
    await pay(1)
    await stop()
  })
})
