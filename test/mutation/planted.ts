/**
 * Bugs planted by hand, one for each rule that is easy to get wrong. Each must be caught by the fast tests of `probe.ts`.
 */

export interface Mutation {
  readonly name: string
  /** Below the root of the project. */
  readonly file: string
  /** Must occur exactly once. */
  readonly from: string
  readonly to: string
}

const PARSEC = 'src/core/parsec/'

const plant = (name: string, file: string, from: string, to: string): Mutation => ({
  name,
  file: PARSEC + file,
  from,
  to,
})

export const PLANTED: readonly Mutation[] = [
  plant('majority: >= for >', 'election/voters.ts', 'return 3 * count > 2 * of', 'return 3 * count >= 2 * of'),
  plant('a third: > for >=', 'election/voters.ts', 'return 3 * count >= of', 'return 3 * count > of'),
  plant(
    'wrong tie-break by hash',
    'state.ts',
    'if (byHash !== 0 || a === b) return byHash',
    'if (byHash !== 0 || a === b) return -byHash',
  ),
  plant('count ascending in (e)', 'election/decision.ts', 'b.count - a.count', 'a.count - b.count'),
  plant('coin never used', 'election/agreement.ts', 'if (coin === null) continue', 'continue'),
  plant(
    'coin of the round before',
    'election/agreement.ts',
    'round: stage / STEPS, at: x',
    'round: stage / STEPS - 1, at: x',
  ),
  plant(
    'restart at the end of the graph',
    'election/election.ts',
    'const start = undecided === NONE ? this.#graph.size : undecided',
    'const start = Math.max(undecided, this.#graph.size)',
  ),
  plant('decided keys not stripped', 'election/election.ts', 'this.#interesting.strip()', ''),
  plant(
    'voters changed only on removal',
    'election/election.ts',
    'const changed = voters !== this.#voters',
    'const changed = voters.count < this.#voters.count',
  ),
  plant(
    'own index maximised instead of set',
    'graph/last-rows.ts',
    'rows[at + creator] = index',
    'rows[at + creator] = Math.max(index, rows[at + creator] as number)',
  ),
  plant(
    'fork members ignored in descends',
    'graph/graph.ts',
    'return this.#forkSets[creator]?.has(index) === true ? this.isAncestor(x, y) : true',
    'return true',
  ),
  plant(
    'known forks ignored in sees',
    'graph/graph.ts',
    'return this.descends(x, y) && !this.knowsFork(x, this.#creator.at(y))',
    'return this.descends(x, y)',
  ),
  plant(
    'observer ancestor ignored',
    'election/election.ts',
    'if (parent >= this.#base && this.#agreement.has(parent)) {',
    'if (parent >= this.#base && this.#agreement.has(parent) && this.#observers.observees(x) === null) {',
  ),
  plant(
    'firsts by creator instead of by branch',
    'election/observers.ts',
    'if (!this.#rules.stronger || !this.#isForkerSeat(seat)) return events.slice(0, 1)',
    'return events.slice(0, 1)',
  ),
  plant(
    'interesting order by id instead of own votes',
    'election/interesting.ts',
    '(a.own === b.own ? this.#rules.compareKeys(a.key, b.key) : a.own - b.own)',
    'this.#rules.compareKeys(a.key, b.key)',
  ),
]
