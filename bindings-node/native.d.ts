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

/** Grants of the vaults the caller may see. */
export declare class Access {
  /**
   * Gives somebody a role in a vault, or another role than they had. Needs `admin`.
   *
   * `who`: an e-mail or id. Granting what is there already succeeds and logs nothing. A grant opens the vault's whole past.
   */
  grant(vault: string, who: string, role: Role, options?: Options<GrantAccess>): Promise<Grant>
  /**
   * Makes many grants, at most 10,000. Answers an array in order: a Grant, or the error of a row that could not be made.
   *
   * Up to 500 rows are one commit; a smaller role takes one of its own, since the vault moves to a new key.
   */
  grantMany(grants: NewGrant[], options?: CallOptions): Promise<Rows<Grant>>
  /**
   * Puts somebody out of a vault, and moves the vault to a new key. Needs `admin`.
   *
   * What they could read before, they may have kept. Revoking who is not in succeeds and logs nothing.
   *
   * @throws {Conflict} for a vault's last administrator while no recovery key is there.
   */
  revoke(vault: string, who: string, options?: CallOptions): Promise<void>
  /** Answers who is in the vault, or was `at` an instant. */
  list(vault: string, options?: Options<ListAccess>): Pages<Grant>
  /** Answers every grant of the vaults the caller administers, or that the recovery code may rescue, vault by vault. */
  matrix(options?: CallOptions): Pages<Grant>
  /**
   * Renews the grants of somebody whose keys were reissued, moves those vaults to new keys, and answers how many.
   *
   * Make sure first that the new keys are theirs. A grant keeps its role and its end.
   */
  approve(principal: string, options?: Options<ApproveAccess>): Promise<number>
}

/** The audit, as far as the caller may see it. */
export declare class Audit {
  /** Answers events, oldest first: one's own, all of a vault one administers, everything with `canReadAudit` or as owner. */
  list(options?: Options<ListAudit>): Pages<AuditEvent>
  /**
   * Replays every log, tree and signature, checks the tables against them, and answers what it found whole.
   *
   * Needs to see the whole audit.
   *
   * @throws {Tampered} which names the first place that does not hold, and why.
   */
  verify(options?: Options<VerifyAudit>): Promise<AuditProof>
  /** Answers a signed note of the newest tree, to keep elsewhere. */
  checkpoint(options?: CallOptions): Promise<string>
  /** Writes the audit to a file. */
  export(path: string, options?: Options<ExportAudit>): Promise<void>
}

/** The change feed of the vaults the caller may see. */
export declare class Changes {
  /** Answers the feed's end. Take it before a first scan, and watch from it afterwards. */
  cursor(options?: CallOptions): Promise<string>
  /** Answers a page of changes, oldest first. */
  list(options?: Options<ListChanges>): Pages<Change>
  /** Follows the feed: changes as they come, each once and in order, until the feed is closed or `signal` ends it. Never awaited. */
  watch(options?: Options<WatchChanges>): ChangeFeed
  /** Makes or continues a durable position in the feed, the caller's own, at least once. Never awaited. */
  consumer(name: string, options?: Options<ConsumeChanges>): ChangeFeed
}

/**
 * A connection to one account as one principal, made by `connect`. One per process is enough.
 *
 * `await using` closes it.
 */
export declare class Client {
  /**
   * Makes new keys for the caller and answers their token; the old one is refused from then on.
   *
   * The caller's grants stay, and its vaults are due for new keys: see `vaults.rekey`. This client goes on with the
   * new keys; calls on it that run meanwhile may be refused as `Unauthenticated`. Whatever happens afterwards, one of the
   * two tokens works.
   *
   * @throws {Unavailable} if it is not known whether the change was committed: connect with the new token, or else
   * the old one.
   */
  rotateToken(options?: Options<RotateToken>): Promise<string>
  /** Answers what is left of each rate and size limit. */
  limits(options?: CallOptions): Promise<void>
  /** Wipes the keys. Every later call on this client and its copies is refused. */
  close(options?: CallOptions): Promise<void>
  /** Who the token is for, as of the last call that looked. */
  get me(): Principal
  /** The account. */
  get account(): Account
  /** A cheap copy with other limits; what is left out stays. Never awaited. */
  withOptions(limits: Limits): Client
  /** Making, naming, finding and deleting vaults. */
  get vaults(): Vaults
  /** Who may do what in which vault. */
  get access(): Access
  /** People. */
  get users(): Users
  /** Programs. */
  get serviceAccounts(): ServiceAccounts
  /** What is kept in vaults. */
  get items(): Items
  /** Files of items. */
  get files(): Files
  /** What is new. */
  get changes(): Changes
  /** Secrets by reference. */
  get secrets(): Secrets
  /** Who did what, and the proof. */
  get audit(): Audit
  /** Groups of users and service accounts. */
  get groups(): Groups
  /** Many vaults and grants from a plan. */
  get provisioning(): Provisioning
  /** What the account allows at most. */
  get policy(): Policies
}

