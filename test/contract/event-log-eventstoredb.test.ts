import { eventStoreDbLog } from '../../src/log/eventstoredb/event-store-db-log.ts'
import { Node } from '../support/eventstoredb/index.ts'
import { describeEventLog } from './event-log.ts'

describeEventLog('eventstoredb, against the stand-in server', async () => {
  const server = await Node.start()
  return {
    open: () => Promise.resolve(eventStoreDbLog({ url: server.url })),
    isDurable: true,
    dispose: () => server.stop(),
  }
})
