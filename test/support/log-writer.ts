/**
 * A process that writes to an embedded log as fast as it can, until it is killed. What was acknowledged it notes at once
 * in a file, which survives it: `<stream> <revision>`. Arguments: folder, that file, seed, and the largest padding of a
 * fact in bytes.
 */

import { openSync, writeSync } from 'node:fs'
import { embeddedLog } from '../../src/log/embedded/embedded-log.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { writtenFact } from './written-fact.ts'

const STREAMS = 8
const WRITERS_PER_STREAM = 4

const [folder = '', ackPath = '', seed = '0', padding = '0'] = process.argv.slice(2)
const random = new SeededRandom(Number(seed))
const acks = openSync(ackPath, 'a')
const log = await embeddedLog({ folder })

/** Appends without waiting for the ones before: several to a stream are under way at once. */
async function write(stream: string): Promise<void> {
  let last = await log.lastRevision(stream)
  const append = async (): Promise<void> => {
    const count = 1 + random.int(0, 5)
    const first = last + 1
    last += count
    const facts = Array.from({ length: count }, (_, i) =>
      writtenFact(stream, first + i, i === count - 1, random.int(0, Number(padding))),
    )
    const revision = await log.append(stream, facts, first - 1)
    writeSync(acks, `${stream} ${revision}\n`)
    await append()
  }
  await Promise.all(Array.from({ length: WRITERS_PER_STREAM }, append))
}

process.stdout.write('ready\n')
await Promise.all(Array.from({ length: STREAMS }, (_, i) => write(`stream-${i}`)))