/** Files of the vaults the caller is in. */
export declare class Files {
  /**
   * Seals a file and attaches it to an item, which thereby has a new version. Needs `write`.
   *
   * `name`: 1 to 1,024 bytes, no path. `source`: bytes, `{ path }`, a stream or an (async) iterable of bytes; a string is
   * refused, so that a text is never taken for a path. It is read once, a few MiB ahead of what is stored; the file of a
   * path must stay as it is meanwhile. What fails or is cancelled leaves nothing.
   */
  attach(vault: string, item: string, name: string, source: Source, options?: Options<AttachFile>): Promise<File>
  /** Answers the whole content, checked. */
  read(vault: string, item: string, file: string, options?: CallOptions): Promise<Buffer>
  /**
   * Writes the content to a path, which appears whole or not at all.
   *
   * It is a new file that only its owner may read (mode 0600); a file or a link that is there is replaced, not written to.
   */
  download(vault: string, item: string, file: string, options: Options<DownloadFile>): Promise<void>
  /** Opens the content for reading at any place. Only the pieces that are touched are fetched and checked. */
  open(vault: string, item: string, file: string, options?: CallOptions): Promise<OpenedFile>
  /** Takes a file off an item; its content is erased. Needs `write`. */
  detach(vault: string, item: string, file: string, options?: CallOptions): Promise<void>
}

/** Groups of users and service accounts. */
export declare class Groups {
  /** Makes a group. */
  create(name: string, options?: CallOptions): Promise<void>
  /** Answers groups, oldest first. */
  list(options?: CallOptions): Promise<void>
  /** Answers the group of this id. */
  get(id: string, options?: CallOptions): Promise<void>
  /** Lets somebody into a group. */
  add(group: string, member: string, options?: CallOptions): Promise<void>
  /** Puts somebody out of a group. */
  remove(group: string, member: string, options?: CallOptions): Promise<void>
  /** Deletes a group. */
  delete(id: string, options?: CallOptions): Promise<void>
}

/** Items of the vaults the caller is in. */
export declare class Items {
  /** Makes an item with its fields and files, in one operation. Needs `write`. */
  create(vault: string, options: Options<NewItem>): Promise<Item>
  /**
   * Makes many items of one vault in one commit, at most 1,000. Needs `write`.
   *
   * Answers an array in order: an Item, or the error of a row that could not be made.
   */
  createMany(vault: string, items: NewItem[], options?: CallOptions): Promise<Rows<Item>>
  /** Answers the item at its newest version, or at the one asked for. */
  get(vault: string, item: string, options?: Options<GetItem>): Promise<Item>
  /** Answers several items of one vault, at most 1,000: an array in order, an error per row that could not be read. */
  getMany(vault: string, items: string[], options?: CallOptions): Promise<Rows<Item>>
  /** Answers every version of the item, oldest first. */
  history(vault: string, item: string, options?: CallOptions): Pages<Item>
  /** Answers the items of a vault without their contents, oldest first. */
  list(vault: string, options?: Options<ListItems>): Pages<ItemSummary>
  /** Changes an item and answers its new version; what is left out stays. Needs `write`. */
  update(vault: string, item: string, options?: Options<UpdateItem>): Promise<Item>
  /** Moves an item into the archive. Needs `write`. Archiving what is archived changes nothing. */
  archive(vault: string, item: string, options?: CallOptions): Promise<Item>
  /** Brings an item back from the archive. Needs `write`. Restoring what is not archived changes nothing. */
  restore(vault: string, item: string, options?: CallOptions): Promise<Item>
  /** Deletes an item, its history and its files for ever. Needs `admin`. */
  delete(vault: string, item: string, options?: CallOptions): Promise<void>
}

/** The account's policy. */
export declare class Policies {
  /** Answers the policy in force. */
  get(options?: CallOptions): Promise<void>
  /** Answers what a policy would forbid that is there now. */
  preview(policy: Policy, options?: CallOptions): Promise<void>
  /** Puts a policy in force. */
  set(policy: Policy, options?: Options<SetPolicy>): Promise<void>
}

/** Many vaults and grants from a plan that can be read, kept and repeated. */
export declare class Provisioning {
  /** Compares what should be with what is, and changes nothing. */
  plan(specs: VaultSpec[], options?: Options<PlanOptions>): Promise<void>
  /** Reads a plan that was saved. */
  load(path: string, options?: CallOptions): Promise<void>
}

