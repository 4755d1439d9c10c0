/**
 * @module cli/demo/parent
 *
 * The peer's end of the line to its parent: what it is told it takes in turn, and without its parent it ends.
 */

import type { Failure, Typed } from './peer-handle.ts'

/** A parent that is gone hears nothing: without the callback Node would throw what could not be written. */
export function sayToParent(message: Typed): void {
  process.send?.(message, () => undefined)
}

/** Closes the line once the message has gone out: what is still to be written would be lost with it. */
export function sayLastToParent(message: Typed): void {
  process.send?.(message, () => process.connected && process.disconnect())
}

/** Takes one message after the other: an answer may depend on what came before. The end of the line ends the process. */
export function hearParent(take: (message: unknown) => Promise<void>): void {
  let tail: Promise<void> = Promise.resolve()
  process.on('message', (message) => {
    tail = tail.then(() => take(message)).catch(sayFailure)
  })
  process.on('disconnect', () => process.exit())
}

function sayFailure(error: unknown): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const failure: Failure = { type: 'failed', message }
  sayToParent(failure)
}
