/** parsec §8: checkpoints of running peers: signed, logged before they leave, gathered, kept through restarts, verified. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { parsecFactFromJson, verifyCheckpoint, verifyPosition } from '../../src/core/parsec/index.ts'
import { ed25519, systemRandom } from '../../src/crypto/index.ts'
import { type GenesisOptions, groupOf } from '../../src/engine/peer/options.ts'
import { createWitan, type Witan } from '../../src/engine/peer/witan.ts'
import { streamName } from '../../src/engine/streams.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'
import { decodeShares, encodeShares } from '../../src/wire/checkpoint/shares.ts'
import { checkpointMessage, encodeStatement } from '../../src/wire/checkpoint/statement.ts'
import { decodePeerMessage, encodePeerMessage } from '../../src/wire/peer-message.ts'
import { namedSigner } from '../support/transport.ts'

const signers = ['ann', 'ben', 'cas', 'dot', 'eli'].map((name) => namedSigner(`checkpoints ${name}`))
const genesis: GenesisOptions = { members: signers.slice(0, 4).map(({ identity }) => identity), checkpointInterval: 5 }
const group = groupOf(genesis)
const trust = { group, scheme: ed25519 }

/** Holds every signature of a checkpoint that leaves against the log of the peer that made it. */
function watched(transport: Transport, signer: Signer, log: EventLog, early: string[]): Transport {
  const check = async (bytes: Uint8Array): Promise<void> => {
    const message = decodePeerMessage(bytes)
    if (message?.kind !== 'checkpoints') return
    const logged = new Set<string>()
    const stream = streamName({ category: 'gossip', peer: toHex(signer.identity) })
    for await (const { type, data } of log.read(stream)) {
      const fact = parsecFactFromJson(type, data)
      if (fact.type === 'CheckpointSigned') logged.add(toHex(fact.signature))
    }
    for (const { signatures } of decodeShares(message.body, group.format).entries) {
      for (const { signer: by, signature } of signatures) {
        const isOurs = toHex(by) === toHex(signer.identity)
        if (isOurs && !logged.has(toHex(signature))) early.push(toHex(signature))
      }
    }
  }
  return {
    localPeer: transport.localPeer,
    send: async (to, bytes, options) => {
      await check(bytes)
      await transport.send(to, bytes, options)
    },
    receive: (options) => transport.receive(options),
    close: () => transport.close(),
  }
}

class Scene {
  readonly network = new MemoryNetwork({ clock: systemClock, random: systemRandom })
  readonly logs = signers.map(() => memoryLog())
  readonly early: string[] = []
  readonly running = new Map<number, { readonly witan: Witan; readonly transport: Transport }>()

  async start(i: number): Promise<Witan> {
    const identity = signers[i] as Signer
    const log = this.logs[i] as EventLog
    const transport = watched(this.network.join(identity.identity), identity, log, this.early)
    const joins = i < 4 ? {} : { join: { section: [] } }
    const witan = await createWitan({ identity, genesis, log, transport, ...joins })
    this.running.set(i, { witan, transport })
    return witan
  }

  async stop(i: number): Promise<void> {
    const peer = this.running.get(i)
    this.running.delete(i)
    await peer?.witan.close()
    await peer?.transport.close()
  }

  peer(i: number): Witan {
    return (this.running.get(i) as { readonly witan: Witan }).witan
  }

  async pay(i: number, count: number): Promise<void> {
    for (let k = 0; k < count; k += 1) await (await this.peer(i).vote(utf8(`${i} ${k} ${Math.random()}`))).agreed
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await sleep(5)
  }
}

const scene = new Scene()
afterEach(async () => {
  for (const i of scene.running.keys()) await scene.stop(i)
})

describe('the checkpoints of running peers', () => {
  it('are the same on all, proven from genesis, and there again after a restart', async () => {
    await Promise.all([0, 1, 2, 3].map((i) => scene.start(i)))
    const live: number[] = []
    scene.peer(0).checkpoints$.subscribe(({ blocks, proof }) => {
      live.push(blocks)
      expect(verifyCheckpoint(proof, trust).position).toBe(blocks)
    })
    await scene.pay(0, 7)
    await scene.until(() => live.length > 0)
    await scene.start(4)
    for (const i of [0, 1, 2]) await scene.peer(i).members.add((signers[4] as Signer).identity)
    await scene.until(() => scene.peer(4).status.state === 'member')
    await scene.stop(1)
    await scene.pay(4, 6)
    await scene.start(1)
    await scene.peer(3).members.leave()
    for (const i of [0, 1, 4]) await scene.peer(i).members.remove((signers[3] as Signer).identity)
    await scene.until(() => [0, 1, 4].every((i) => scene.peer(i).checkpoints.all().at(-1)?.epoch === 2))
    await scene.until(() =>
      [0, 1, 4].every((i) => scene.peer(i).checkpoints.all().length === scene.peer(0).checkpoints.all().length),
    )

    const all = scene.peer(0).checkpoints.all()
    const bare = (i: number) =>
      scene
        .peer(i)
        .checkpoints.all()
        .map((it) => ({ ...it, proof: null }))
    expect(live).toEqual(all.map(({ blocks }) => blocks))
    for (const i of [1, 4]) expect(bare(i)).toEqual(bare(0))
    const newest = verifyCheckpoint(all.at(-1)?.proof as Uint8Array, trust)
    expect(newest.nextVoters.map(toHex)).toEqual(scene.peer(0).membership.voters)
    expect(scene.early).toEqual([])

    const before = bare(0)
    await scene.stop(0)
    await scene.start(0)
    expect(bare(0)).toEqual(before)
  })

  it('prove the place of a block, to whoever knows genesis', async () => {
    const witan = await scene.start(0)
    const blocks = []
    for await (const block of witan.history.allBlocks()) blocks.push(block)
    const covered = witan.checkpoints.all().at(-1)?.blocks ?? 0
    expect(covered).toBeGreaterThan(10)
    for (const { index, observation } of blocks.slice(0, covered)) {
      const proof = (await witan.checkpoints.positionProof(index)) as Uint8Array
      expect(verifyPosition(proof, trust)).toMatchObject({ position: index, observation })
    }
    expect(await witan.checkpoints.positionProof(blocks.length)).toBeUndefined()
  })

  it('give evidence of a voter that signs another one', async () => {
    const witan = await scene.start(0)
    const seen: (Uint8Array | undefined)[] = []
    witan.evidence$.subscribe(({ proof }) => seen.push(proof))
    const ben = signers[1] as Signer
    const [known] = witan.checkpoints.all()
    const truth = verifyCheckpoint(known?.proof as Uint8Array, trust)
    const statement = encodeStatement({ ...truth, chainHash: new Uint8Array(32) })
    const signature = ben.sign(checkpointMessage(group.id, statement))
    const entries = [{ statement, signatures: [{ signer: ben.identity, signature }] }]
    const transport = scene.network.join(ben.identity)
    const message = encodePeerMessage('checkpoints', encodeShares({ isAnswer: true, entries }))
    await transport.send((signers[0] as Signer).identity, message)
    await scene.until(() => seen.length > 0)
    await transport.close()
    expect(seen).toHaveLength(1)
  })
})
