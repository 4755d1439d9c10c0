/**
 * @module log/open-log
 *
 * A log from one word, as configuration and command lines have it.
 */

import type { EventLog } from '../ports/event-log.ts'
import { embeddedLog } from './embedded/embedded-log.ts'
import { invalidArgument } from './errors.ts'
import type { EventStoreDbLogOptions } from './eventstoredb/event-store-db-log.ts'
import { memoryLog } from './memory/memory-log.ts'

/** The log in an EventStoreDB or KurrentDB. Its client is loaded here: who uses another log does not pay for it. */
export async function eventStoreDbLog(options: EventStoreDbLogOptions): Promise<EventLog> {
  const adapter = await import('./eventstoredb/event-store-db-log.ts')
  return adapter.eventStoreDbLog(options)
}

/** A letter and a colon begin a path on Windows, not a scheme. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i

/**
 * `esdb://…`, `esdb+discover://…`, `kurrentdb://…`: an event store; `memory:`: this process's memory; anything else: the
 * embedded log in that folder.
 */
export async function openLog(place: string): Promise<EventLog> {
  const scheme = SCHEME.exec(place)?.[1]?.toLowerCase()
  switch (scheme) {
    case undefined:
      return embeddedLog({ folder: place })
    case 'memory':
      return memoryLog()
    case 'esdb':
    case 'esdb+discover':
    case 'kurrentdb':
    case 'kurrentdb+discover':
      return eventStoreDbLog({ url: place })
    default:
      // The rest may hold a password.
      throw invalidArgument('log', `${scheme}:`, 'esdb://…, kurrentdb://…, memory: or a folder')
  }
}
