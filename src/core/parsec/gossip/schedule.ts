/**
 * @module core/parsec/gossip/schedule
 *
 * Whom to gossip to, and when. Pure: time and randomness are arguments, and it only answers; the engine sends.
 *
 * - News (an own vote, an event that others lack) leaves at once, to as many peers as the fan-out allows.
 * - While anything is undecided, one request follows another at a stated interval, to the peer that we have exchanged
 *   nothing with for longest, whoever of us began it.
 * - A peer that owes an answer too long is left alone for a time that doubles with each silence.
 * - With nothing undecided no gossip event is made. Peers compare summaries instead, ever more rarely while nothing
 *   happens, so that one that lags still learns of it.
 *
 * It assumes nothing about the network, and follows a clock that is set back. It holds one small record a peer and no history.
 */

export interface ScheduleOptions {
  /** Requests of ours that may be unanswered at a time. */
  readonly fanOut: number
  /** Between two requests of ours while something is undecided and there is no news. */
  readonly gossipIntervalMs: number
  /** After so long a request counts as unanswered. */
  readonly answerTimeoutMs: number
  /** How long a silent peer is left alone: at first, and at most. */
  readonly silenceMs: Range
  /** Between two summaries when idle: at first, and at most. */
  readonly summaryMs: Range
}

export interface Range {
  readonly first: number
  readonly most: number
}

export const SCHEDULE_DEFAULTS: ScheduleOptions = {
  fanOut: 3,
  gossipIntervalMs: 15,
  answerTimeoutMs: 2_000,
  silenceMs: { first: 1_000, most: 60_000 },
  summaryMs: { first: 1_000, most: 30_000 },
}

/** What to do now, and when to ask again. */
export interface Plan {
  readonly gossipTo: readonly string[]
  readonly summariseTo: readonly string[]
  /** Peers whose answer is overdue since the last plan. */
  readonly silent: readonly string[]
  /** `Infinity`: not before something happens. */
  readonly wakeAtMs: number
}

interface Contact {
  readonly peer: string
  /** When the unanswered request left. */
  askedAtMs: number | undefined
  /** Of gossip or summary; orders whom to contact next. */
  lastContact: number
  silences: number
  quietUntilMs: number
}

export class GossipSchedule {
  readonly #options: ScheduleOptions
  #contacts = new Map<string, Contact>()
  #contactCount = 0
  #hasNews = false
  #lastGossipMs = Number.NEGATIVE_INFINITY
  #summaryPauseMs: number
  #nextSummaryMs = Number.NEGATIVE_INFINITY
  #latestMs = Number.NEGATIVE_INFINITY

  constructor(options: ScheduleOptions = SCHEDULE_DEFAULTS) {
    this.#options = options
    this.#summaryPauseMs = options.summaryMs.first
  }

