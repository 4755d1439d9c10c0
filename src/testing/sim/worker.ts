/**
 * @module testing/sim/worker
 *
 * A thread that runs one job after the other.
 */

import { parentPort } from 'node:worker_threads'
import { present } from '../../base/errors.ts'
import { runJob, type SimJob } from './job.ts'

const port = present(parentPort, 'it is started as a worker')

async function answer(job: SimJob): Promise<void> {
  port.postMessage(await runJob(job))
}

port.on('message', (job: SimJob) => void answer(job))