/** Secrets by reference: `op://vault/item/field`, or `op://vault/item/section/field`, by name or by id. */
export declare class Secrets {
  /**
   * Answers the value that the reference names: a field's value, or a file's content as text.
   *
   * With `?attribute=otp`, of a field of the type `totp`: the one-time password of this moment. With `?ssh-format=openssh`, of
   * a field of the type `ssh_key`: an Ed25519 or RSA private key in OpenSSH's form, from PEM as PKCS #8 or PKCS #1.
   *
   * @throws {Conflict} where a name fits more than one vault, item or field: use the id.
   */
  resolve(reference: string, options?: CallOptions): Promise<string>
  /** Answers each reference's value: an array in order, an error per reference that has none. */
  resolveMany(references: string[], options?: CallOptions): Promise<Rows<string>>
}

/** Service accounts of the account, as far as the caller may see them. */
export declare class ServiceAccounts {
  /**
   * Makes a service account and its token. Needs `canManageUsers`, and every right that it is given.
   *
   * `name`: 1 to 256 bytes. The token is answered once: a repeat of an `idempotencyKey` is refused as `AlreadyExists` with
   * the id of what the first call made, and as `InvalidArgument` if the arguments are others; `vaults` are not compared, and
   * not granted again.
   */
  create(name: string, options?: Options<NewServiceAccount>): Promise<Credential>
  /** Answers the service account of this id. */
  get(id: string, options?: CallOptions): Promise<Principal>
  /** Answers service accounts, oldest first. */
  list(options?: CallOptions): Pages<Principal>
  /**
   * Changes what a service account is called, what it may do and until when; what is left out stays.
   *
   * Needs `canManageUsers`, every right that it has, and every right that it is given.
   */
  update(id: string, options?: Options<ServiceAccountUpdate>): Promise<Principal>
  /** Ends a service account for good: its token is refused from now on. Needs `canManageUsers`. */
  revoke(id: string, options?: CallOptions): Promise<void>
  /**
   * Gives a service account new keys after a loss: the same principal, another token, the old one dead at once.
   *
   * Needs `canManageUsers` and every right that it has. With the new keys it has no right and no vault: an
   * administrator of each vault, or the recovery code, lets it in again with `access.approve`, and `update` gives its
   * rights back.
   */
  reissue(id: string, options?: Options<Reissue>): Promise<Credential>
}

/** Users of the account, as far as the caller may see them. */
export declare class Users {
  /** Makes a one-time code with which a user makes its own keys. */
  invite(email: string, options?: Options<InviteUser>): Promise<Credential>
  /**
   * Makes a user and its keys, to hand over. Needs `canManageUsers`.
   *
   * The token is answered once: a repeat of an `idempotencyKey` is refused as `AlreadyExists` with the id of whom the first
   * call made, and as `InvalidArgument` if the arguments are others.
   */
  create(email: string, options?: Options<CreateUser>): Promise<Credential>
  /**
   * Makes many users in one commit, at most 10,000.
   *
   * Answers an array in order: a Credential, or the error of a row that could not be made.
   */
  createMany(users: NewUser[], options?: Options<CreateUsers>): Promise<Rows<Credential>>
  /**
   * Answers the user of this id or e-mail address.
   *
   * Without `canManageUsers`, only oneself and people one shares a vault with; others are `NotFound`.
   */
  get(who: string, options?: CallOptions): Promise<Principal>
  /** Answers users, oldest first. Without `canManageUsers`: oneself and people one shares a vault with. */
  list(options?: CallOptions): Pages<Principal>
  /**
   * Stops a user: every call of theirs is refused as `Unauthenticated` until `reactivate`. Needs `canManageUsers`.
   *
   * Their vaults are due for new keys. `Conflict` for the owner; `PermissionDenied` for somebody with a right that the
   * caller lacks.
   */
  suspend(who: string, options?: CallOptions): Promise<Principal>
  /**
   * Lets a suspended user in again, with the token and the grants that they had. Needs `canManageUsers`.
   *
   * Where a vault has moved to a new key meanwhile, they wait until a member of it has looked at the vault.
   */
  reactivate(who: string, options?: CallOptions): Promise<Principal>
  /**
   * Gives a user new keys after a loss: the same principal, another token, the old one dead at once.
   *
   * Needs `canManageUsers`. The new keys open no vault until an administrator of it, or the recovery code, has named them
   * with `access.approve`; a grant by e-mail says so. `PermissionDenied` for the owner, and for somebody with a right that
   * the caller lacks.
   */
  reissue(who: string, options?: Options<Reissue>): Promise<Credential>
  /**
   * Ends a user for good, out of every vault; those are due for new keys. Needs `canManageUsers`.
   *
   * `Conflict` for the owner, and where a vault would be left without an administrator and does not name the recovery
   * key; with a successor also where the caller is no administrator and nobody else is one.
   */
  delete(who: string, options?: Options<DeleteUser>): Promise<void>
}

