/**
 * @module base/brand
 *
 * Nominal types over structural ones: a `Branded<number, 'EventIndex'>` is no `Branded<number, 'PeerIndex'>`.
 */

declare const brand: unique symbol

export type Branded<T, Name extends string> = T & { readonly [brand]: Name }
