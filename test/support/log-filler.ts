/**
 * A process whose files may not grow above a limit that the shell set: fills an embedded log, repeats what was refused,
 * and prints a line of JSON. Arguments: folder, facts, bytes of each.
 */

import { embeddedLog, LogError, NO_STREAM } from '../../src/log/index.ts'
import { collect } from '../contract/event-log-support.ts'
import { isWhole, writtenFact } from './written-fact.ts'

const [folder = '', count = '0', length = '0'] = process.argv.slice(2)
const log = await embeddedLog({ folder })
let refused = 0
let last = NO_STREAM
while (last + 1 < Number(count)) {
  try {
    last = await log.append('s', [writtenFact('s', last + 1, true, Number(length))], last)
  } catch (error) {
    if (!(error instanceof LogError && error.code === 'LogFull')) throw error
    refused += 1
    if (refused > 100) throw error
  }
}
const facts = await collect(log.read('s'))
await log.close()
process.stdout.write(`${JSON.stringify({ refused, count: facts.length, areWhole: facts.every(isWhole) })}\n`)
