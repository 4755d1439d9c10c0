/** The command line as its user meets it: what it prints, its exit codes, a running peer and its log. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listen, Running, witan } from '../support/command-line.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'witan-cli-'))

const isMember = (line: string): boolean => line.includes('"state":"member"')

describe('witan', () => {
  it('makes a peer, runs it, takes votes, shows blocks and status, and replays its log', async () => {
    const path = join(folder(), 'peer')
    const listens = await listen()
    const address = (await witan('init', path, ...listens)).out.trim()
    expect(address).toMatch(/^[0-9a-f]{64}@127\.0\.0\.1:\d+$/)
    expect((await witan('init', path, ...listens, '--member', address)).out.trim()).toBe(address)

    const running = new Running(['run', path, '--json'])
    await running.told(isMember)
    const voted = await witan('vote', path, 'hello')
    expect([voted.code, voted.out]).toEqual([0, expect.stringContaining('agreed at position 1')])
    const status = JSON.parse((await witan('status', path, '--json')).out) as { state: string; blocks: number }
    expect(status).toMatchObject({ state: 'member', blocks: 2 })
    const { id } = JSON.parse((await witan('propose', path, 'Sell the barn?', '--json')).out) as { id: string }
    const ballot = await witan('vote', path, id, 'yes')
    expect([ballot.code, ballot.out]).toEqual([0, expect.stringContaining('decided: yes')])
    expect((await witan('decisions', path)).out).toContain(`yes    default: Sell the barn?  ${id}`)
    expect((await witan('explain', path, id)).out).toContain('is decided: yes, by the vote in block')
    const again = await witan('vote', path, id, 'no')
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('is settled and takes no votes')])
    const locked = await witan('replay', path)
    expect([locked.code, locked.err]).toEqual([3, expect.stringContaining('LogLocked')])
    expect(locked.err).toContain(path)

    await running.kill()
    const blocks = await witan('blocks', path, '--json')
    expect(JSON.parse(blocks.out)).toMatchObject({ position: 1, payload: 'hello' })
    const replayed = JSON.parse((await witan('replay', path, '--json')).out) as { blocks: number; order: string }
    expect(replayed).toMatchObject({ blocks: 4, positions: 4 })
    expect((await witan('log', path, '--type', 'BlockAgreed')).out.trim().split('\n').length).toBe(4)
    expect((await witan('vote', path, 'x')).err).toContain('no peer runs')
  })

  it('lets a peer in that the running ones had never heard of, and remembers where it listens', async () => {
    const [first, second] = [join(folder(), 'first'), join(folder(), 'second')]
    const member = (await witan('init', first, ...(await listen()))).out.trim()
    const joiner = (await witan('init', second, ...(await listen()))).out.trim()
    for (const path of [first, second]) await witan('init', path, '--member', member)
    expect((await witan('init', second)).out.trim()).toBe(joiner)

    const [group, late] = [new Running(['run', first, '--json']), new Running(['run', second, '--json'])]
    await group.told(isMember)
    const added = await witan('add', first, joiner)
    expect([added.code, added.out]).toEqual([0, expect.stringContaining('agreed: 2 voters')])
    await late.told(isMember)
    const voted = await witan('vote', second, 'from the joiner')
    expect([voted.code, voted.out]).toEqual([0, expect.stringContaining('agreed at position')])
    expect(readFileSync(join(first, 'witan.json'), 'utf8')).toContain(joiner.slice(0, 64))
  })

  it.each([
    ['{', 'witan.json'],
    ['[]', '`listen`'],
    ['{"listen":{"host":"a","port":7},"genesis":["zz"],"peers":[]}', '`genesis`'],
    ['{"listen":{"host":"a","port":7},"genesis":[],"peers":[{"id":"zz"}]}', '`peers`'],
  ])('refuses the configuration %s, naming what is wrong', async (text, named) => {
    const path = join(folder(), 'peer')
    await witan('init', path)
    writeFileSync(join(path, 'witan.json'), text)
    const { code, err } = await witan('run', path)
    expect([code, err]).toEqual([2, expect.stringContaining(named)])
    expect((await witan('init', path)).code).toBe(2)
    expect(readFileSync(join(path, 'witan.json'), 'utf8')).toBe(text)
  })

  it('refuses a folder whose socket would be cut off, and so meet another one', async () => {
    const path = join(folder(), 'x'.repeat(110))
    const address = (await witan('init', path, ...(await listen()))).out.trim()
    await witan('init', path, '--member', address)
    const { code, err } = await witan('run', path)
    expect([code, err]).toEqual([2, expect.stringContaining('use a shorter one')])
  })

  it.each([
    [['vote', '/nowhere', 'x'], '/nowhere'],
    [['blocks', '/nowhere', '--from', '-1'], '--from is "-1"'],
    [['run', '/nowhere'], '/nowhere'],
    [['init', join(tmpdir(), 'never-made'), '--listen', 'here'], '--listen is "here"'],
    [['init', join(tmpdir(), 'never-made'), '--member', 'me'], '--member is "me"'],
    [['add', '/nowhere', 'zz'], 'peer is "zz"'],
    [['verify', '/nowhere.cert'], '/nowhere.cert'],
    [['vote', '/nowhere', 'zz', 'yes'], 'what is "zz"'],
    [['vote', '/nowhere', '0'.repeat(64), 'perhaps'], 'choice is "perhaps"'],
    [['propose', '/nowhere', 'x', '--expires-in', '0'], '--expires-in is "0"'],
    [['propose', '/nowhere', 'x', '--threshold', '2'], '--threshold is "2"'],
    [['explain', '/nowhere', '7'], 'id is "7"'],
    [['explain', '/nowhere', 'block'], 'index is ""'],
    [['prove', '/nowhere', 'last', '/tmp/x'], 'what is "last"'],
    [['run', '/nowhere', '--from-checkpoint', '--timeout', '0'], '--timeout is "0"'],
    [['sim', '--seeds', 'many'], '--seeds is "many"'],
    [['sim', '--workload', 'nix'], '--workload'],
    [['sim', '--scenario', '{"peerz":7}'], '"peerz"'],
    [['sim', '--scenario', '{"peers":0}'], 'peers as 0'],
    [['frobnicate'], 'frobnicate'],
    [['demo', '/nowhere.jsonl'], '/nowhere.jsonl'],
  ])('refuses %j with exit code 2, naming what is wrong', async (args, named) => {
    const { code, err } = await witan(...args)
    expect(code).toBe(2)
    expect(err).toContain(named)
    expect(err).not.toMatch(/^\s+at /m)
  })

  it('helps', async () => {
    const { code, out } = await witan('--help')
    expect(code).toBe(0)
    for (const command of [
      'demo',
      'init',
      'run',
      'vote',
      'blocks',
      'status',
      'members',
      'why-stuck',
      'log',
      'replay',
      'verify',
      'propose',
      'decisions',
      'explain',
    ])
      expect(out).toContain(command)
  })
})
