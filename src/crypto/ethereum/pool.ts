/**
 * @module crypto/ethereum/pool
 *
 * Batches of signatures on all cores. A batch is cut into chunks; idle workers and the calling thread take the next one
 * each as they come free, so that a slow core holds nobody up. The calling thread lets its event loop turn between
 * chunks.
 *
 * Guarantees: verdicts in the order of the requests, equal to those of one core. A worker that dies, or cannot start,
 * costs time only: its chunk goes back to the queue and the calling thread does what nobody else does. The first batch
 * starts the workers; they do not keep the process alive.
 */

import { availableParallelism } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import type { Verdict, VerificationRequest } from '../../ports/signature-scheme.ts'
import { type ChunkMessage, packRequests, unpackVerdicts } from './frames.ts'
import { startThread } from './thread.ts'

/** 2 to 3 ms of work: long against a message between threads, short against a turn of the event loop. */
const CHUNK = 32

interface Chunk {
  readonly requests: readonly VerificationRequest[]
  readonly done: (verdicts: readonly Verdict[]) => void
}

interface Thread {
  readonly worker: Worker
  /** What it works on, by number. At most two: one under way and one waiting, so that it never idles. */
  readonly taken: Map<number, Chunk>
}

export interface VerifierPool {
  verify(requests: readonly VerificationRequest[]): Promise<readonly Verdict[]>
  /** Ends the workers. Batches under way are finished by the calling thread; a later batch starts workers again. */
  close(): Promise<void>
}

export interface PoolOptions {
  /** Threads besides the caller's. Default: one less than there are cores. */
  readonly workers?: number
  readonly verifyOne: (request: VerificationRequest) => Verdict
}

export class WorkerPool implements VerifierPool {
  readonly #size: number
  readonly #verifyOne: (request: VerificationRequest) => Verdict
  readonly #queue: Chunk[] = []
  #threads: Thread[] | undefined
  #nextChunk = 0
  #helping = false

  constructor(options: PoolOptions) {
    this.#size = options.workers ?? availableParallelism() - 1
    this.#verifyOne = options.verifyOne
  }

  async verify(requests: readonly VerificationRequest[]): Promise<readonly Verdict[]> {
    const answers: Promise<readonly Verdict[]>[] = []
    for (let at = 0; at < requests.length; at += CHUNK) {
      answers.push(
        new Promise((done) => {
          this.#queue.push({ requests: requests.slice(at, at + CHUNK), done })
        }),
      )
    }
    this.#threads ??= Array.from({ length: this.#size }, () => this.#start())
    this.#dispatch()
    await this.#help()
    return (await Promise.all(answers)).flat()
  }

  async close(): Promise<void> {
    const threads = this.#threads ?? []
    this.#threads = undefined
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #start(): Thread {
    const worker = startThread()
    const thread: Thread = { worker, taken: new Map() }
    worker.on('message', ({ chunk, bytes }: ChunkMessage) => {
      const work = thread.taken.get(chunk)
      thread.taken.delete(chunk)
      this.#rest(thread)
      this.#dispatch()
      work?.done(unpackVerdicts(bytes))
    })
    // An `error` always comes with an `exit`; without a listener it would end the process.
    worker.on('error', () => undefined)
    worker.on('exit', () => this.#bury(thread))
    worker.unref()
    return thread
  }

  #dispatch(): void {
    for (const thread of this.#threads ?? []) {
      while (thread.taken.size < 2) {
        const chunk = this.#queue.shift()
        if (chunk === undefined) return
        this.#nextChunk += 1
        thread.taken.set(this.#nextChunk, chunk)
        const bytes = packRequests(chunk.requests)
        thread.worker.ref()
        thread.worker.postMessage({ chunk: this.#nextChunk, bytes } satisfies ChunkMessage, [bytes.buffer])
      }
    }
  }

  /** A thread at work keeps the process alive, an idle one does not. */
  #rest(thread: Thread): void {
    if (thread.taken.size === 0) thread.worker.unref()
  }

  #bury(thread: Thread): void {
    if (this.#threads?.includes(thread)) this.#threads = this.#threads.filter((other) => other !== thread)
    this.#queue.push(...thread.taken.values())
    thread.taken.clear()
    void this.#help()
  }

  /** One chunk at a time on the calling thread, until the queue is empty. */
  async #help(): Promise<void> {
    if (this.#helping) return
    this.#helping = true
    for (let chunk = this.#queue.shift(); chunk !== undefined; chunk = this.#queue.shift()) {
      chunk.done(chunk.requests.map(this.#verifyOne))
      await turn()
    }
    this.#helping = false
  }
}
