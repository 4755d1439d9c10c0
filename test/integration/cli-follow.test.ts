/** `witan follow`, as its user meets it: a group over TCP, and a peer that begins at its checkpoint. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { askOrRefuse } from '../../src/cli/peer/control.ts'
import { PeerFolder } from '../../src/cli/peer/folder.ts'
import { later } from '../support/eventstoredb/harness.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  later(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  return child
}

/** Waits for a line of JSON that is so. */
async function told(
  child: ChildProcess,
  isSo: (value: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  for await (const text of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    const value = JSON.parse(text) as Record<string, unknown>
    if (isSo(value)) return value
  }
  throw new Error('the process ended before it said so')
}

async function witan(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(args)
  const [out, err] = ['', ''].map(() => [] as string[]) as [string[], string[]]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out: out.join(''), err: err.join('') }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const listen = async (): Promise<string[]> => ['--listen', `127.0.0.1:${await freePort()}`]

it('follows a group from its checkpoint, over TCP, through a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'witan-follow-'))
  const [ann, eve] = [join(folder, 'ann'), join(folder, 'eve')]
  const [annListens, eveListens] = [await listen(), await listen()]
  const annAddress = (await witan('init', ann, ...annListens)).out.trim()
  const eveAddress = (await witan('init', eve, ...eveListens, '--member', annAddress)).out.trim()
  await witan('init', ann, ...annListens, '--member', annAddress)
  expect((await witan('follow', ann)).err).toContain('is of a genesis member')
  const running = start(['run', ann, '--follower', eveAddress.slice(0, 64), '--json'])
  await told(running, ({ state }) => state === 'member')
  const vote = async (payload: string): Promise<void> => {
    const replies = await askOrRefuse(new PeerFolder(ann).controlPath, ann, { command: 'vote', payload, wait: true })
    for await (const reply of replies) expect(reply).toBeDefined()
  }
  for (let i = 1; i <= 105; i += 1) await vote(`payload ${i}`)
  let following = start(['follow', eve, '--json'])
  const { follows } = await told(following, ({ state, blocks }) => state === 'following' && Number(blocks) >= 106)
  expect(follows).toMatchObject({ startedAt: 100, missing: [] })
  expect((await witan('vote', eve, 'x')).err).toContain('makes no events')
  following.kill('SIGKILL')
  await once(following, 'exit')
  await vote('payload 106')
  following = start(['follow', eve, '--json'])
  await told(following, ({ type, state, blocks }) => {
    // It goes on from its log.
    expect(type).not.toBe('starting')
    return state === 'following' && Number(blocks) >= 107
  })
  expect((await witan('explain', eve, 'block', '7')).err).toContain('follows from the checkpoint at 100')
  const blocks = (await witan('blocks', eve, '--json')).out.trim().split('\n')
  const positions = blocks.map((text) => (JSON.parse(text) as { position: number }).position)
  expect(positions).toEqual([100, 101, 102, 103, 104, 105, 106])
  const early = await witan('blocks', eve, '--from', '7')
  expect([early.code, early.err]).toEqual([2, expect.stringContaining('positions 7 to 99 are not here')])
}, 240_000)
