/**
 * @module transport/tcp/options
 *
 * What a TCP transport is made of, and its bounds.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { invalidArgumentError } from '../errors.ts'
import { checkedLimits, checkWhole, type TransportLimits } from '../limits.ts'

export interface TcpAddress {
  /** Name or IP address. */
  readonly host: string
  readonly port: number
}

export interface TcpPeer {
  /** Public key, as the group's signature scheme encodes it. */
  readonly peer: Bytes
  /** Where to dial it. Without: it is accepted when it dials us. */
  readonly address?: TcpAddress
}

export interface TcpTransportOptions {
  /** This peer's key: proves who we are, once for each connection. */
  readonly signer: Signer
  /** Peers of other groups are refused. */
  readonly groupId: Bytes
  readonly clock: Clock
  /** For the jitter of redialling only. */
  readonly random: Random
  /** Where to accept peers; port 0 takes a free one. Without: dials only. */
  readonly listen?: TcpAddress
  /** Who may connect, and where to dial them; `setPeer` and `removePeer` change it later. */
  readonly peers?: Iterable<TcpPeer>
  readonly limits?: Partial<TcpLimits>
  readonly logger?: Logger
}

export interface TcpLimits extends TransportLimits {
  /** From the first packet to both sides proved; also how old a connection must be to give way to a newer one. Default 5 s. */
  readonly handshakeTimeoutMs: number
  /** Accepted connections that have not proved who they are; beyond it the busiest address loses its oldest. Default 32. */
  readonly maxPendingHandshakes: number
  /** A connection that sent nothing for so long sends a sign of life. Default 15 s. */
  readonly keepAliveMs: number
  /** A connection that brought nothing for so long is dropped. At least twice `keepAliveMs`. Default 45 s. */
  readonly idleTimeoutMs: number
  /** Wait before the second dial; each failure doubles it, up to `maxBackoffMs`. Half of each wait is drawn. Default 100 ms. */
  readonly minBackoffMs: number
  /** Default 10 s. */
  readonly maxBackoffMs: number
  /** How long a connection that is being closed has to send what was handed over. Default 2 s. */
  readonly closeTimeoutMs: number
}

const DEFAULTS = {
  handshakeTimeoutMs: 5000,
  maxPendingHandshakes: 32,
  keepAliveMs: 15_000,
  idleTimeoutMs: 45_000,
  minBackoffMs: 100,
  maxBackoffMs: 10_000,
  closeTimeoutMs: 2000,
} as const

export function checkedTcpLimits(given: Partial<TcpLimits> = {}): TcpLimits {
  const limits: TcpLimits = { ...DEFAULTS, ...checkedLimits(), ...given }
  checkedLimits(limits)
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[])
    checkWhole(name, limits[name], 1, Number.MAX_SAFE_INTEGER)
  checkWhole('idleTimeoutMs', limits.idleTimeoutMs, 2 * limits.keepAliveMs, Number.MAX_SAFE_INTEGER)
  checkWhole('maxBackoffMs', limits.maxBackoffMs, limits.minBackoffMs, Number.MAX_SAFE_INTEGER)
  return limits
}

export function checkAddress(argument: string, address: TcpAddress, lowestPort: 0 | 1): void {
  if (address.host.length === 0) throw invalidArgumentError(argument, '', 'the host is empty')
  checkWhole(`${argument}.port`, address.port, lowestPort, 65_535)
}
