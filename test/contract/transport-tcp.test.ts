import { utf8 } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { createTcpTransport, type TcpTransport } from '../../src/transport/index.ts'
import { namedSigner } from '../support/transport.ts'
import { describeTransport } from './transport.ts'

const HOST = '127.0.0.1'

describeTransport('tcp', {
  // Loopback buffers of both ends, as large as they may grow.
  slackBytes: 16 * 1024 * 1024,
  async make(count, limits) {
    const signers = Array.from({ length: count }, (_, i) => namedSigner(`peer ${i}`))
    const start = (index: number, port = 0): Promise<TcpTransport> =>
      createTcpTransport({
        signer: signers[index] ?? namedSigner('none'),
        groupId: utf8('contract'),
        clock: systemClock,
        random: new SeededRandom(`tcp ${index}`),
        listen: { host: HOST, port },
        limits: { ...limits, minBackoffMs: 10, maxBackoffMs: 100, closeTimeoutMs: 500 },
      })
    const introduce = (transport: TcpTransport): void => {
      for (const other of transports)
        if (other !== transport && other.address !== undefined) transport.setPeer(other.localPeer, other.address)
    }
    const transports: TcpTransport[] = []
    for (let i = 0; i < count; i += 1) transports.push(await start(i))
    for (const transport of transports) introduce(transport)
    return {
      transports: [...transports],
      async restart(index) {
        const transport = await start(index, transports[index]?.address?.port ?? 0)
        transports[index] = transport
        introduce(transport)
        return transport
      },
      close: async () => {
        await Promise.all(transports.map((transport) => transport.close()))
      },
    }
  },
})
