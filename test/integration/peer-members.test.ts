/** `witan add` and `witan remove` from a running peer: what they tell until the change is agreed. */
import { afterEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { fromHex, toHex } from '../../src/base/text.ts'
import { explained } from '../../src/cli/peer/explain.ts'
import { type ChangeProgress, change } from '../../src/cli/peer/members.ts'
import { proven } from '../../src/cli/peer/prove.ts'
import { verifyCheckpoint, verifyPosition } from '../../src/core/parsec/index.ts'
import { ed25519, systemRandom } from '../../src/crypto/index.ts'
import { createWitan, type Witan } from '../../src/engine/peer/witan.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'
import { namedSigner } from '../support/transport.ts'

const signers = ['ann', 'ben', 'cas', 'dot'].map((name) => namedSigner(`members ${name}`))
const genesis = { members: signers.slice(0, 3).map(({ identity }) => identity) }
const [, , , dot] = signers as [Signer, Signer, Signer, Signer]
const running: Witan[] = []
const logs: EventLog[] = []
afterEach(async () => {
  for (const witan of running.splice(0)) await witan.close()
  logs.splice(0)
})

async function startAll(): Promise<[Witan, Witan, Witan, Witan]> {
  const network = new MemoryNetwork({ clock: systemClock, random: systemRandom })
  for (const identity of signers) {
    const isFounder = identity !== dot
    const join = isFounder ? {} : { join: { section: genesis.members } }
    const transport = network.join(identity.identity)
    const log = memoryLog()
    logs.push(log)
    running.push(await createWitan({ identity, genesis, log, transport, ...join }))
  }
  return running as [Witan, Witan, Witan, Witan]
}

const requestTo = (command: 'add' | 'remove', id: string) => ({ command, id, info: '', wait: true }) as const

async function collect(
  progress: AsyncIterable<ChangeProgress>,
  onVoted: () => Promise<void>,
): Promise<ChangeProgress[]> {
  const all: ChangeProgress[] = []
  for await (const step of progress) {
    all.push(step)
    if (step.type === 'voted') await onVoted()
  }
  return all
}

describe('a change of the voters', () => {
  it('is followed from the vote until it is agreed, and never begins for who was removed', async () => {
    const [ann, ben, cas] = await startAll()
    const id = toHex(dot.identity)
    const { signal } = new AbortController()
    const added = await collect(change(ann, requestTo('add', id), signal), async () => {
      for (const witan of [ben, cas]) await witan.members.add(dot.identity)
    })
    expect(added[0]).toEqual({ type: 'voted', for: 'add', id })
    expect(added.slice(1, -1).every(({ type }) => type === 'progress')).toBe(true)
    expect(added.at(-1)).toMatchObject({ type: 'agreed' })
    expect(ann.membership.voters).toContain(id)

    const removed = await collect(change(ann, requestTo('remove', id), signal), async () => {
      for (const witan of [ben, cas]) await witan.members.remove(dot.identity)
    })
    expect(removed.at(-1)).toMatchObject({ type: 'agreed', voters: ann.membership.voters })
    expect(ann.membership).toMatchObject({ removed: [id], changes: [] })
    await expect(collect(change(ann, requestTo('add', id), signal), async () => undefined)).rejects.toMatchObject({
      code: 'ChangeRefused',
    })
  })

  it('shows how many votes it has, on all peers', async () => {
    const [ann, ben] = await startAll()
    const id = toHex(dot.identity)
    const abort = new AbortController()
    const steps: ChangeProgress[] = []
    const followed = (async () => {
      for await (const step of change(ben, requestTo('add', id), abort.signal)) {
        steps.push(step)
        if (step.type === 'progress') abort.abort()
      }
    })()
    await followed
    expect(steps.at(-1)).toEqual({ type: 'progress', supporters: [ben.id], needed: 3 })
    while (ann.membership.changes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(ann.membership.changes).toEqual([{ type: 'add', peer: id, supporters: [ben.id], needed: 3 }])
  })
})

describe('what proves the order of a running peer', () => {
  it('is there once a checkpoint is, and says until then that none is', async () => {
    const [ann, ben, cas] = await startAll()
    await expect(proven(ann, { command: 'prove', index: null })).rejects.toThrow('no checkpoint is proven yet')
    for (const witan of [ann, ben, cas]) await witan.members.add(dot.identity)
    while (ann.checkpoints.all().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const trust = { group: ann.group, scheme: ed25519 }
    const checkpoint = await proven(ann, { command: 'prove', index: null })
    expect(verifyCheckpoint(fromHex(checkpoint.bytes), trust)).toMatchObject({ epoch: 1, position: checkpoint.blocks })
    const place = await proven(ann, { command: 'prove', index: 0 })
    expect(verifyPosition(fromHex(place.bytes), trust)).toMatchObject({ position: 0, observation: { type: 'Genesis' } })
    await expect(proven(ann, { command: 'prove', index: 99 })).rejects.toThrow('no checkpoint covers block 99')
  })
})

describe('what the log of a peer says of its order', () => {
  it('tells why a block stands where it stands, and what the election waits for', async () => {
    const [ann, ben, cas] = await startAll()
    await (await ann.vote(utf8('hello'))).agreed
    const log = logs[0] as EventLog
    const ask = (request: Parameters<typeof explained>[3]) => explained(log, ann.group, ann.id, request)
    const block = await ask({ command: 'explainBlock', index: 1 })
    expect(block.text).toContain(`block 1: payload of 6 bytes by ${ann.id.slice(0, 8)}`)
    expect(block.data).toMatchObject({ index: 1, voter: ann.id, election: { voters: ann.membership.voters } })
    await expect(ask({ command: 'explainBlock', index: 9 })).rejects.toThrow('no block 9')
    await ben.close()
    await cas.close()
    await ann.members.remove(fromHex(ben.id))
    const stuck = await ask({ command: 'whyStuck' })
    expect(stuck.text).toContain('waits for votes')
    expect(stuck.text).toContain(`Remove ${ben.id.slice(0, 8)}, votes of ${ann.id.slice(0, 8)}; lacks 2 of`)
    expect(stuck.data).toMatchObject({ waitsFor: 'votes', needed: 3, undecided: [{ lacks: 2 }] })
  })
})
