// Made by build.mjs from the Rust sources of this package, after native.header.ts. Do not edit.

import type { ChangeFeed, Field, OpenedFile, Pages, StrongroomError } from './index'

/** What every call takes by name. */
export interface CallOptions {
  /** Ends the call: it is rejected with the signal's reason, and happened wholly or not at all. */
  readonly signal?: AbortSignal
}

/** What a call takes by name. */
export type Options<T> = T & CallOptions

/** A call on many answers row by row: what was made, or why that row was not. */
export type Rows<T> = (T | StrongroomError)[]

/** What somebody may do in a vault; each includes the ones before it. */
export type Role = 'read' | 'write' | 'admin'

/** What a field's value is. `concealed`, `totp`, `ssh_key` and `credit_card_number` are masked when printed. */
export type FieldType =
  | 'text'
  | 'concealed'
  | 'email'
  | 'url'
  | 'totp'
  | 'date'
  | 'month_year'
  | 'phone'
  | 'address'
  | 'ssh_key'
  | 'reference'
  | 'credit_card_number'
  | 'credit_card_type'
  | 'menu'

/** A change, told apart by `kind`. */
export type Change = ItemChange | FileChange | VaultChange | AccessChange

/** What happened. */
export type ChangeKind = Change['kind']

/** Keeps a credential; what it throws, or rejects with, stops the operation. */
export type Save = (credential: Credential) => void | Promise<void>

/** Is told the bytes done so far; what it throws ends the call. */
export type Progress = (done: number) => void

/** Bytes in memory. */
export type Bytes = Uint8Array | ArrayBuffer | DataView

/** Where a file's content comes from. A string is refused, so that a text is never taken for a path. */
export type Source =
  | Bytes
  | { readonly path: string | URL }
  | Blob
  | NodeJS.ReadableStream
  | ReadableStream<Uint8Array>
  | AsyncIterable<Bytes>
  | Iterable<Bytes>
