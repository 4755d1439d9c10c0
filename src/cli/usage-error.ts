/**
 * @module cli/usage-error
 *
 * What the person at the keyboard can mend: printed without a stack, exit code 2.
 */

import { WitanError } from '../base/errors.ts'

export class UsageError extends WitanError<{ readonly code: 'Usage' }> {
  constructor(message: string) {
    super({ code: 'Usage' }, message)
  }
}
