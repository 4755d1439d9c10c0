/**
 * @module cli/demo/order/printer
 *
 * Shows the ordering as it happens: for people, or as JSON lines.
 */

import { column, type Paint, paint } from '../../output.ts'
import type { Payment } from './ledger.ts'
import type { OrderEvent } from './run.ts'
import type { OrderVerdict } from './verdict.ts'

const HASH_DIGITS = 16
const euros = (cents: number): string => (cents / 100).toFixed(2)

export class OrderPrinter {
  readonly #isJson: boolean
  readonly #colour: Paint = paint(process.stdout)

  constructor(isJson: boolean) {
    this.#isJson = isJson
  }

  begin(): void {
    if (!this.#isJson)
      this.#line(
        `\n${this.#colour.bold('Order:')} four peers, a process, a log and a TCP port each, agree on one order of payments\n`,
      )
  }

  event(event: OrderEvent): void {
    if (this.#isJson) {
      this.#line(JSON.stringify(event))
      return
    }
    const { dim, red, green, bold } = this.#colour
    switch (event.type) {
      case 'started':
        this.#line(dim(`  ${column(event.peer, 6)} process ${event.pid}, identity ${event.id.slice(0, HASH_DIGITS)}…`))
        return
      case 'step':
        this.#line(`  ${bold(event.text)}`)
        return
      case 'ordered':
        this.#line(`    ${dim(`#${event.position}`.padStart(4))}  ${this.#payment(event.payment, event.isHonoured)}`)
        return
      case 'killed':
        this.#line(
          red(
            `  ${bold(event.peer)} is killed (SIGKILL, process ${event.pid}) just after he was told to pay; the others go on`,
          ),
        )
        return
      case 'rebuilt':
        this.#line(
          green(
            `  ${bold(event.peer)} is back (process ${event.pid}): ${event.facts} facts replayed, ${event.blocks} blocks derived again, in ${event.elapsedMs.toFixed(0)} ms`,
          ),
        )
    }
  }

  verdict(verdict: OrderVerdict, folder: string | undefined): void {
    if (this.#isJson) {
      this.#line(JSON.stringify({ type: 'orderVerdict', ...verdict }))
      return
    }
    const { bold, green, red } = this.#colour
    this.#line('')
    this.#line(
      `  ${column('peer', 7)}${column('facts', 7)}${column('blocks', 8)}${column('order', HASH_DIGITS + 2)}balances    (all derived again from the logs)`,
    )
    for (const { peer, facts, blocks, orderHash, ledgerHash } of verdict.peers) {
      const note = peer === 'eve' ? '  left before the end' : ''
      this.#line(
        `  ${column(peer, 7)}${column(String(facts), 7)}${column(String(blocks), 8)}${column(orderHash.slice(0, HASH_DIGITS), HASH_DIGITS + 2)}${ledgerHash.slice(0, HASH_DIGITS)}${note}`,
      )
    }
    this.#line('')
    if (folder !== undefined) this.#line(`  the logs are in ${folder}`)
    this.#line(
      verdict.agreed
        ? bold(green(`One order of ${verdict.payments} payments on every peer, and every block follows from its log.`))
        : bold(red('The orders DIFFER.')),
    )
  }

  #payment({ from, to, cents, memo }: Payment, isHonoured: boolean): string {
    const { green, yellow, dim } = this.#colour
    const word = isHonoured ? green('paid   ') : yellow('refused')
    return `${word} ${column(from, 6)} ${column(to, 6)} ${euros(cents).padStart(8)} EUR  ${dim(memo)}`
  }

  #line(text: string): void {
    process.stdout.write(`${text}\n`)
  }
}
