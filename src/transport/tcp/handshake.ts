/**
 * @module transport/tcp/handshake
 *
 * Who is at the other end of a TLS channel. Each side signs one statement with the key that *is* its peer id:
 *
 *   "witan/transport/1", role (0 dials, 1 answers), then each with a u32 length:
 *   name of the signature scheme, group id, id of who dials, id of who answers, the channel's binding
 *
 * - Possession: only the holder of the key signs. The domain at its front is no beginning of anything else that a peer
 *   signs, so a signature serves here only.
 * - The binding makes it good for this channel alone: neither a recorded statement nor one relayed by somebody between
 *   two channels verifies.
 * - Both ids and the role: nobody can be made to speak to another peer than the one it means, nor be sent its own words.
 * - Who answers stays silent until the other has proved to be a peer of the group; who dials shows itself to the address
 *   it dialled.
 *
 * The caller bounds the time, and destroys the socket where the outcome is a refusal.
 */

import type { TLSSocket } from 'node:tls'
import { type Bytes, concatBytes, equalBytes, utf8 } from '../../base/bytes.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { bindingOf } from './channel.ts'
import { FRAME_KIND, FrameReader, frameHeader } from './frame.ts'

/** Room for the largest identity and signature of a scheme, many times over. */
const MAX_HANDSHAKE_BYTES = 2048
const DOMAIN = utf8('witan/transport/1')

export type Refusal = 'closed' | 'malformed' | 'unknown-peer' | 'not-proved'

export type Outcome =
  | { readonly kind: 'proved'; readonly peer: Bytes; readonly reader: FrameReader }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

export interface Self {
  readonly signer: Signer
  readonly groupId: Bytes
}

interface Parties {
  readonly initiator: Bytes
  readonly responder: Bytes
  readonly binding: Bytes
}

export function statement(role: 'initiator' | 'responder', self: Self, parties: Parties): Bytes {
  const fields = [
    utf8(self.signer.scheme.name),
    self.groupId,
    parties.initiator,
    parties.responder,
    parties.binding,
  ].flatMap((field) => [u32(field.length), field])
  return concatBytes(DOMAIN, Uint8Array.of(role === 'initiator' ? 0 : 1), ...fields)
}

/** We dialled, and mean `responder`. */
export async function initiate(socket: TLSSocket, self: Self, responder: Bytes): Promise<Outcome> {
  const parties = { initiator: self.signer.identity, responder, binding: bindingOf(socket) }
  const hello = encodeHello(parties.initiator, self.signer.sign(statement('initiator', self, parties)))
  write(socket, FRAME_KIND.hello, hello)
  const reader = new FrameReader(MAX_HANDSHAKE_BYTES)
  const signature = await readFrame(socket, reader, FRAME_KIND.welcome)
  if (typeof signature === 'string') return { kind: 'refused', refusal: signature }
  return isProved(self, responder, statement('responder', self, parties), signature)
    ? { kind: 'proved', peer: responder, reader }
    : { kind: 'refused', refusal: 'not-proved' }
}

/** Somebody dialled us. */
export async function respond(socket: TLSSocket, self: Self, isKnown: (peer: Bytes) => boolean): Promise<Outcome> {
  const reader = new FrameReader(MAX_HANDSHAKE_BYTES)
  const payload = await readFrame(socket, reader, FRAME_KIND.hello)
  if (typeof payload === 'string') return { kind: 'refused', refusal: payload }
  const hello = decodeHello(payload)
  if (hello === undefined) return { kind: 'refused', refusal: 'malformed' }
  const responder = self.signer.identity
  if (equalBytes(hello.initiator, responder) || !isKnown(hello.initiator))
    return { kind: 'refused', refusal: 'unknown-peer' }
  const parties = { initiator: hello.initiator, responder, binding: bindingOf(socket) }
  if (!isProved(self, hello.initiator, statement('initiator', self, parties), hello.signature))
    return { kind: 'refused', refusal: 'not-proved' }
  write(socket, FRAME_KIND.welcome, self.signer.sign(statement('responder', self, parties)))
  return { kind: 'proved', peer: hello.initiator, reader }
}

export function encodeHello(initiator: Bytes, signature: Bytes): Bytes {
  return concatBytes(u32(initiator.length), initiator, signature)
}

function decodeHello(payload: Bytes): { readonly initiator: Bytes; readonly signature: Bytes } | undefined {
  if (payload.length < 4) return undefined
  const length = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
  if (length > payload.length - 4) return undefined
  return { initiator: payload.subarray(4, 4 + length), signature: payload.subarray(4 + length) }
}

function isProved({ signer }: Self, peer: Bytes, message: Bytes, signature: Bytes): boolean {
  return signer.scheme.verify(peer, message, signature) === 'valid'
}

function u32(value: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function write(socket: TLSSocket, kind: number, payload: Bytes): void {
  socket.write(concatBytes(frameHeader(kind, payload.length), payload))
}

/** The payload of the next frame. Leaves the socket paused: what comes after it is for whoever takes over. */
function readFrame(socket: TLSSocket, reader: FrameReader, kind: number): Promise<Bytes | 'closed' | 'malformed'> {
  return new Promise((resolve) => {
    const settle = (result: Bytes | 'closed' | 'malformed'): void => {
      socket.off('data', onData).off('end', onClosed).off('close', onClosed).pause()
      resolve(result)
    }
    const onClosed = (): void => settle('closed')
    const onData = (chunk: Buffer): void => {
      reader.push(chunk)
      const frame = reader.next()
      if (frame === 'incomplete') return
      settle(frame === 'malformed' || frame.kind !== kind ? 'malformed' : frame.payload)
    }
    if (socket.destroyed) resolve('closed')
    else socket.on('data', onData).on('end', onClosed).on('close', onClosed).resume()
  })
}
