/**
 * @module crypto/ethereum/worker
 *
 * What a thread of the pool runs: a chunk of requests in, its verdicts out.
 */

import { parentPort } from 'node:worker_threads'
import { type ChunkMessage, packVerdicts, unpackRequests } from './frames.ts'
import { CURVE } from './secp256k1.ts'
import { verifyPersonal } from './verify.ts'

const port = parentPort

port?.on('message', ({ chunk, bytes }: ChunkMessage) => {
  const requests = unpackRequests(bytes)
  const verdicts = packVerdicts(
    requests.map(({ identity, message, signature }) => verifyPersonal(CURVE, identity, message, signature)),
  )
  port.postMessage({ chunk, bytes: verdicts } satisfies ChunkMessage, [verdicts.buffer])
})
