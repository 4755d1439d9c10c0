/** ballots §8 under attack: what strangers and faulty peers must not bring about. */
import { describe, expect, it } from 'vitest'
import { safe } from '../../src/core/ballot/index.ts'
import { groupOf } from '../../src/engine/peer/options.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { encodeHoldings, encodeScopedBallot } from '../../src/wire/ballot/sync.ts'
import { encodePeerMessage } from '../../src/wire/peer-message.ts'
import { codeOf } from '../support/ballots.ts'
import { type RunningPeer, VirtualPeers } from '../support/virtual-peers.ts'

const NAMES = ['ann', 'ben', 'cid', 'dot'] as const
const SCOPE = 'treasury'

async function group(seed: number, logOfDot?: EventLog) {
  const peers = new VirtualPeers(NAMES, seed, { checkpointInterval: 5 })
  const running = new Map<string, RunningPeer>()
  for (const name of NAMES) {
    const given = name === 'dot' && logOfDot !== undefined ? { log: logOfDot } : {}
    running.set(name, await peers.start(name, given))
  }
  const peer = (name: string): RunningPeer => running.get(name) as RunningPeer
  return { peers, peer, witan: (name: string) => peer(name).witan }
}

type Here = Awaited<ReturnType<typeof group>>

/** A stranger's proposal, to a roster of its own. */
function founded({ peers }: Here, stranger: Signer, finality: safe.FinalitySpec, scope: string): safe.SignedProposal {
  const draft: safe.ProposalDraft = {
    scope,
    groupId: groupOf(peers.genesis).id,
    name: 'pay',
    payload: new Uint8Array(0),
    roster: { type: 'Listed', keys: [stranger.identity] },
    finality,
    createdSec: 1_700_000_000,
    expirySec: 1_900_000_000,
  }
  return safe.buildSafeProposal(draft, stranger, { nonce: new Uint8Array(16) })
}

async function send({ peers, peer }: Here, to: string, message: safe.BallotMessage): Promise<void> {
  const body = encodeScopedBallot({ scope: SCOPE, message: safe.encodeBallotMessage(message) })
  await peer('dot').transport.send(peers.idOf(to), encodePeerMessage('ballot', body))
}

const declare = async ({ peers, witan }: Here): Promise<void> => {
  for (const name of NAMES) await peers.settle(witan(name).scope(SCOPE).configure({ finality: 'quorum' }))
}

/** A log whose appends wait for ever once it is shut: they are lost when the process dies. */
class Gate {
  isShut = false
  readonly log: EventLog

  constructor(inner: EventLog) {
    this.log = {
      append: (stream, facts, at) => (this.isShut ? new Promise(() => undefined) : inner.append(stream, facts, at)),
      read: (stream, options) => inner.read(stream, options),
      readAll: (options) => inner.readAll(options),
      subscribe: (stream, options) => inner.subscribe(stream, options),
      subscribeAll: (options) => inner.subscribeAll(options),
      lastRevision: (stream) => inner.lastRevision(stream),
      close: () => inner.close(),
    }
  }
}

describe('our own vote', () => {
  it('is handed out only when it is durable, also by a second call (ballots §8.6)', async () => {
    const log = memoryLog()
    const gate = new Gate(log)
    const here = await group(21, gate.log)
    const { id } = await here.peers.settle(here.witan('ann').scope(SCOPE).propose({ name: 'x' }))
    await here.peers.clock.advance(3_000)
    gate.isShut = true
    const proposal = here.witan('dot').scope(SCOPE).proposal(id)
    const handedOut: safe.SafeVote[] = []
    const vote = async (): Promise<void> => {
      handedOut.push(await proposal.vote(true))
    }
    void vote()
    void vote()
    await here.peers.clock.advance(100)
    void vote()
    await here.peers.clock.advance(1_000)
    expect(handedOut).toEqual([])
    // The crash: another process with what is durable.
    const elsewhere = new VirtualPeers(NAMES, 22, here.peers.genesis)
    const after = await elsewhere.start('dot', { log })
    const other = await codeOf(elsewhere.settle(after.witan.scope(SCOPE).proposal(id).vote(false)))
    expect([other, handedOut]).toEqual(['accepted', []])
  })
})

describe('a faulty peer', () => {
  it('puts nothing into the order through others, in whatever scope', async () => {
    const here = await group(23)
    await declare(here)
    await here.peers.clock.advance(2_000)
    const before = here.witan('ann').status.blocks
    for (let i = 0; i < 20; i += 1) {
      const signed = founded(here, simulatedSigner(`stranger ${i}`), { type: 'ordered', fromPosition: 0 }, 'elsewhere')
      for (const to of ['ann', 'ben', 'cid']) await send(here, to, { type: 'proposal', signed })
    }
    await here.peers.clock.advance(10_000)
    expect(here.witan('ann').status.blocks).toBe(before)
    const signed = founded(here, simulatedSigner('stranger'), { type: 'ordered', fromPosition: 0 }, 'elsewhere')
    const message = safe.encodeBallotMessage({ type: 'proposal', signed })
    expect(await codeOf(here.witan('ann').scope('another').receive(message))).toBe('ForeignProposal')
  })

  it('decides nothing with a roster of its own, and opens nothing', async () => {
    const here = await group(24)
    await declare(here)
    const decided: string[] = []
    here.witan('ann').decisions$.subscribe(({ name }) => decided.push(name))
    for (let i = 0; i < 30; i += 1) {
      const stranger = simulatedSigner(`stranger ${i}`)
      const signed = founded(here, stranger, { type: 'quorum' }, SCOPE)
      await send(here, 'ann', { type: 'proposal', signed })
      await send(here, 'ann', { type: 'votes', votes: [safe.signVote(signed.id, true, stranger)] })
      await here.peers.clock.advance(20)
    }
    await here.peers.clock.advance(5_000)
    expect(decided).toEqual([])
    expect(here.witan('ann').scope(SCOPE).stats).toMatchObject({ open: 0, yes: 0 })
  })
})

describe('a small question', () => {
  it('is answered at most so often, and with so much', async () => {
    const here = await group(25)
    await declare(here)
    const scope = here.witan('ann').scope(SCOPE)
    for (let i = 0; i < 40; i += 1) {
      await here.peers.settle(scope.propose({ name: `number ${i}`, payload: new Uint8Array(60_000) }))
    }
    await here.peers.clock.advance(2_000)
    const { transport } = here.peer('dot')
    const ann = here.peers.idOf('ann')
    const sent: number[] = []
    const counting = here.peer('ann').transport
    const original = counting.send.bind(counting)
    counting.send = (to, bytes, options) => {
      if (bytes[0] === 6) sent.push(bytes.length)
      return original(to, bytes, options)
    }
    const empty = encodePeerMessage('ballotHoldings', encodeHoldings([{ scope: SCOPE, sessions: [] }]))
    for (let i = 0; i < 20; i += 1) await transport.send(ann, empty)
    await here.peers.clock.advance(100)
    const bytes = sent.reduce((sum, length) => sum + length, 0)
    expect(bytes).toBeGreaterThan(60_000)
    expect(bytes).toBeLessThan(1.2 * 1024 * 1024)
  })
})
