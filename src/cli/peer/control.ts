/**
 * @module cli/peer/control
 *
 * How commands reach a running peer: one JSON object a line over a local socket in the peer's folder. The folder's
 * permissions are the access control. Lines are bounded; a line that is no request ends its connection.
 */

import { existsSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { UsageError } from '../usage-error.ts'
import type { BallotRequest } from './ballots.ts'

export interface ChangeRequest {
  readonly command: 'add' | 'remove'
  readonly id: string
  /** Where a peer that is added listens, if that is known. */
  readonly address?: { readonly host: string; readonly port: number }
  /** Hex. */
  readonly info: string
  readonly wait: boolean
}

export type ControlRequest =
  | { readonly command: 'status' }
  | { readonly command: 'vote'; readonly payload: string; readonly wait: boolean }
  | { readonly command: 'members' }
  | { readonly command: 'explainBlock'; readonly index: number }
  | { readonly command: 'whyStuck' }
  | { readonly command: 'prove'; readonly index: number | null }
  | ChangeRequest
  | { readonly command: 'leave' }
  | { readonly command: 'blocks'; readonly from: number | null; readonly follow: boolean }
  | BallotRequest

export type ControlReply =
  | { readonly done: true }
  | { readonly error: string; readonly code: string }
  | { readonly value: object }

/** Answers with any number of values. */
export type ControlHandler = (request: ControlRequest, signal: AbortSignal) => AsyncIterable<object>

const MAX_LINE_CHARACTERS = 256 * 1024

export async function serveControl(path: string, handle: ControlHandler): Promise<{ close(): Promise<void> }> {
  if (process.platform !== 'win32' && existsSync(path)) rmSync(path)
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    void serveOne(socket, handle)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function serveOne(socket: Socket, handle: ControlHandler): Promise<void> {
  const abort = new AbortController()
  socket.once('close', () => abort.abort())
  socket.on('error', () => socket.destroy())
  const send = (reply: ControlReply): boolean => socket.write(`${JSON.stringify(reply)}\n`)
  try {
    const request = JSON.parse(await firstLine(socket)) as ControlRequest
    for await (const value of handle(request, abort.signal)) {
      if (!send({ value })) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
      if (abort.signal.aborted) return
    }
    send({ done: true })
  } catch (error) {
    if (!socket.destroyed)
      send({ error: (error as Error).message, code: (error as { code?: string }).code ?? 'Failed' })
  }
  socket.end()
}

function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
      else if (text.length > MAX_LINE_CHARACTERS) reject(new RangeError('the request is too long'))
    })
    socket.once('close', () => reject(new Error('the connection ended')))
  })
}

/** The values that the running peer answers with; `undefined` where none runs. */
export async function askRunning(path: string, request: ControlRequest): Promise<AsyncGenerator<object> | undefined> {
  const socket = createConnection(path)
  const isConnected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  if (!isConnected) return undefined
  socket.write(`${JSON.stringify(request)}\n`)
  return readReplies(socket)
}

async function* readReplies(socket: Socket): AsyncGenerator<object> {
  try {
    for await (const line of createInterface({ input: socket })) {
      const reply = JSON.parse(line) as ControlReply
      if ('done' in reply) return
      if ('error' in reply) throw new UsageError(reply.error)
      yield reply.value
    }
    throw new UsageError('the running peer closed the connection')
  } finally {
    socket.destroy()
  }
}

/** Of a command that makes no sense without a running peer. */
export async function askOrRefuse(
  path: string,
  folder: string,
  request: ControlRequest,
): Promise<AsyncGenerator<object>> {
  const replies = await askRunning(path, request)
  if (replies === undefined) throw new UsageError(`no peer runs in ${folder}; start it with \`witan run ${folder}\``)
  return replies
}
