import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog } from '../../src/log/index.ts'
import { describeEventLog } from './event-log.ts'

describeEventLog('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'witan-log-'))
  return {
    open: () => embeddedLog({ folder }),
    isDurable: true,
    dispose: () => rm(folder, { recursive: true }),
  }
})
