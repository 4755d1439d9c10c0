/**
 * @module machines
 *
 * The lifecycles of witan as XState machines. They follow facts; all truth is in core.
 */

export * from './session.machine.ts'