/** Vaults of the account, as far as the caller may see them. */
export declare class Vaults {
  /**
   * Makes a vault and lets its first members in, in one operation.
   *
   * `name`: 1 to 1,024 bytes. `AlreadyExists` with the id if the caller has a vault of this `externalId`; `NotFound` for an
   * unknown member; `PermissionDenied` without `canCreateVaults`.
   */
  create(name: string, options?: Options<CreateVault>): Promise<Vault>
  /**
   * Makes many vaults in one commit, at most 10,000.
   *
   * Answers an array in order: a Vault, or the error of a row that could not be made.
   */
  createMany(specs: VaultSpec[], options?: CallOptions): Promise<Rows<Vault>>
  /**
   * Answers the vault of this id, or the one that `creator` made under this `externalId`.
   *
   * @throws {NotFound} if there is none that the caller may see.
   */
  get(id?: string, options?: Options<GetVault>): Promise<Vault>
  /** Answers all vaults the caller may see, oldest first. */
  list(options?: CallOptions): Pages<Vault>
  /** Changes the name, the description or both; what is left out stays. Needs `admin`. */
  update(id: string, options?: Options<VaultUpdate>): Promise<Vault>
  /** Deletes the vault and all in it for ever; its log stays. Needs `admin`. */
  delete(id: string, options?: CallOptions): Promise<void>
  /**
   * Moves these vaults to a new key, or all that are due and the caller administers, and answers how many.
   *
   * Many vaults are one commit. What was done when a call is interrupted stays done; a repeat goes on with the rest.
   * Members whose time is over, and who were deleted, are put out.
   */
  rekey(options?: Options<RekeyVaults>): Promise<number>
}

/** What `accept` takes by name. */
export interface AcceptOptions {
  /** Called with the credential before anything is committed; what it throws stops the operation. */
  readonly save?: Save
}

/** A change of somebody's access. */
export interface AccessChange {
  /** What happened. */
  readonly kind: 'access.granted' | 'access.revoked'
  /** The vault's id. */
  readonly vaultId: string
  /** Who did it. */
  readonly actor: Actor
  /** When the store took it. */
  readonly at: Date
  /** Continues after this change; opaque, never expires. */
  readonly cursor: string
  /** Whose access; without a profile where the caller may not see it. */
  readonly principal: Principal
  /** The role they have now; left out when they were put out. */
  readonly role?: Role
  /** Until when. */
  readonly expiresAt?: Date
}

/** The account a client is connected to. */
export interface Account {
  /** `acc_…`. */
  readonly id: string
  /** Who owns it: a principal's id. */
  readonly owner: string
  /** `sqlite`, `memory`, … */
  readonly backend: string
  /** What this backend can do. */
  readonly capabilities: Capabilities
}

/** Who did something. */
export interface Actor {
  /** A principal's id. */
  readonly id: string
  /** What it is. */
  readonly kind: 'user' | 'service_account' | 'recovery'
  /** The display name; empty when the person was forgotten. */
  readonly name: string
}

/** What `access.approve` takes by name. */
export interface ApproveAccess {
  /** Ids; all that the caller administers by default, or with the recovery code all that name it. */
  readonly vaults?: string[]
}

/** What `files.attach` takes by name. */
export interface AttachFile {
  /** Its media type; `application/octet-stream` by default. */
  readonly contentType?: string
  /** The id of the file whose place it takes in the same operation. */
  readonly replace?: string
  /** Called with the bytes done so far, after each MiB. */
  readonly progress?: Progress
  /** Makes a repeat answer what the first call did. */
  readonly idempotencyKey?: string
}

/** One action of somebody. */
export interface AuditEvent {
  /** Its place in the feed. */
  readonly seq: number
  /** When the store took it. */
  readonly at: Date
  /** Who did it. */
  readonly actor: Actor
  /** Which generation of the actor's keys signed. */
  readonly generation: number
  /** What was done, dotted: `item.created`, `access.granted`, `user.created`, … */
  readonly action: string
  /** What else the log says in plain: a role, a version. */
  readonly detail: string
  /** The hash of the log entry, in base32. */
  readonly hash: string
  /** `signed`: the actor's own signature; `observed`: the engine's word, as for reads and refusals. */
  readonly evidence: 'signed' | 'observed'
  /** The program, as `app` of `connect` named it. */
  readonly app?: string
  /** The session it came from. */
  readonly session?: string
  /** The id of the vault it was done in. */
  readonly vaultId?: string
  /** The id of the item, file, principal or group it was done to. */
  readonly targetId?: string
}

/** What a verification found whole. */
export interface AuditProof {
  /** How many entries of logs and chains of reads were replayed. */
  readonly events: number
  /** The leaves of the feed's tree. */
  readonly treeSize: number
  /** Its root, in base32. */
  readonly root: string
}

