/**
 * @module machines
 *
 * The lifecycles of witan as XState machines. They follow facts; all truth is in core.
 */

export * from './member.machine.ts'
export * from './peer.machine.ts'
export * from './session.machine.ts'
