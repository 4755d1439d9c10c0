import { systemClock } from '../../src/engine/system-clock.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'
import { namedSigner } from '../support/transport.ts'
import { describeTransport } from './transport.ts'

describeTransport('memory', {
  slackBytes: 0,
  make(count, limits) {
    const network = new MemoryNetwork({ clock: systemClock, random: new SeededRandom('contract'), limits })
    const ids = Array.from({ length: count }, (_, i) => namedSigner(`peer ${i}`).identity)
    const transports = ids.map((id) => network.join(id))
    return Promise.resolve({
      transports,
      restart(index) {
        const transport = network.join(ids[index] ?? new Uint8Array())
        transports.push(transport)
        return Promise.resolve(transport)
      },
      close: async () => {
        for (const transport of transports) await transport.close()
      },
    })
  },
})
