/**
 * @module core/parsec/malice/kinds/unprovable
 *
 * Unprovable: a reason that no third party can check, as spam (parsec §9). There is no evidence: each peer accuses by its
 * own budgets (`budget.ts`), nobody joins, and nobody can call it false. A supermajority of voters must have suffered.
 */

import type { Malice } from '../../../../wire/canonical/types.ts'

export const UNPROVABLE: Malice = { type: 'Unprovable' }
