/** What recovery says of logged blocks that the gossip log does not give. */
import { expect, it } from 'vitest'
import { ed25519Signer, systemRandom } from '../../src/crypto/index.ts'
import { groupOf } from '../../src/engine/peer/options.ts'
import { PeerStore } from '../../src/engine/peer/store.ts'
import { createWitan } from '../../src/engine/peer/witan.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'

const SEEN = 3
const identity = ed25519Signer(new Uint8Array(32).fill(7))
const genesis = { members: [identity.identity] }

/** The log of a sole voter, whose gossip is read up to its third fact only. */
async function cutLog(isCutForGood: boolean): Promise<{ store: PeerStore; blocks: number }> {
  const log = memoryLog()
  const transport = new MemoryNetwork({ clock: systemClock, random: systemRandom }).join(identity.identity)
  const witan = await createWitan({ identity, genesis, log, transport })
  await (await witan.vote(new Uint8Array([1]))).agreed
  const { blocks } = witan.status
  await witan.close()
  const gossip = `gossip-${witan.id}`
  const cut: EventLog = {
    append: (...args) => log.append(...args),
    subscribe: (...args) => log.subscribe(...args),
    close: () => log.close(),
    lastRevision: async (stream) => (isCutForGood && stream === gossip ? SEEN - 1 : log.lastRevision(stream)),
    read: async function* (stream, options) {
      let seen = 0
      for await (const fact of log.read(stream, options)) {
        seen += 1
        if (stream === gossip && seen > SEEN) return
        yield fact
      }
    },
    readAll: (...args) => log.readAll(...args),
    subscribeAll: (...args) => log.subscribeAll(...args),
  }
  return { store: new PeerStore(cut, groupOf(genesis), identity, systemRandom), blocks }
}

it('is a difference where nobody writes', async () => {
  const { store } = await cutLog(true)
  await expect(store.recover()).rejects.toMatchObject({ code: 'ReplayDiffers' })
})

it('is a fence where another process writes on while we read, and nothing to a mere reader', async () => {
  const { store, blocks } = await cutLog(false)
  await expect(store.recover()).rejects.toMatchObject({ code: 'Fenced' })
  expect((await store.recover({ isAudit: true }))?.blocks).toBeLessThan(blocks)
})
