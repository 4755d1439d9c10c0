/**
 * @module log/embedded/head-file
 *
 * Remembers, outside LevelDB, how far the log was acknowledged. LevelDB takes a write-ahead log that ends early for one
 * whose writer died, and says nothing: without a second witness, a truncated file would look like an older, healthy log,
 * and the peer would sign another past.
 *
 * Two slots in two disk sectors, written in turn, so that one is whole whatever is torn. A slot is written after its
 * facts are synced and before they are acknowledged, itself unsynced: it survives the death of the process, and after
 * a power cut it may be some seconds old, which weakens the witness but never accuses a healthy log.
 */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { logCorrupted } from '../errors.ts'

export interface LogHead {
  /** Count of acknowledged facts: the position that the next one gets. */
  readonly acknowledged: number
  /** Positions below it were found in place, and lie in LevelDB's sorted files. */
  readonly verified: number
}

const SLOT_BYTES = 512
const SLOT = /^witan-log 1 (\d+) (\d+) (\d+) ([0-9a-f]{8}) *\n$/

interface Slot extends LogHead {
  readonly sequence: number
}

function encodeSlot({ sequence, acknowledged, verified }: Slot): string {
  const text = `witan-log 1 ${sequence} ${acknowledged} ${verified}`
  return `${`${text} ${crc32(text).toString(16).padStart(8, '0')}`.padEnd(SLOT_BYTES - 1)}\n`
}

function decodeSlot(text: string): Slot | undefined {
  const match = SLOT.exec(text)
  if (match === null) return undefined
  const slot = { sequence: Number(match[1]), acknowledged: Number(match[2]), verified: Number(match[3]) }
  return encodeSlot(slot) === text ? slot : undefined
}

function newestSlot(path: string): Slot {
  const text = readFileSync(path, 'latin1')
  const slots = [decodeSlot(text.slice(0, SLOT_BYTES)), decodeSlot(text.slice(SLOT_BYTES))]
  const whole = slots.filter((slot) => slot !== undefined)
  if (whole.length === 0) throw logCorrupted(`${path} says nothing readable`)
  return whole.reduce((a, b) => (a.sequence > b.sequence ? a : b))
}

function syncFolder(folder: string): void {
  // Windows opens no folders, and writes their entries with the file.
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export class HeadFile {
  readonly #descriptor: number
  #newest: Slot

  private constructor(descriptor: number, newest: Slot) {
    this.#descriptor = descriptor
    this.#newest = newest
  }

  /** Opens the file; makes it, synced, where the log is new (`isNew`). Throws `LogCorrupted` where it should be there. */
  static open(path: string, isNew: boolean): HeadFile {
    if (existsSync(path)) {
      // A crash may have come between making the file and filling it; then nothing was acknowledged yet.
      const newest = isNew && readFileSync(path).length < 2 * SLOT_BYTES ? undefined : newestSlot(path)
      if (newest !== undefined) return new HeadFile(openSync(path, 'r+'), newest)
    } else if (!isNew) {
      throw logCorrupted(`${path} is gone`)
    }
    const empty = { sequence: 0, acknowledged: 0, verified: 0 }
    const descriptor = openSync(path, 'w+')
    try {
      writeSync(descriptor, encodeSlot(empty) + encodeSlot(empty), 0, 'latin1')
      fsyncSync(descriptor)
      syncFolder(dirname(path))
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    return new HeadFile(descriptor, empty)
  }

  get head(): LogHead {
    return this.#newest
  }

  /**
   * The facts are durable already: a witness that cannot be written must not make their append fail. It stays as it is,
   * only older, and the same slot is written with the next append.
   */
  record(head: LogHead): void {
    const slot = { ...head, sequence: this.#newest.sequence + 1 }
    try {
      writeSync(this.#descriptor, encodeSlot(slot), (slot.sequence % 2) * SLOT_BYTES, 'latin1')
      this.#newest = slot
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error
    }
  }

  close(): void {
    try {
      fsyncSync(this.#descriptor)
    } finally {
      closeSync(this.#descriptor)
    }
  }
}
