/**
 * A peer inside a Fastify server: `POST /payments` asks for a payment to be ordered, `GET /blocks` streams the agreed
 * order as server-sent events. The id of an event is its position, so a browser's EventSource that lost its connection
 * goes on exactly where it was, by itself; and every peer's server would stream the same events under the same ids.
 *
 *     npx tsx examples/sse-server.ts [port]
 *     curl -N localhost:3000/blocks
 *     curl -H 'content-type: application/json' -d '{"id":"order-4711","from":"eve","to":"baker","cents":1000}' localhost:3000/payments
 */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { ParsecError } from '../src/core/parsec/index.ts'
import type { Witan } from '../src/index.ts'
import { type Json, startLocalGroup } from './support/local-group.ts'

const PAYMENT = {
  type: 'object',
  required: ['id', 'from', 'to', 'cents'],
  additionalProperties: false,
  properties: {
    // Chosen by the client, so that a request repeated after a lost answer asks for the same payment, not for another.
    id: { type: 'string', minLength: 8, maxLength: 100 },
    from: { type: 'string', maxLength: 100 },
    to: { type: 'string', maxLength: 100 },
    cents: { type: 'integer', minimum: 1 },
  },
} as const

/** The caller keeps `witan`: closing the server ends its streams, not the peer. */
export function sseServer(witan: Witan<Json>): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true })
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  // Answered as soon as the vote is in our log: from then on it survives a crash. Its place in the order comes later.
  app.post<{ Body: Json }>('/payments', { schema: { body: PAYMENT } }, async ({ body }, reply) => {
    try {
      const { hash } = await witan.vote(body)
      return await reply.code(202).send({ hash })
    } catch (error) {
      // Asked for already, perhaps by a client that lost our answer: once is enough.
      if (!(error instanceof ParsecError) || error.data.code !== 'DuplicateVote') throw error
      return await reply.code(202).send({ hash: Buffer.from(error.data.observation).toString('hex') })
    }
  })

  app.get<{ Querystring: { from?: number } }>(
    '/blocks',
    { schema: { querystring: { type: 'object', properties: { from: { type: 'integer', minimum: 0 } } } } },
    async (request, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const signal = AbortSignal.any([gone.signal, closing.signal])
      return reply
        .header('content-type', 'text/event-stream')
        .header('cache-control', 'no-cache')
        .send(Readable.from(serverSentEvents(witan, startOf(request), signal)))
    },
  )
  return app
}

/** Where to begin: after the last event that the client has, or where it asks for. */
function startOf(request: FastifyRequest<{ Querystring: { from?: number } }>): number {
  const last = request.headers['last-event-id']
  return typeof last === 'string' && /^\d{1,15}$/.test(last) ? Number(last) + 1 : (request.query.from ?? 0)
}

/** The stream takes the next event only when the client has room: a slow client holds up nobody, and costs no memory. */
async function* serverSentEvents(witan: Witan<Json>, from: number, signal: AbortSignal): AsyncGenerator<string> {
  yield 'retry: 1000\n\n'
  for await (const { position, payload } of witan.history.blocks({ from, live: true, signal })) {
    yield `id: ${position}\ndata: ${JSON.stringify(payload)}\n\n`
  }
}

if (process.argv[1] === import.meta.filename) {
  await using group = await startLocalGroup()
  const app = sseServer(group.peers[0])
  console.log(`listening on ${await app.listen({ port: Number(process.argv[2] ?? 3000) })}; Ctrl-C ends it`)
  await once(process, 'SIGINT')
  await app.close()
}
