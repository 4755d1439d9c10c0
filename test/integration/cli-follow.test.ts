/** `witan follow`, as its user meets it: a group over TCP, and a peer that begins at its checkpoint. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { askOrRefuse } from '../../src/cli/peer/control.ts'
import { PeerFolder } from '../../src/cli/peer/folder.ts'
import { listen, Running, toldJson, witan } from '../support/command-line.ts'

it('follows a group from its checkpoint, over TCP, through a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'witan-follow-'))
  const [ann, eve] = [join(folder, 'ann'), join(folder, 'eve')]
  const [annListens, eveListens] = [await listen(), await listen()]
  const annAddress = (await witan('init', ann, ...annListens)).out.trim()
  const eveAddress = (await witan('init', eve, ...eveListens, '--member', annAddress)).out.trim()
  await witan('init', ann, ...annListens, '--member', annAddress)
  expect((await witan('follow', ann)).err).toContain('is of a genesis member')
  const running = new Running(['run', ann, '--follower', eveAddress.slice(0, 64), '--json'])
  await toldJson(running, ({ state }) => state === 'member')
  const vote = async (payload: string): Promise<void> => {
    const replies = await askOrRefuse(new PeerFolder(ann).controlPath, ann, { command: 'vote', payload, wait: true })
    for await (const reply of replies) expect(reply).toBeDefined()
  }
  for (let i = 1; i <= 105; i += 1) await vote(`payload ${i}`)
  let following = new Running(['follow', eve, '--json'])
  const { follows } = await toldJson(following, ({ state, blocks }) => state === 'following' && Number(blocks) >= 106)
  expect(follows).toMatchObject({ startedAt: 100, missing: [] })
  expect((await witan('vote', eve, 'x')).err).toContain('makes no events')
  await following.kill()
  await vote('payload 106')
  following = new Running(['follow', eve, '--json'])
  await toldJson(following, ({ type, state, blocks }) => {
    // It goes on from its log.
    expect(type).not.toBe('starting')
    return state === 'following' && Number(blocks) >= 107
  })
  expect((await witan('explain', eve, 'block', '7')).err).toContain('started from the checkpoint at 100')
  const blocks = (await witan('blocks', eve, '--json')).out.trim().split('\n')
  const positions = blocks.map((text) => (JSON.parse(text) as { position: number }).position)
  expect(positions).toEqual([100, 101, 102, 103, 104, 105, 106])
  const early = await witan('blocks', eve, '--from', '7')
  expect([early.code, early.err]).toEqual([2, expect.stringContaining('positions 7 to 99 are not here')])
}, 240_000)
