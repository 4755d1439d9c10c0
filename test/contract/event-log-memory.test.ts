import { memoryLog } from '../../src/log/index.ts'
import { describeEventLog } from './event-log.ts'

describeEventLog('memory', () => ({
  open: () => Promise.resolve(memoryLog()),
  isDurable: false,
  dispose: () => Promise.resolve(),
}))