/** What a backend can do. */
export interface Capabilities {
  /** Users can be made and ended. */
  readonly users: boolean
  /** Grants are per user. */
  readonly userGrants: boolean
  /** Changes can be listed and watched. */
  readonly changes: boolean
  /** The audit can be listed and verified. */
  readonly audit: boolean
  /** Files can be attached and read. */
  readonly files: boolean
}

/** What `connect` takes by name. */
export interface ConnectOptions {
  /** A file that remembers the newest verified tree between runs; `$STRONGROOM_STATE` by default, else none. */
  readonly state?: string
  /** The program's name and version, shown in the audit. */
  readonly app?: string
  /** Milliseconds without progress after which a call is refused as `DeadlineExceeded`; 30,000 by default. */
  readonly timeoutMs?: number
  /** How often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default. */
  readonly maxRetries?: number
  /** Certificates to trust besides the system's. */
  readonly caFile?: string
  /** Allows `http:` to other machines. */
  readonly allowInsecure?: boolean
  /** Takes a database restored from a backup for the newest. */
  readonly acceptRestored?: boolean
}

/** What `changes.consumer` takes by name. */
export interface ConsumeChanges {
  /** Where a new one begins: `start`, `now` or a cursor. */
  readonly start?: string
  /** Ids; all the caller may see by default. */
  readonly vaults?: string[]
  /** Such as `file.attached`; all by default. */
  readonly kinds?: ChangeKind[]
  /** Seconds after which a change that was not acknowledged comes again. */
  readonly lease?: number
}

/** What `users.create` takes by name. */
export interface CreateUser {
  /** At most 256 bytes; the e-mail address by default. */
  readonly name?: string
  /** From when on the token is refused; never by default. */
  readonly expiresAt?: Date
  /** Called with the credential before anything is committed; what it throws stops the operation. */
  readonly save?: Save
  /** Makes a repeat answer that the first call did it. */
  readonly idempotencyKey?: string
}

/** What `users.createMany` takes by name. */
export interface CreateUsers {
  /** Called with each credential, in order, before anything is committed; what it throws stops the operation. */
  readonly save?: Save
}

/** What `vaults.create` takes by name. */
export interface CreateVault {
  /** At most 64 KiB; empty by default. */
  readonly description?: string
  /** The caller's own name for it: 1 to 256 bytes, unique among the caller's vaults, not secret. */
  readonly externalId?: string
  /** Who else gets in: from e-mail or id to role. */
  readonly access?: Record<string, Role>
  /** The caller's own role; `admin` by default. */
  readonly retain?: Role
  /** Makes a repeat answer what the first call did. */
  readonly idempotencyKey?: string
}

/** A principal and its token. The token is answered once and can't be made again from anything stored. */
export interface Credential {
  /** Signs in and opens keys; keep it like a password. Masked wherever the credential is printed. */
  readonly token: string
  /** Whom the token is for. */
  readonly principal: Principal
  /** Where the account is, as `connect` takes it. */
  readonly location: string
  /** The account's recovery code, from `init` only: print it and keep it off line. Masked like the token. */
  readonly recovery?: string
}

/** What `users.delete` takes by name. */
export interface DeleteUser {
  /** Who becomes an administrator where nobody else but the caller is one. */
  readonly successor?: string
  /** Forgets name and e-mail too; the log keeps the id. */
  readonly erase?: boolean
}

/** What `files.download` takes by name. */
export interface DownloadFile {
  /** Where to write it: a path. */
  readonly to: string
  /** Called with the bytes done so far, after each MiB. */
  readonly progress?: Progress
}

/** What `audit.export` takes by name. */
export interface ExportAudit {
  /** `jsonl` by default. */
  readonly format?: 'jsonl' | 'csv' | 'ocsf'
}

/** A file of an item, without its content. */
export interface File {
  /** `fil_…`. */
  readonly id: string
  /** Its name; sealed in the store. */
  readonly name: string
  /** Its size in bytes, without the sealing. */
  readonly size: number
  /** Its media type (RFC 6838). */
  readonly contentType: string
  /** When it was attached. */
  readonly createdAt: Date
}

/** A change of an item's files. */
export interface FileChange {
  /** What happened. */
  readonly kind: 'file.attached' | 'file.detached'
  /** The vault's id. */
  readonly vaultId: string
  /** Who did it. */
  readonly actor: Actor
  /** When the store took it. */
  readonly at: Date
  /** Continues after this change; opaque, never expires. */
  readonly cursor: string
  /** The item's id. */
  readonly itemId: string
  /** The file's id. */
  readonly fileId: string
  /** The item's version that it made. */
  readonly version: number
}

