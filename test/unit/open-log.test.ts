import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { NO_STREAM, openLog } from '../../src/log/index.ts'
import { fact, failureOf } from '../contract/event-log-support.ts'

it('opens a log by its place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'witan-log-'))
  try {
    const inFolder = join(folder, 'made', 'when missing')
    for (const place of ['memory:', inFolder]) {
      const log = await openLog(place)
      expect(await log.append('s', [fact(0)], NO_STREAM)).toBe(0)
      await log.close()
    }
    expect(existsSync(inFolder)).toBe(true)
    // The client connects when it is first used.
    await (await openLog('esdb://127.0.0.1:1?tls=false')).close()
    const refused = await failureOf(openLog('postgres://user:secret@host/db'))
    expect(refused).toEqual({ code: 'InvalidLogArgument', argument: 'log', value: 'postgres:' })
    expect(await failureOf(openLog(''))).toMatchObject({ code: 'InvalidLogArgument' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
