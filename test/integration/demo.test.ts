import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DEMO_PEERS, readProposals } from '../../src/cli/demo/ballots/proposals-file.ts'
import { type BallotsEvent, BallotsRun } from '../../src/cli/demo/ballots/run.ts'
import { judge } from '../../src/cli/demo/ballots/verdict.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'witan-demo-test-'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function fileOf(name: string, ...lines: readonly string[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, lines.join('\n'))
  return path
}

const FIVE = [
  '{"name":"Open a branch in Porto","payload":{"budget":120000}}',
  '{"name":"Renew the lease","owner":"carol","votes":{"alice":false,"bob":false,"carol":false,"dave":false}}',
  '',
  '{"name":"Hire two auditors","payload":[1,2],"votes":{"dave":false}}',
  '{"name":"Sell the van","votes":{"bob":false,"carol":false,"dave":false}}',
  '{"name":"Ship 4.12","owner":"dave","expiresInSec":30}',
]

async function demo(...args: readonly string[]): Promise<{ code: number | null; stderr: string; stdout: string }> {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

describe('the demonstration of ballots', () => {
  it('four processes decide five proposals alike, and one that was killed is rebuilt from its log', async () => {
    // The peers' processes run TypeScript as this one does.
    vi.stubEnv('NODE_OPTIONS', '--import tsx')
    const events: BallotsEvent[] = []
    const run = new BallotsRun(readProposals(await fileOf('five.jsonl', ...FIVE)), join(folder, 'run'), (event) => {
      events.push(event)
    })
    const verdict = await judge(await run.run(), run.results)
    expect(verdict).toMatchObject({ agreed: true, sameDecisions: true, sameStates: true, decisions: 5 })
    expect(verdict.counts.failed).toBe(0)
    expect(verdict.peers.map(({ peer }) => peer)).toEqual([...DEMO_PEERS])
    expect(new Set(run.results.get('Ship 4.12')?.values())).toEqual(new Set([true]))
    expect(new Set(run.results.get('Renew the lease')?.values())).toEqual(new Set([false]))
    const pids = events.flatMap((event) =>
      event.type === 'killed' || event.type === 'rebuilt'
        ? [{ type: event.type, peer: event.peer, pid: event.pid }]
        : [],
    )
    expect(pids).toMatchObject([
      { type: 'killed', peer: 'carol' },
      { type: 'rebuilt', peer: 'carol' },
    ])
    expect(pids[0]?.pid).not.toBe(pids[1]?.pid)
  })

  it.each([
    ['no JSON', '{"name":', 'no JSON'],
    ['no object', '[1]', 'not an object'],
    ['no name', '{"payload":1}', '"name"'],
    ['an unknown field', '{"name":"x","colour":"red"}', '"colour"'],
    ['an unknown peer', '{"name":"x","votes":{"mallory":true}}', '"mallory"'],
    ['a vote that is none', '{"name":"x","votes":{"alice":"yes"}}', 'alice'],
    ['an owner that is none', '{"name":"x","owner":"mallory"}', '"owner"'],
    ['no time', '{"name":"x","expiresInSec":0}', '"expiresInSec"'],
    ['a name twice', FIVE[0] ?? '', 'line 1'],
  ])('a line with %s is refused by file and line', async (_, line, why) => {
    const path = await fileOf('bad.jsonl', FIVE[0] ?? '', '', line)
    const refusal = (): unknown => readProposals(path)
    expect(refusal).toThrow(`${path}, line 3`)
    expect(refusal).toThrow(why)
  })

  it('wrong input and a folder in use end with exit code 2, and say where', async () => {
    const path = await fileOf('wrong.jsonl', FIVE[0] ?? '', '{"name":7}')
    const [wrong, missing, used] = await Promise.all([
      demo('--json', path),
      demo(join(folder, 'nowhere.jsonl')),
      demo('--data', folder, path),
    ])
    expect([wrong.code, missing.code, used.code]).toEqual([2, 2, 2])
    expect(wrong.stderr).toContain(`${path}, line 2`)
    expect(missing.stderr).toContain('nowhere.jsonl')
    expect(used.stderr).toMatch(/--data .* not empty/)
    expect([wrong.stdout, used.stdout].join('')).toBe('')
  })
})
