/**
 * @module log/embedded/leveldb/manifest
 *
 * Which files make up the database: the edits that the manifest holds, one after the other (leveldb/db/version_edit).
 */

import { ByteReader, Damage } from './byte-reader.ts'
import { readRecords } from './record-file.ts'

export interface DatabaseFiles {
  /** Size in bytes of each sorted table, by number. */
  readonly tables: ReadonlyMap<number, number>
  /** Write-ahead logs below it are in tables; 0 before the first. */
  readonly logNumber: number
}

/** Tags of the fields of an edit. */
const COMPARATOR = 1
const LOG_NUMBER = 2
const NEXT_FILE = 3
const LAST_SEQUENCE = 4
const COMPACT_POINTER = 5
const TABLE_DELETED = 6
const TABLE_ADDED = 7
const PREVIOUS_LOG = 9

class Version implements DatabaseFiles {
  readonly tables = new Map<number, number>()
  logNumber = 0

  /** Reads one field; a table may move to another level in one edit: deleted first, then added. */
  apply(edit: ByteReader): void {
    const tag = edit.varint()
    switch (tag) {
      case COMPARATOR:
        return edit.skipPrefixed()
      case LOG_NUMBER:
        this.logNumber = edit.varint()
        return
      case NEXT_FILE:
      case LAST_SEQUENCE:
      case PREVIOUS_LOG:
        edit.varint()
        return
      case COMPACT_POINTER:
        edit.varint()
        return edit.skipPrefixed()
      case TABLE_DELETED:
        edit.varint()
        this.tables.delete(edit.varint())
        return
      case TABLE_ADDED: {
        edit.varint()
        const number = edit.varint()
        this.tables.set(number, edit.varint())
        edit.skipPrefixed()
        return edit.skipPrefixed()
      }
      default:
        throw new Damage(`holds an unknown field ${tag}`)
    }
  }
}

export function readManifest(file: Uint8Array): DatabaseFiles {
  const { records } = readRecords(file)
  if (records.length === 0) throw new Damage('holds no record')
  const version = new Version()
  for (const record of records) {
    const edit = new ByteReader(record)
    while (!edit.isAtEnd) version.apply(edit)
  }
  return version
}
