/** What a process that is killed and the test that judges it must agree upon. */

export const SCOPE = 'treasury'
export const SELF = 'self'
export const KEEP_ALL = 1_000_000
