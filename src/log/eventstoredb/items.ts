/**
 * @module log/eventstoredb/items
 *
 * The items of a read or subscription of the client, pulled: with back-pressure, a limit on silence, an abort signal,
 * and the call on the wire cancelled however the reader leaves. (`for await` on the client's stream leaks the call on
 * `break`, and waits for ever after a cancellation.)
 */

import { NoAnswer } from './failures.ts'

/** What is used of the client's streams. */
interface ClientStream {
  read(): unknown
  resume(): unknown
  removeAllListeners(event: 'readable'): unknown
  on(event: 'readable', listener: () => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

export interface Source {
  readonly stream: ClientStream
  readonly cancel: () => Promise<void>
  /** Of a subscription, which may be silent once the server has confirmed it. */
  readonly onConfirmed?: (listener: () => void) => void
}

interface Seen {
  readonly errors: unknown[]
  over: boolean
  confirmed: boolean
  wake: () => void
}

const nothing = (): void => undefined

/** Ends where the server ends, or when the signal is raised; throws the client's error. */
export async function* itemsOf<Item>(
  source: Source,
  silenceLimitMs: number,
  signal: AbortSignal,
): AsyncGenerator<Item, void, void> {
  const { stream } = source
  const seen: Seen = { errors: [], over: false, confirmed: false, wake: nothing }
  const end = (): void => {
    seen.over = true
    seen.wake()
  }
  stream.on('readable', () => seen.wake())
  stream.on('end', end)
  stream.on('close', end)
  stream.on('error', (error) => {
    seen.errors.push(error)
    seen.wake()
  })
  source.onConfirmed?.(() => {
    seen.confirmed = true
    seen.wake()
  })
  signal.addEventListener('abort', end)
  try {
    while (!signal.aborted) {
      const item = stream.read() as Item | null
      if (item !== null) {
        yield item
        continue
      }
      if (seen.errors.length > 0) throw seen.errors[0]
      if (seen.over) return
      await something(seen, seen.confirmed ? undefined : silenceLimitMs)
    }
  } finally {
    signal.removeEventListener('abort', end)
    seen.wake = nothing
    // Not `destroy`: the client holds on to a call until somebody has read it to its end.
    stream.removeAllListeners('readable')
    stream.resume()
    // Rejects where the call never came about; then there is nothing to cancel.
    source.cancel().catch(() => undefined)
  }
}

function something(seen: Seen, limitMs: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const tooLate = (): void => reject(new NoAnswer(`nothing for ${limitMs} ms`))
    const timer = limitMs === undefined ? undefined : setTimeout(tooLate, limitMs)
    seen.wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}
