import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Failure, PeerHandle } from '../../src/cli/demo/peer-handle.ts'

type ToPeer = { readonly type: 'leave' } | { readonly type: 'more'; readonly bytes: Uint8Array }
type FromPeer = { readonly type: 'left' }

const PROGRAM = join(import.meta.dirname, '../support/peer-leaver.ts')

/** Waits without turning the event loop, so that nothing can be heard of in between. */
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

afterEach(() => {
  vi.unstubAllEnvs()
})

describe("the parent's end of a peer's process", () => {
  it('what is told to a peer whose end has not been heard of yet is missed, and throws nothing', async () => {
    vi.stubEnv('NODE_OPTIONS', '--import tsx')
    const thrown: Error[] = []
    const note = (error: Error): number => thrown.push(error)
    process.on('uncaughtException', note)
    const told: (FromPeer | Failure)[] = []
    const peer = new PeerHandle<'alice', ToPeer, FromPeer>('alice', PROGRAM, (from, message) => {
      told.push(message)
      if (message.type !== 'left') return
      sleep(500)
      for (let count = 0; count < 10; count += 1) from.tell({ type: 'more', bytes: new Uint8Array(1_000) })
    })
    peer.launch()
    await peer.ask({ type: 'leave' }, 'left')
    await vi.waitUntil(() => !peer.isUp)
    process.off('uncaughtException', note)
    expect(told).toEqual([
      { type: 'left' },
      { type: 'failed', message: 'alice: its process ended unexpectedly (SIGKILL)' },
    ])
    expect(thrown).toEqual([])
  })
})