  /** The peers that we may gossip to now (parsec §8, gossipRecipients). What is known of those that stay is kept. */
  setRecipients(peers: readonly string[]): void {
    const known = this.#contacts
    this.#contacts = new Map(
      peers.map((peer) => [
        peer,
        known.get(peer) ?? {
          peer,
          askedAtMs: undefined,
          lastContact: 0,
          silences: 0,
          quietUntilMs: Number.NEGATIVE_INFINITY,
        },
      ]),
    )
  }

  /** There is something that others lack and wait for: gossip at once. */
  news(nowMs: number): void {
    this.#follow(nowMs)
    this.#hasNews = true
    this.#summaryPauseMs = this.#options.summaryMs.first
    this.#nextSummaryMs = nowMs + this.#summaryPauseMs
  }

  /** The request that a plan asked for has left. */
  asked(peer: string, nowMs: number): void {
    const contact = this.#contacts.get(peer)
    if (contact === undefined) return
    contact.askedAtMs = nowMs
    this.#touch(contact)
    this.#lastGossipMs = nowMs
  }

  /** Any message of the peer: it lives. After a response it owes none; after a request it gets all we know by ours. */
  heard(peer: string, kind: 'request' | 'response' | 'other'): void {
    const contact = this.#contacts.get(peer)
    if (contact === undefined) return
    if (kind === 'response') contact.askedAtMs = undefined
    if (kind === 'request') this.#touch(contact)
    contact.silences = 0
    contact.quietUntilMs = Number.NEGATIVE_INFINITY
  }

  /** `isUndecided`: something waits for agreement that can still be reached. `pick(n)` draws one of 0..n-1. */
  plan(nowMs: number, isUndecided: boolean, pick: (count: number) => number): Plan {
    this.#follow(nowMs)
    const silent = this.#findSilent(nowMs)
    const gossipTo = isUndecided || this.#hasNews ? this.#chooseGossip(nowMs, pick) : []
    const summariseTo = isUndecided ? [] : this.#chooseSummary(nowMs, pick)
    return { gossipTo, summariseTo, silent, wakeAtMs: this.#wakeAt(nowMs, isUndecided) }
  }

  /** A clock that is set back takes all that was timed by it along; otherwise we would wait for the old time to return. */
  #follow(nowMs: number): void {
    const backMs = this.#latestMs - nowMs
    this.#latestMs = nowMs
    if (backMs <= 0) return
    this.#lastGossipMs -= backMs
    this.#nextSummaryMs -= backMs
    for (const contact of this.#contacts.values()) {
      contact.quietUntilMs -= backMs
      if (contact.askedAtMs !== undefined) contact.askedAtMs -= backMs
    }
  }

  #findSilent(nowMs: number): string[] {
    const { answerTimeoutMs, silenceMs } = this.#options
    const silent: string[] = []
    for (const contact of this.#contacts.values()) {
      if (contact.askedAtMs === undefined || nowMs < contact.askedAtMs + answerTimeoutMs) continue
      contact.askedAtMs = undefined
      contact.quietUntilMs = nowMs + Math.min(silenceMs.most, silenceMs.first * 2 ** contact.silences)
      contact.silences += 1
      silent.push(contact.peer)
    }
    return silent
  }

  #chooseGossip(nowMs: number, pick: (count: number) => number): string[] {
    let free = this.#options.fanOut
    for (const contact of this.#contacts.values()) if (contact.askedAtMs !== undefined) free -= 1
    if (!this.#hasNews) {
      if (nowMs < this.#lastGossipMs + this.#options.gossipIntervalMs) return []
      free = Math.min(free, 1)
    }
    const chosen: string[] = []
    while (chosen.length < free) {
      const contact = this.#longestWaiting(
        nowMs,
        pick,
        (other) => other.askedAtMs === undefined && !chosen.includes(other.peer),
      )
      if (contact === undefined) break
      chosen.push(contact.peer)
    }
    if (chosen.length > 0) this.#hasNews = false
    return chosen
  }

  #chooseSummary(nowMs: number, pick: (count: number) => number): string[] {
    if (nowMs < this.#nextSummaryMs) return []
    this.#nextSummaryMs = nowMs + this.#summaryPauseMs
    this.#summaryPauseMs = Math.min(this.#options.summaryMs.most, 2 * this.#summaryPauseMs)
    const contact = this.#longestWaiting(nowMs, pick, () => true)
    if (contact === undefined) return []
    this.#touch(contact)
    return [contact.peer]
  }

  #longestWaiting(
    nowMs: number,
    pick: (count: number) => number,
    isFree: (contact: Contact) => boolean,
  ): Contact | undefined {
    let best: Contact[] = []
    for (const contact of this.#contacts.values()) {
      if (nowMs < contact.quietUntilMs || !isFree(contact)) continue
      const difference = contact.lastContact - (best[0]?.lastContact ?? Number.POSITIVE_INFINITY)
      if (difference < 0) best = [contact]
      else if (difference === 0) best.push(contact)
    }
    return best.length === 0 ? undefined : best[pick(best.length)]
  }

  #touch(contact: Contact): void {
    this.#contactCount += 1
    contact.lastContact = this.#contactCount
  }

  #wakeAt(nowMs: number, isUndecided: boolean): number {
    let wakeAtMs = isUndecided ? Number.POSITIVE_INFINITY : this.#nextSummaryMs
    let free = this.#options.fanOut
    let nextReadyMs = Number.POSITIVE_INFINITY
    for (const contact of this.#contacts.values()) {
      if (contact.askedAtMs === undefined) nextReadyMs = Math.min(nextReadyMs, contact.quietUntilMs)
      else {
        free -= 1
        wakeAtMs = Math.min(wakeAtMs, contact.askedAtMs + this.#options.answerTimeoutMs)
      }
    }
    if (isUndecided && free > 0) {
      wakeAtMs = Math.min(wakeAtMs, Math.max(nextReadyMs, this.#lastGossipMs + this.#options.gossipIntervalMs))
    }
    return Math.max(wakeAtMs, nowMs + 1)
  }
}