/** What `items.get` takes by name. */
export interface GetItem {
  /** The newest by default. */
  readonly version?: number
}

/** What `vaults.get` takes by name. */
export interface GetVault {
  /** Its creator's own name for it, instead of the id. */
  readonly externalId?: string
  /** Who made it, an e-mail or id; the caller by default. */
  readonly creator?: string
}

/** One principal's role in one vault. */
export interface Grant {
  /** The vault's id. */
  readonly vaultId: string
  /** Who holds it. */
  readonly principal: Principal
  /** What they may do. */
  readonly role: Role
  /** Who gave it: a principal's id. */
  readonly grantedBy: string
  /** When. */
  readonly grantedAt: Date
  /** `pending` waits for the grantee's keys. */
  readonly state: 'active' | 'pending' | 'expired'
  /** From when on it is refused; never if left out. */
  readonly expiresAt?: Date
  /** When its holder last wrote to the vault; never if left out. */
  readonly lastUsedAt?: Date
}

/** What `access.grant` takes by name. */
export interface GrantAccess {
  /** From when on the grant is refused; never by default. */
  readonly expiresAt?: Date
}

/** What `init` takes by name. */
export interface InitOptions {
  /** The owner's e-mail address. */
  readonly owner: string
  /** Called with the credential before anything is committed; what it throws stops the operation. */
  readonly save?: Save
}

/** What `users.invite` takes by name. */
export interface InviteUser {
  /** At most 256 bytes; the e-mail address by default. */
  readonly name?: string
}

/** An item with all it holds. */
export interface Item {
  /** `itm_…`. */
  readonly id: string
  /** The id of the vault it is in. */
  readonly vaultId: string
  /** Its title. */
  readonly title: string
  /** What it is, in 1Password's words: `login`, `secure_note`, `document`, … */
  readonly category: string
  /** Its fields, in the order they were added. */
  readonly fields: readonly Field[]
  /** Its notes. */
  readonly notes: string
  /** Its tags, in order. */
  readonly tags: readonly string[]
  /** Its web addresses, in order. */
  readonly urls: readonly string[]
  /** Its files, in the order they were attached. */
  readonly files: readonly File[]
  /** 1 when made, one more with each change. */
  readonly version: number
  /** Whether it is archived. */
  readonly archived: boolean
  /** When it was made. */
  readonly createdAt: Date
  /** When this version was made. */
  readonly updatedAt: Date
  /** Who made this version: a principal's id. */
  readonly updatedBy: string
}

/** A change of an item. */
export interface ItemChange {
  /** What happened. */
  readonly kind: 'item.created' | 'item.updated' | 'item.archived' | 'item.restored' | 'item.deleted'
  /** The vault's id. */
  readonly vaultId: string
  /** Who did it. */
  readonly actor: Actor
  /** When the store took it. */
  readonly at: Date
  /** Continues after this change; opaque, never expires. */
  readonly cursor: string
  /** The item's id. */
  readonly itemId: string
  /** The item's version that it made. */
  readonly version: number
}

/** An item in a list: without fields, notes and files. */
export interface ItemSummary {
  /** `itm_…`. */
  readonly id: string
  /** The id of the vault it is in. */
  readonly vaultId: string
  /** Its title. */
  readonly title: string
  /** What it is, in 1Password's words: `login`, `secure_note`, `document`, … */
  readonly category: string
  /** Its tags, in order. */
  readonly tags: readonly string[]
  /** Its web addresses, in order. */
  readonly urls: readonly string[]
  /** 1 when made, one more with each change. */
  readonly version: number
  /** Whether it is archived. */
  readonly archived: boolean
  /** When it was made. */
  readonly createdAt: Date
  /** When this version was made. */
  readonly updatedAt: Date
  /** Who made this version: a principal's id. */
  readonly updatedBy: string
}

/** What `withOptions` takes by name. */
export interface Limits {
  /** Milliseconds without progress after which a call is refused as `DeadlineExceeded`; 30,000 by default. */
  readonly timeoutMs?: number
  /** How often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default. */
  readonly maxRetries?: number
}

/** What `access.list` takes by name. */
export interface ListAccess {
  /** Who was in the vault at that instant; now by default. */
  readonly at?: Date
}

/** What `audit.list` takes by name; what is left out matches all. */
export interface ListAudit {
  /** By e-mail or id. */
  readonly actor?: string
  /** Of which of the actor's keys: 1 at first. */
  readonly generation?: number
  /** By id. */
  readonly vault?: string
  /** A name, several, or a pattern such as `item.*`. */
  readonly action?: string | string[]
  /** From this instant on. */
  readonly since?: Date
  /** Before this instant. */
  readonly until?: Date
  /** Continues after this cursor. */
  readonly after?: string
}

