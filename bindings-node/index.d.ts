// The part of the types that is written by hand: what JavaScript adds to the native part, which native.d.ts describes.

import type { Readable } from 'node:stream'
import type {
  AcceptOptions,
  CallOptions,
  Change,
  ChangeKind,
  Client,
  ConnectOptions,
  Credential,
  FieldType,
  File,
  GetVault,
  InitOptions,
  Options,
  Vault
} from './native'

export * from './native'
/** The version of this package. */
export { version } from './native'

/**
 * Makes an account in a new database, and its owner, and answers the owner's Credential with the recovery code.
 *
 * `location`: such as `classroom.db` or `memory:`; `$STRONGROOM_LOCATION` by default.
 *
 * @throws {AlreadyExists} if there is an account already.
 */
export function init(location: string, options: Options<InitOptions>): Promise<Credential>
export function init(options: Options<InitOptions>): Promise<Credential>

/**
 * Connects to an account as the principal of a token.
 *
 * `location`: such as `classroom.db`; `$STRONGROOM_LOCATION` by default. `token`: `$STRONGROOM_TOKEN` by default.
 */
export function connect(location?: string, token?: string, options?: Options<ConnectOptions>): Promise<Client>
export function connect(options: Options<ConnectOptions>): Promise<Client>

/** Makes the keys of an invited user, and answers its Credential. */
export function accept(location: string, code: string, options?: Options<AcceptOptions>): Promise<Credential>

/** Forgets a `memory:` database; clients that have it open keep it until they close. */
export function drop(location: string): void

/** Secrets without a client. */
export const secrets: {
  /** Refuses what is not a reference with `InvalidArgument`; reads nothing. */
  validate(reference: string): void
  /** Makes a password, a passphrase or a PIN. Not in this version: `Unsupported`. */
  generate(...args: unknown[]): never
}

/** A field of an item. (section, label) is unique in an item. Its value is masked wherever it is printed, if its type says so. */
export class Field {
  /** `label`: 1 to 1,024 bytes. `value`: at most 1 MiB. `type`: `text` by default. `section`: the item itself by default. */
  constructor(label: string, value: string, options?: { type?: FieldType; section?: string })
  /** Its name. */
  readonly label: string
  /** What the value is. */
  readonly type: FieldType
  /** The section it stands in; the item itself if it is absent. */
  readonly section?: string
  /** Its value, in plain. */
  get value(): string
}

/** An item in plain. What you do with it is no longer masked. */
export interface RevealedItem extends Omit<import('./native').Item, 'fields' | 'tags' | 'urls' | 'files' | 'field' | 'reveal'> {
  readonly fields: { label: string; value: string; type: FieldType; section?: string }[]
  readonly tags: string[]
  readonly urls: string[]
  readonly files: File[]
}

declare module './native' {
  interface Client {
    [Symbol.asyncDispose](): Promise<void>
  }

  interface Account {
    /** Makes somebody else the owner. */
    transfer(to: string, options?: CallOptions): Promise<void>
  }

  interface Vaults {
    /** Answers the vault that `creator` made under this `externalId`. */
    get(options: Options<GetVault>): Promise<Vault>
  }

  interface Item {
    /** The field of this label in this section, the item itself by default. */
    field(label: string, options?: { section?: string }): Field | undefined
    /** All of it as a plain object, concealed values in plain too. */
    reveal(): RevealedItem
  }
}

/** One page of a list, oldest first. `for await` over it goes on through all pages after it. */
export interface Page<T> extends AsyncIterable<T> {
  /** The rows of this page. */
  readonly data: readonly T[]
  /** Where the next page begins; opaque. The change feed has one at its end too. */
  readonly cursor?: string
  /** Whether there are rows after this page. */
  readonly hasMore: boolean
}

/** A list to come: `await` it for its first page, or `for await` over it through all of them. */
export interface Pages<T> extends PromiseLike<Page<T>>, AsyncIterable<T> {
  catch<R = never>(onRejected?: ((reason: unknown) => R | PromiseLike<R>) | null): Promise<Page<T> | R>
  finally(onFinally?: (() => void) | null): Promise<Page<T>>
}

