/**
 * @module cli/demo/ballots/printer
 *
 * Shows a run as it happens: for people, or as JSON lines.
 */

import { column, type Paint, paint } from '../../output.ts'
import { DEMO_PEERS, type DemoProposal } from './proposals-file.ts'
import type { BallotsEvent } from './run.ts'
import type { BallotsVerdict } from './verdict.ts'

const NAME_COLUMNS = 64
const HASH_DIGITS = 16

export class BallotsPrinter {
  readonly #isJson: boolean
  readonly #proposals: ReadonlyMap<string, DemoProposal>
  readonly #colour: Paint = paint(process.stdout)
  #decided = 0

  constructor(options: { readonly isJson: boolean; readonly proposals: readonly DemoProposal[] }) {
    this.#isJson = options.isJson
    this.#proposals = new Map(options.proposals.map((proposal) => [proposal.name, proposal]))
  }

  begin(file: string): void {
    if (this.#isJson) return
    const count = this.#proposals.size
    this.#line(
      `${this.#colour.bold('Ballots:')} ${DEMO_PEERS.length} peers, a process and a log each, decide ${count} proposal${count === 1 ? '' : 's'} of ${file}`,
    )
    this.#line('')
  }

  event(event: BallotsEvent): void {
    if (this.#isJson) {
      const results = event.type === 'decided' ? { results: Object.fromEntries(event.results) } : {}
      this.#line(JSON.stringify({ ...event, ...results }))
      return
    }
    const { dim, red, green, bold } = this.#colour
    switch (event.type) {
      case 'started':
        this.#line(
          dim(`  ${column(event.peer, 6)} process ${event.pid}, identity ${event.identity.slice(0, HASH_DIGITS)}…`),
        )
        return
      case 'killed':
        this.#line(
          red(
            `  ${bold(event.peer)} is killed (SIGKILL, process ${event.pid}) with ${event.decided} decided; the others go on`,
          ),
        )
        return
      case 'rebuilt':
        this.#line(
          green(
            `  ${bold(event.peer)} is back (process ${event.pid}): ${event.facts} facts replayed in ${event.elapsedMs.toFixed(0)} ms, state ${event.stateHash.slice(0, HASH_DIGITS)}`,
          ),
        )
        return
      case 'decided':
        this.#decision(event.name, event.results)
    }
  }

  verdict(verdict: BallotsVerdict, folder: string | undefined): void {
    if (this.#isJson) {
      this.#line(JSON.stringify({ type: 'verdict', ...verdict }))
      return
    }
    const { bold, green, red } = this.#colour
    const mark = (isEqual: boolean): string => (isEqual ? green('equal') : red('DIFFERENT'))
    this.#line('')
    this.#line(
      `  ${column('peer', 7)}${column('facts', 7)}${column('decisions', HASH_DIGITS + 2)}${column('state', HASH_DIGITS + 2)}rebuilt from its log alone`,
    )
    for (const peer of verdict.peers) {
      const { decisionsHash, stateHash, rebuiltHash, facts } = peer
      this.#line(
        `  ${column(peer.peer, 7)}${column(String(facts), 7)}${column(decisionsHash.slice(0, HASH_DIGITS), HASH_DIGITS + 2)}${column(stateHash.slice(0, HASH_DIGITS), HASH_DIGITS + 2)}${rebuiltHash.slice(0, HASH_DIGITS)}  ${mark(rebuiltHash === stateHash)}`,
      )
    }
    this.#line('')
    const { yes, no, failed } = verdict.counts
    this.#line(
      `  ${verdict.decisions} decisions (${yes} yes, ${no} no, ${failed} failed); decisions of all peers ${mark(verdict.sameDecisions)}; states rebuilt ${mark(verdict.sameStates)}`,
    )
    if (folder !== undefined) this.#line(`  the logs are in ${folder}`)
    this.#line(verdict.agreed ? bold(green('All peers agree.')) : bold(red('The peers DISAGREE.')))
  }

  #decision(name: string, results: ReadonlyMap<string, boolean | null>): void {
    const { green, yellow, red, dim } = this.#colour
    this.#decided += 1
    const distinct = new Set(results.values())
    const result = [...distinct][0]
    const word =
      distinct.size > 1
        ? red('SPLIT ')
        : result === true
          ? green('YES   ')
          : result === false
            ? yellow('NO    ')
            : red('FAILED')
    const proposal = this.#proposals.get(name)
    const votes = DEMO_PEERS.map((peer) => (proposal?.votes[peer] === true ? '+' : '-')).join('')
    const progress = dim(
      `${String(this.#decided).padStart(String(this.#proposals.size).length)}/${this.#proposals.size}`,
    )
    this.#line(
      `  ${progress}  ${word}  ${column(name, NAME_COLUMNS)} ${dim(`votes ${votes}, seen by ${results.size}`)}`,
    )
  }

  #line(text: string): void {
    process.stdout.write(`${text}\n`)
  }
}