/** What `changes.list` takes by name. */
export interface ListChanges {
  /** `start`, `now` or a cursor; `start` by default. */
  readonly after?: string
  /** Ids; all the caller may see by default. */
  readonly vaults?: string[]
  /** Such as `item.created`; all by default. */
  readonly kinds?: ChangeKind[]
  /** The most rows of a page, 1 to 5,000; 500 by default. */
  readonly limit?: number
}

/** What `items.list` takes by name. */
export interface ListItems {
  /** Only those in the archive, or only those that are not, which is the default. */
  readonly archived?: boolean
  /** Only those with this tag. */
  readonly tag?: string
  /** Only those of this category. */
  readonly category?: string
}

/** A field to set: a `Field`, or a plain object of the same names. */
export interface NewField {
  /** Its name, 1 to 1,024 bytes. */
  readonly label: string
  /** Its value, at most 1 MiB. */
  readonly value: string
  /** What the value is; `text` by default. */
  readonly type?: FieldType
  /** The section it stands in; the item itself by default. */
  readonly section?: string
}

/** A grant to make, as `access.grantMany` takes it. */
export interface NewGrant {
  /** The vault's id. */
  readonly vault: string
  /** An e-mail or id. */
  readonly who: string
  /** What they may do. */
  readonly role: Role
  /** From when on the grant is refused; never by default. */
  readonly expiresAt?: Date
}

/** An item to make. */
export interface NewItem {
  /** 1 to 1,024 bytes. */
  readonly title: string
  /** 1Password's word; `secure_note` by default. */
  readonly category?: string
  /** At most 1,000. */
  readonly fields?: NewField[]
  /** At most 1 MiB. */
  readonly notes?: string
  /** In order. */
  readonly tags?: string[]
  /** In order. */
  readonly urls?: string[]
  /** Pairs of a name and a source, as `files.attach` takes it. */
  readonly files?: Array<[string, Source]>
  /** Makes a repeat answer what the first call did. */
  readonly idempotencyKey?: string
}

/** What `serviceAccounts.create` takes by name. A right that is left out is not given. */
export interface NewServiceAccount {
  /** May make vaults. */
  readonly canCreateVaults?: boolean
  /** May make, change and end principals. */
  readonly canManageUsers?: boolean
  /** May change the policy. */
  readonly canManagePolicy?: boolean
  /** May read the whole audit. */
  readonly canReadAudit?: boolean
  /** What it is granted at once: from vault id to role. The caller must administer each. */
  readonly vaults?: Record<string, Role>
  /** From when on its token is refused; never by default. */
  readonly expiresAt?: Date
  /** Called with the credential before anything is committed; what it throws stops the operation. */
  readonly save?: Save
  /** Makes a repeat answer that the first call did it. */
  readonly idempotencyKey?: string
}

/** A user to make, as `users.createMany` takes it. */
export interface NewUser {
  /** The e-mail address. */
  readonly email: string
  /** At most 256 bytes; the e-mail address by default. */
  readonly name?: string
  /** From when on the token is refused; never by default. */
  readonly expiresAt?: Date
  /** Makes a repeat answer that the first call did it. */
  readonly idempotencyKey?: string
}

/** What `provisioning.plan` takes by name. */
export interface PlanOptions {
  /** `error` by default. */
  readonly missingUsers?: 'error' | 'invite' | 'create'
  /** Also revoke what specs of the same vault don't name; never the owner, the caller or what is retained. */
  readonly prune?: boolean
}

/** What the account allows at most, whoever grants it. */
export interface Policy {
  /** The largest role that may be granted to somebody else; `admin` by default. */
  readonly maxGrant?: Role
  /** The mail domains that users may have; any by default. */
  readonly emailDomains?: string[]
  /** Grants must end within so many days; by default they need not. */
  readonly requireExpiryDays?: number
  /** The largest file in bytes; 16 GiB by default. */
  readonly maxFileBytes?: number
  /** Whether users, and not only service accounts and the owner, may grant; `true` by default. */
  readonly usersMayShare?: boolean
  /** Whether new vaults name the recovery key; `true` by default. */
  readonly recovery?: boolean
  /** Whether reads are audited; `true` by default. */
  readonly auditReads?: boolean
}

/** A user, a service account or the recovery key, as the caller may see it. */
export interface Principal {
  /** `usr_…`, `svc_…` or `rec_…`. */
  readonly id: string
  /** What it is. */
  readonly kind: 'user' | 'service_account' | 'recovery'
  /** The display name; empty when the person was forgotten. */
  readonly name: string
  /** Where it stands. */
  readonly state: 'invited' | 'active' | 'suspended' | 'deleted'
  /** Whether somebody else made its keys and it has not rotated them since. */
  readonly issued: boolean
  /** May make vaults. */
  readonly canCreateVaults: boolean
  /** May make, change and end principals. */
  readonly canManageUsers: boolean
  /** May change the policy. */
  readonly canManagePolicy: boolean
  /** May read the whole audit. */
  readonly canReadAudit: boolean
  /** When it was added. */
  readonly createdAt: Date
  /** The e-mail address, in lower case; only users have one. */
  readonly email?: string
  /** From when on its token is refused; never if left out. */
  readonly expiresAt?: Date
}

