/**
 * @module bench/order/part
 *
 * One measurement in a process of its own, as JSON on the standard output: what the compiler learned and the heap kept from
 * others would count against it. `part.js throughput LOAD FOLDER`, `part.js replay FOLDER`.
 */

import { replay } from './replay.ts'
import { LOADS, type LoadName, throughput } from './throughput.ts'

async function measure([what, ...args]: readonly string[]): Promise<unknown> {
  switch (what) {
    case 'throughput':
      return throughput(args[1] ?? '', LOADS[args[0] as LoadName])
    case 'replay':
      return replay(args[0] ?? '')
    default:
      throw new Error(`no part ${what ?? ''}`)
  }
}

console.log(JSON.stringify(await measure(process.argv.slice(2))))