/** Changes as they come, each once and in order, until `close()` or the signal, which both end `for await` without an error. */
export interface ChangeFeed extends AsyncIterableIterator<Change> {
  /** Continues after the last change handed out; absent before the first, when watching from the start. */
  readonly cursor?: string
  /** Ends the feed at once: whoever waits for a change comes to the end. */
  close(): void
  next(): Promise<IteratorResult<Change, undefined>>
  [Symbol.asyncIterator](): ChangeFeed
  [Symbol.asyncDispose](): Promise<void>
}

/** A file opened for reading at any place. Only the pieces that are touched are fetched and checked. */
export interface OpenedFile extends AsyncIterable<Buffer> {
  /** The file that is read. */
  readonly file: File
  /** The bytes from `offset` on: `length` of them, fewer only at the end. */
  readAt(offset: number, length: number, options?: CallOptions): Promise<Buffer>
  /** The bytes from `start` up to and without `end`; the whole file by default. `Readable.toWeb` makes a web stream of it. */
  stream(options?: { start?: number; end?: number; signal?: AbortSignal }): Readable
  /** Ends reading. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

interface ErrorOptions {
  operation?: string
  cause?: unknown
}

/** The codes of errors, the same in every language. */
export type ErrorCode =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'policy_violation'
  | 'not_found'
  | 'already_exists'
  | 'conflict'
  | 'rate_limited'
  | 'tampered'
  | 'unavailable'
  | 'deadline_exceeded'
  | 'unsupported'

/** The base of all that Strongroom throws. Catch it last. */
export class StrongroomError extends Error {
  constructor(message?: string, options?: ErrorOptions)
  /** The kind in snake_case, the same in every language. */
  readonly code: ErrorCode | ''
  /** The call that failed, such as `vaults.create`; empty outside one. */
  readonly operation: string
  static readonly code: ErrorCode | ''
}

/** An argument is malformed, out of range or of the wrong type. Nothing was done, nothing was read. */
export class InvalidArgument extends StrongroomError {
  readonly code: 'invalid_argument'
}

/** The token is unknown, expired, revoked or not of this account. */
export class Unauthenticated extends StrongroomError {
  readonly code: 'unauthenticated'
}

/** The caller's role is too low for the call. */
export class PermissionDenied extends StrongroomError {
  readonly code: 'permission_denied' | 'policy_violation'
}

/** The account's policy forbids it, whoever calls. */
export class PolicyViolation extends PermissionDenied {
  readonly code: 'policy_violation'
}

/** There is no such thing, or the caller may not know that there is. */
export class NotFound extends StrongroomError {
  readonly code: 'not_found'
}

/** A thing of that name exists already. */
export class AlreadyExists extends StrongroomError {
  constructor(message?: string, options?: ErrorOptions & { id?: string })
  readonly code: 'already_exists'
  /** The id of the thing that exists, where the caller may know it. */
  readonly id?: string
}

/** The thing changed in the meantime, or its state forbids the call. */
export class Conflict extends StrongroomError {
  readonly code: 'conflict'
}

/** Too many calls. */
export class RateLimited extends StrongroomError {
  constructor(message?: string, options?: ErrorOptions & { retryAfter?: number })
  readonly code: 'rate_limited'
  /** Seconds to wait before another try. */
  readonly retryAfter?: number
}

/** Stored or received data was changed, forged or rolled back. Nothing of it was used. */
export class Tampered extends StrongroomError {
  readonly code: 'tampered'
}

/** The store can't be reached or used now. Retried before it is thrown. */
export class Unavailable extends StrongroomError {
  readonly code: 'unavailable' | 'deadline_exceeded'
}

/** The call made no progress within its timeout. */
export class DeadlineExceeded extends Unavailable {
  readonly code: 'deadline_exceeded'
}

/** This backend, or this version, can't do it; the message says what to use instead. */
export class Unsupported extends StrongroomError {
  readonly code: 'unsupported'
}
