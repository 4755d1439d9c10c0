/**
 * @module crypto/ethereum/thread
 *
 * Starts the worker beside this module: compiled, or the source itself where tests and tools run on source. Source needs
 * tsx in the thread too, which its own loader flag reaches only in the main thread.
 */

import { Worker } from 'node:worker_threads'

const OF_SOURCE = "import('tsx/esm/api').then(({ tsImport }) => tsImport(process.env.WITAN_WORKER, 'file:///'))"

export function startThread(): Worker {
  const name = 'witan-ethereum'
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./worker.js', import.meta.url), { name })
  const source = new URL('./worker.ts', import.meta.url).href
  return new Worker(OF_SOURCE, { name, eval: true, execArgv: [], env: { WITAN_WORKER: source } })
}
