import { expect, onTestFinished, test } from 'vitest'
import { sseServer } from '../../examples/sse-server.ts'
import { type Json, startLocalGroup } from '../../examples/support/local-group.ts'
import type { Witan } from '../../src/index.ts'

interface ServerEvent {
  readonly id: number
  readonly data: Json
}

/** The first `count` events of a stream; then the client is gone. */
async function eventsOf(url: string, count: number, headers: Record<string, string> = {}): Promise<ServerEvent[]> {
  const gone = new AbortController()
  const response = await fetch(`${url}/blocks`, { headers, signal: gone.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let text = ''
  const events: ServerEvent[] = []
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk)
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(part) ?? []
      if (id !== undefined && data !== undefined) events.push({ id: Number(id), data: JSON.parse(data) as Json })
    }
    if (events.length >= count) break
  }
  gone.abort()
  return events.slice(0, count)
}

async function serve(witan: Witan<Json>): Promise<string> {
  const app = sseServer(witan)
  onTestFinished(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

const payment = (id: string) => ({ id, from: 'eve', to: 'baker', cents: 1000 })

async function pay(url: string, body: Json): Promise<{ readonly status: number; readonly hash?: string }> {
  const response = await fetch(`${url}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { hash } = (await response.json()) as { hash?: string }
  return { status: response.status, ...(hash === undefined ? {} : { hash }) }
}

test('two servers of one group stream the same events; a client goes on after the last it has', async () => {
  const group = await startLocalGroup()
  onTestFinished(() => group[Symbol.asyncDispose]())
  const [alice, bob] = group.peers as [Witan<Json>, Witan<Json>]
  const [first, second] = [await serve(alice), await serve(bob)]

  const accepted = await pay(first, payment('order-0001'))
  expect(accepted.status).toBe(202)
  expect((await pay(second, payment('order-0002'))).status).toBe(202)
  expect(await pay(first, payment('order-0001'))).toEqual(accepted)
  expect((await pay(first, { cents: -1 })).status).toBe(400)

  const [seen, same] = await Promise.all([eventsOf(first, 2), eventsOf(second, 2)])
  expect(same).toEqual(seen)
  expect(seen.map(({ data }) => data)).toEqual(expect.arrayContaining([payment('order-0001'), payment('order-0002')]))

  await pay(second, payment('order-0003'))
  const lastId = `${seen.at(-1)?.id}`
  const next = await eventsOf(first, 1, { 'last-event-id': lastId })
  expect(next.map(({ data }) => data)).toEqual([payment('order-0003')])
})
