/**
 * @module log/embedded/leveldb/check-files
 *
 * Looks at the files of a closed LevelDB before LevelDB does. Opening is no harmless act: LevelDB drops what it cannot
 * read from its write-ahead log, then deletes the file; takes a folder without `CURRENT` for a new one, and deletes the
 * old tables; and trusts the tables.
 *
 * Guarantees: throws `LogCorrupted`, and has changed nothing, where a table, the manifest or the middle of a write-ahead
 * log is not as it was written, or where a file is missing. An unfinished end of the last write-ahead log passes: a dead
 * writer leaves one (log/embedded/positions tells whether acknowledged facts are missing with it).
 * Assumes: no process has the database open; to one that has, files in the making look damaged.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { logCorrupted } from '../../errors.ts'
import { Damage } from './byte-reader.ts'
import { type DatabaseFiles, readManifest } from './manifest.ts'
import { readRecords } from './record-file.ts'
import { checkTable } from './table.ts'

/** Runs a check on one file, and names it where it is damaged. */
async function checkFile<T>(path: string, check: (file: Uint8Array) => T): Promise<T> {
  try {
    return check(await readFile(path))
  } catch (error) {
    if (error instanceof Damage) throw logCorrupted(`${path} ${error.message}`, error)
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw logCorrupted(`${path} is gone`, error)
    throw error
  }
}

function numbered(number: number, extension: string): string {
  return `${String(number).padStart(6, '0')}.${extension}`
}

async function checkTables(folder: string, names: ReadonlySet<string>, { tables }: DatabaseFiles): Promise<void> {
  for (const [number, bytes] of tables) {
    const oldName = numbered(number, 'sst')
    await checkFile(join(folder, names.has(oldName) ? oldName : numbered(number, 'ldb')), (file) => {
      if (file.length !== bytes) throw new Damage(`has ${file.length} bytes instead of ${bytes}`)
      checkTable(file)
    })
  }
}

async function checkLogs(folder: string, names: ReadonlySet<string>, { logNumber }: DatabaseFiles): Promise<void> {
  const numbers = [...names]
    .flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((number) => number >= logNumber)
    .sort((a, b) => a - b)
  // A log is made before the manifest names it, and stays until the manifest names a later one.
  if (logNumber > 0 && numbers[0] !== logNumber)
    throw logCorrupted(`${join(folder, numbered(logNumber, 'log'))} is gone`)
  let endDamaged: string | undefined
  for (const number of numbers) {
    const path = join(folder, numbered(number, 'log'))
    const { records, damagedAt } = await checkFile(path, readRecords)
    if (records.length > 0 && endDamaged !== undefined) throw logCorrupted(`${endDamaged}, and ${path} goes on`)
    if (damagedAt !== undefined) endDamaged = `${path} is damaged at ${damagedAt}`
  }
}

export async function checkLevelFiles(folder: string): Promise<void> {
  let names: ReadonlySet<string>
  try {
    names = new Set(await readdir(folder))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  const current = join(folder, 'CURRENT')
  if (!names.has('CURRENT')) {
    const isNew = ![...names].some((name) => /\.(log|ldb|sst)$/.test(name))
    if (isNew) return
    throw logCorrupted(`${current} is gone`)
  }
  const manifest = await checkFile(current, (file) => {
    const match = /^(MANIFEST-\d+)\n$/.exec(Buffer.from(file).toString('latin1'))
    if (match === null) throw new Damage('names no manifest')
    return match[1] as string
  })
  const files = await checkFile(join(folder, manifest), readManifest)
  await checkTables(folder, names, files)
  await checkLogs(folder, names, files)
}
