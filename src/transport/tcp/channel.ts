/**
 * @module transport/tcp/channel
 *
 * The encrypted channel below the handshake: TLS 1.3 in the mode `psk_dhe_ke` (RFC 8446 §2.2, §4.2.9).
 *
 * The pre-shared key is derived from the group's id, which is no secret: it turns peers of another group away at once and
 * saves certificates that nobody would look at. Secrecy against listeners comes from the ephemeral Diffie-Hellman exchange
 * that the mode adds; who is at the other end is *not* known yet. The handshake above proves it, over `bindingOf`.
 */

import { hkdfSync } from 'node:crypto'
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls'
import { type Bytes, EMPTY_BYTES, utf8 } from '../../base/bytes.ts'

const IDENTITY = 'witan'
const VERSIONS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const
/** The suite whose hash a pre-shared key without a session has (RFC 8446 §4.2.11). */
const CIPHERS = 'TLS_AES_128_GCM_SHA256'
const BINDING_LABEL = 'EXPORTER-witan-transport-1'

function keyOf(groupId: Bytes): Buffer {
  return Buffer.from(hkdfSync('sha256', groupId, utf8('witan/transport/1'), EMPTY_BYTES, 32))
}

export function clientOptions(groupId: Bytes): ConnectionOptions {
  const psk = keyOf(groupId)
  return {
    ...VERSIONS,
    ciphers: CIPHERS,
    pskCallback: () => ({ psk, identity: IDENTITY }),
    // There is no certificate to hold against a name; the handshake checks the key.
    checkServerIdentity: () => undefined,
  }
}

export function serverOptions(groupId: Bytes, handshakeTimeoutMs: number): TlsOptions {
  const psk = keyOf(groupId)
  return {
    ...VERSIONS,
    ciphers: CIPHERS,
    handshakeTimeout: handshakeTimeoutMs,
    pskCallback: (_socket, identity) => (identity === IDENTITY ? psk : null),
  }
}

/**
 * Keying material that both ends of *this* TLS connection derive, and nobody else (RFC 8446 §7.5, RFC 9266): somebody in
 * the middle has one connection with each end, and these differ.
 */
export function bindingOf(socket: TLSSocket): Bytes {
  return socket.exportKeyingMaterial(32, BINDING_LABEL, Buffer.alloc(0))
}
