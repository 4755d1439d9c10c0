/**
 * @module test/support/eventstoredb
 *
 * A stand-in for EventStoreDB on the wire: real gRPC over real sockets, in memory, with faults on demand. It shows
 * that the adapter speaks the protocol and survives its failures; it does not show that a real server behaves so.
 *
 * `const server = await Node.start()`; connect to `server.url`; break it by `server.faults` and `server.wire`; end by
 * `await server.stop()`.
 */

import { Node, type NodeOptions } from './node.ts'
import { EventStore } from './store.ts'

export { CERTIFICATE_PEM } from './certificate.ts'
export { ACCESS_DENIED, CONSUMER_TOO_SLOW, type Fault, UNAVAILABLE } from './faults.ts'
export { Node, type NodeOptions } from './node.ts'

export interface Cluster {
  readonly nodes: readonly Node[]
  /** Connection string that names every node. */
  readonly url: string
  elect(leader: Node): void
  stop(): Promise<void>
}

/** Nodes over one store; the first leads. */
export async function startCluster(size: number, options: NodeOptions = {}): Promise<Cluster> {
  const store = options.store ?? new EventStore()
  const nodes = await Promise.all(Array.from({ length: size }, () => Node.start({ ...options, port: 0, store })))
  const elect = (leader: Node | undefined): void => {
    for (const node of nodes) {
      node.cluster = nodes
      node.leader = node === leader ? undefined : leader
    }
  }
  elect(nodes[0])
  return {
    nodes,
    url: `esdb://${nodes.map((node) => node.address).join(',')}?tls=${options.tls === true}`,
    elect,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}
