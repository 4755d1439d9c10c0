/** `witan run --from-checkpoint`, as its user meets it: a group over TCP, and a peer that joins it from its checkpoint. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { askOrRefuse } from '../../src/cli/peer/control.ts'
import { PeerFolder } from '../../src/cli/peer/folder.ts'
import { jsonOf, listen, Running, toldJson, witan } from '../support/command-line.ts'

async function vote(folder: string, payload: string): Promise<void> {
  const replies = await askOrRefuse(new PeerFolder(folder).controlPath, folder, {
    command: 'vote',
    payload,
    wait: true,
  })
  for await (const reply of replies) expect(reply).toBeDefined()
}

it('joins a group from its checkpoint, over TCP, and is a member after a kill too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'witan-join-'))
  const [ann, eve] = [join(folder, 'ann'), join(folder, 'eve')]
  const [annListens, eveListens] = [await listen(), await listen()]
  const annAddress = (await witan('init', ann, ...annListens)).out.trim()
  const eveAddress = (await witan('init', eve, ...eveListens, '--member', annAddress)).out.trim()
  await witan('init', ann, ...annListens, '--member', annAddress)
  expect((await witan('run', ann, '--from-checkpoint')).err).toContain('does not join')
  expect((await witan('run', eve, '--timeout', '5')).err).toContain('give that too')
  const running = new Running(['run', ann, '--json'])
  await toldJson(running, ({ state }) => state === 'member')
  for (let i = 1; i <= 105; i += 1) await vote(ann, `payload ${i}`)
  const start = ['run', eve, '--from-checkpoint', '--json']
  let joining = new Running(start)
  await toldJson(joining, ({ type }) => type === 'starting')
  // The group is of ann alone: her vote admits it, at a checkpoint of its own.
  expect((await witan('add', ann, eveAddress)).code).toBe(0)
  const { follows, blocks } = await toldJson(joining, ({ state }) => state === 'member')
  expect(follows).toMatchObject({ startedAt: 107, missing: [] })
  expect(blocks).toBe(107)
  await vote(eve, 'of eve')
  await joining.kill()
  joining = new Running(start)
  await toldJson(joining, ({ type, state }) => {
    // It goes on from its log.
    expect(type).not.toBe('starting')
    return state === 'member'
  })
  await vote(eve, 'of eve, again')
  const shown = (await witan('blocks', eve, '--json')).out.trim().split('\n').map(jsonOf)
  expect(shown.map(({ payload }) => payload)).toEqual(['of eve', 'of eve, again'])
  expect((await witan('members', ann, '--json')).out).toContain(eveAddress.slice(0, 64))
  await joining.kill()
  expect((await witan('run', eve)).err).toContain('run --from-checkpoint')
}, 240_000)
