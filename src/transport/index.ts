/**
 * @module transport
 *
 * Entry point `witan/transport`: `createTcpTransport` for peers on a network, `MemoryNetwork` for peers in one process.
 */

export {
  type IncomingMessage,
  type SendOptions,
  type Transport,
  TransportError,
  type TransportErrorData,
} from '../ports/transport.ts'
export type { TransportLimits } from './limits.ts'
export type { LinkFaults, NetworkCounts } from './memory/faults.ts'
export { MemoryNetwork, type MemoryNetworkOptions } from './memory/network.ts'
export type { TcpAddress, TcpLimits, TcpPeer, TcpTransportOptions } from './tcp/options.ts'
export { createTcpTransport, type TcpTransport } from './tcp/tcp-transport.ts'
