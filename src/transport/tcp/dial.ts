/**
 * @module transport/tcp/dial
 *
 * One attempt to reach a peer: TCP, TLS, handshake, all within `handshakeTimeoutMs`.
 */

import { connect, type TLSSocket } from 'node:tls'
import type { Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import { clientOptions } from './channel.ts'
import type { FrameReader } from './frame.ts'
import { initiate, type Self } from './handshake.ts'
import type { TcpAddress } from './options.ts'

export interface DialRequest {
  readonly peer: Bytes
  readonly address: TcpAddress
  readonly self: Self
  readonly clock: Clock
  readonly timeoutMs: number
  /** Gives up. */
  readonly signal: AbortSignal
}

export type DialOutcome =
  | { readonly kind: 'proved'; readonly socket: TLSSocket; readonly reader: FrameReader }
  | { readonly kind: 'failed'; readonly reason: string }

/** Never rejects, except where our own key fails to sign. A failed attempt leaves nothing open. */
export async function dial({ peer, address, self, clock, timeoutMs, signal }: DialRequest): Promise<DialOutcome> {
  if (signal.aborted) return { kind: 'failed', reason: 'given up' }
  const socket = connect({ ...clientOptions(self.groupId), ...address })
  let reason = 'the handshake timed out'
  socket.on('error', (error) => {
    reason = error.message
  })
  const giveUp = (): void => {
    socket.destroy()
  }
  const cancelTimer = clock.schedule(clock.nowMs() + timeoutMs, giveUp)
  signal.addEventListener('abort', giveUp)
  let isProved = false
  try {
    socket.setNoDelay(true)
    await new Promise<void>((resolve) => {
      socket.once('secureConnect', resolve).once('close', () => resolve())
    })
    if (socket.destroyed) return { kind: 'failed', reason }
    const outcome = await initiate(socket, self, peer)
    if (outcome.kind === 'refused') return { kind: 'failed', reason: socket.destroyed ? reason : outcome.refusal }
    isProved = true
    return { kind: 'proved', socket, reader: outcome.reader }
  } finally {
    cancelTimer()
    signal.removeEventListener('abort', giveUp)
    if (!isProved) socket.destroy()
  }
}
