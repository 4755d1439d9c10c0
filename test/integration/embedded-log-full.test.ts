import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { embeddedLog } from '../../src/log/index.ts'
import { collect } from '../contract/event-log-support.ts'
import { startProcess } from '../support/typescript-process.ts'
import { isWhole } from '../support/written-fact.ts'

it('recovers, in place, when the system refuses to let its files grow', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'witan-full-'))
  try {
    // 3000 blocks of 512 or 1024 bytes, as the shell has it; LevelDB's own files grow to 4 MiB and more.
    const { lines, ended } = startProcess('log-filler.ts', [folder, '150', '80000'], 'ulimit -f 3000')
    const output: string[] = []
    for await (const line of lines) output.push(line)
    expect(await ended).toBe(0)
    const { refused, ...rest } = JSON.parse(output.join('\n')) as { refused: number }
    expect(refused).toBeGreaterThan(0)
    expect(rest).toEqual({ count: 150, areWhole: true })
    const log = await embeddedLog({ folder, verify: 'all' })
    const facts = await collect(log.readAll())
    expect(facts.length === 150 && facts.every(isWhole)).toBe(true)
    await log.close()
  } finally {
    await rm(folder, { recursive: true })
  }
})
