/**
 * @module testing/conformance/ballots
 *
 * Runners of what the crate `hashgraph-like-consensus` 0.6.0 did, one for each kind of file.
 */

import type { Runner } from '../verdict.ts'
import { configRunner } from './config.ts'
import { encodingRunner } from './encoding.ts'
import { signaturesRunner } from './signatures.ts'
import { storiesRunner } from './stories.ts'
import { tallyRunner } from './tally.ts'
import { validationRunner } from './validation.ts'

export const ballotRunners: readonly Runner[] = [
  encodingRunner,
  signaturesRunner,
  tallyRunner,
  validationRunner,
  configRunner,
  storiesRunner,
]