/** What `reissue` takes by name. */
export interface Reissue {
  /** Called with the credential before anything is committed; what it throws stops the operation. */
  readonly save?: Save
}

/** What `vaults.rekey` takes by name. */
export interface RekeyVaults {
  /** All that are due and the caller administers by default. */
  readonly ids?: string[]
}

/** What `rotateToken` takes by name. */
export interface RotateToken {
  /** Called with the credential before anything is sent; what it throws stops the operation. */
  readonly save?: Save
}

/** What `serviceAccounts.update` takes by name; what is left out stays. */
export interface ServiceAccountUpdate {
  /** 1 to 256 bytes. */
  readonly name?: string
  /** May make vaults. */
  readonly canCreateVaults?: boolean
  /** May make, change and end principals. */
  readonly canManageUsers?: boolean
  /** May change the policy. */
  readonly canManagePolicy?: boolean
  /** May read the whole audit. */
  readonly canReadAudit?: boolean
  /** From when on its token is refused. */
  readonly expiresAt?: Date
}

/** What `policy.set` takes by name. */
export interface SetPolicy {
  /** Refused as `Conflict` unless the policy is at this version. */
  readonly ifVersion?: number
}

/** What `items.update` takes by name; what is left out stays. */
export interface UpdateItem {
  /** 1 to 1,024 bytes. */
  readonly title?: string
  /** At most 1 MiB. */
  readonly notes?: string
  /** The new list. */
  readonly tags?: string[]
  /** The new list. */
  readonly urls?: string[]
  /** Added, or replacing the field of the same section and label. */
  readonly setFields?: NewField[]
  /** Labels, or `section.label`. */
  readonly removeFields?: string[]
  /** Refused as `Conflict` unless the item is at this version. */
  readonly ifVersion?: number
}

/** A vault, as the caller may see it. */
export interface Vault {
  /** `vlt_…`. */
  readonly id: string
  /** The name; sealed in the store. */
  readonly name: string
  /** The description; sealed in the store. */
  readonly description: string
  /** The caller's role. */
  readonly role: Role
  /** Whether its key should move on, because somebody who could open it may no longer. */
  readonly due: boolean
  /** When it was made. */
  readonly createdAt: Date
  /** When its name, description or access last changed. */
  readonly updatedAt: Date
  /** Who made it: a principal's id. */
  readonly createdBy: string
  /** The creator's own name for it, unique per creator. Not secret: the store sees it. */
  readonly externalId?: string
}

/** A change of a vault itself. */
export interface VaultChange {
  /** What happened. */
  readonly kind: 'vault.created' | 'vault.updated' | 'vault.deleted'
  /** The vault's id. */
  readonly vaultId: string
  /** Who did it. */
  readonly actor: Actor
  /** When the store took it. */
  readonly at: Date
  /** Continues after this change; opaque, never expires. */
  readonly cursor: string
}

/** A vault to make, as `vaults.createMany` and `provisioning.plan` take it. */
export interface VaultSpec {
  /** Its name, 1 to 1,024 bytes. */
  readonly name: string
  /** The caller's own name for it: 1 to 256 bytes, unique among the caller's vaults, not secret. */
  readonly externalId?: string
  /** At most 64 KiB; empty by default. */
  readonly description?: string
  /** Who else gets in: from e-mail or id to role. */
  readonly access?: Record<string, Role>
  /** The caller's own role; `admin` by default. */
  readonly retain?: Role
  /** Makes a repeat answer what the first call did. */
  readonly idempotencyKey?: string
}

/** What `vaults.update` takes by name; what is left out stays. */
export interface VaultUpdate {
  /** 1 to 1,024 bytes. */
  readonly name?: string
  /** At most 64 KiB. */
  readonly description?: string
}

/** What `audit.verify` takes by name. */
export interface VerifyAudit {
  /** A note of `audit.checkpoint` that must still hold. */
  readonly checkpoint?: string
}

/** The version of this package. */
export declare const version: string

/** What `changes.watch` takes by name. */
export interface WatchChanges {
  /** `start`, `now` or a cursor; `now` by default, which is the moment of the call. */
  readonly after?: string
  /** Ids; all the caller may see by default. */
  readonly vaults?: string[]
  /** Such as `item.created`; all by default. */
  readonly kinds?: ChangeKind[]
}
