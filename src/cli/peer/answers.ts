/**
 * @module cli/peer/answers
 *
 * What a running peer says to the commands that ask it over the control socket.
 */

import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { Witan } from '../../engine/peer/witan.ts'
import type { EventLog } from '../../ports/event-log.ts'
import { answerBallot } from './ballots.ts'
import type { ControlRequest } from './control.ts'
import { explained } from './explain.ts'
import { change } from './members.ts'
import { proven } from './prove.ts'

/** Text as it is, other bytes as hex. */
export function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    return toHex(bytes)
  }
}

export async function* answer(
  witan: Witan,
  log: EventLog,
  request: ControlRequest,
  signal: AbortSignal,
): AsyncGenerator<object> {
  switch (request.command) {
    case 'propose':
    case 'ballot':
    case 'decisions':
    case 'explain':
    case 'certificate':
      yield* answerBallot(witan, request, signal)
      return
    case 'status':
      yield { id: witan.id, ...witan.status, membership: witan.membership }
      return
    case 'vote': {
      const receipt = await witan.vote(utf8(request.payload), { signal })
      yield { type: 'durable', hash: receipt.hash }
      if (request.wait) yield { type: 'agreed', position: (await receipt.agreed).position }
      return
    }
    case 'explainBlock':
    case 'whyStuck':
      if (request.command === 'whyStuck' && witan.status.follows?.waitsFor !== undefined) {
        const { follows } = witan.status
        yield { text: `it started from a checkpoint, and ${follows.waitsFor}`, data: follows }
        return
      }
      yield await explained(log, witan.group, witan.id, request, signal)
      return
    case 'prove':
      yield await proven(witan, request)
      return
    case 'members':
      yield { id: witan.id, ...witan.membership }
      return
    case 'add':
    case 'remove':
      yield* change(witan, request, signal)
      return
    case 'leave':
      await witan.members.leave()
      yield { type: 'voted', for: 'leave' }
      return
    case 'blocks':
      for await (const { position, payload, block } of witan.history.blocks({
        ...(request.from === null ? {} : { from: request.from }),
        live: request.follow,
        signal,
      })) {
        yield { position, hash: block.hash, payload: textOf(payload) }
      }
  }
}
