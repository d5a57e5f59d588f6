// What TypeScript has to know of the API, and what it has to refuse. It is compiled, and not run.

import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import {
  AlreadyExists,
  Field,
  NotFound,
  StrongroomError,
  connect,
  init,
  secrets,
  type AuditEvent,
  type Change,
  type Client,
  type Credential,
  type Grant,
  type Item,
  type ItemSummary,
  type Page,
  type Principal,
  type Role,
  type Rows,
  type Vault
} from 'strongroom'

/** Holds if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

export async function account(): Promise<Client> {
  const kit = await init('memory:', { owner: 'teacher@example.edu', save: async (credential) => void credential.token })
  same<typeof kit, Credential>(true)
  same<typeof kit.recovery, string | undefined>(true)
  await init({ owner: 'teacher@example.edu' })
  // @ts-expect-error an account has an owner
  await init('memory:')
  await connect()
  await connect({ app: 'grader/1.4' })
  return connect(kit.location, kit.token, { state: 'state', app: 'grader/1.4', timeoutMs: 1000, maxRetries: 2 })
}

export async function vaults(client: Client, signal: AbortSignal): Promise<void> {
  const access: Record<string, Role> = { 'alice@example.edu': 'write' }
  const vault = await client.vaults.create('Alice', { description: 'Homework', externalId: 'student-42', access, signal })
  same<typeof vault, Vault>(true)
  same<Vault['role'], Role>(true)
  same<Vault['externalId'], string | undefined>(true)
  same<Vault['createdAt'], Date>(true)
  // @ts-expect-error results are frozen
  vault.name = 'Bob'
  // @ts-expect-error a role is one of three
  await client.vaults.create('Alice', { access: { 'alice@example.edu': 'owner' } })
  // @ts-expect-error no such option
  await client.vaults.create('Alice', { external_id: 'student-42' })
  await client.vaults.get(vault.id, { signal })
  await client.vaults.get({ externalId: 'student-42' })
  const rows = await client.vaults.createMany([{ name: 'Alice' }, { name: 'Bob', retain: 'admin' }])
  same<typeof rows, Rows<Vault>>(true)
  for (const row of rows) {
    if (row instanceof StrongroomError) console.log(row.code)
    else console.log(row.id)
  }
  const grant = await client.access.grant(vault.id, 'alice@example.edu', 'write', { expiresAt: new Date(), signal })
  same<typeof grant, Grant>(true)
  same<Grant['principal'], Principal>(true)
  const page = await client.access.list(vault.id)
  same<typeof page, Page<Grant>>(true)
  for await (const each of client.access.matrix({ signal })) same<typeof each, Grant>(true)
  const moved: number = await client.vaults.rekey()
  console.log(moved)
}

export async function items(client: Client, vault: string): Promise<void> {
  const item = await client.items.create(vault, {
    title: 'Homework 1',
    fields: [new Field('pin', '1234', { type: 'concealed' }), { label: 'grade', value: 'A', section: 'report' }],
    files: [
      ['essay.pdf', Buffer.from('An essay')],
      ['film.mp4', { path: 'film.mp4' }]
    ]
  })
  same<typeof item, Item>(true)
  // @ts-expect-error an item has a title
  await client.items.create(vault, { notes: '' })
  // @ts-expect-error no such type of field
  new Field('pin', '1234', { type: 'secret' })
  const grade: string | undefined = item.field('grade', { section: 'report' })?.value
  const plain: string | undefined = item.reveal().fields[0]?.value
  console.log(grade, plain)
  for await (const summary of client.items.list(vault, { archived: false })) same<typeof summary, ItemSummary>(true)
  await client.items.update(vault, item.id, { setFields: [{ label: 'grade', value: 'B' }], ifVersion: item.version })

  const sources = [new Uint8Array(1), { path: new URL('file:///essay.pdf') }, createReadStream('a'), new Blob([])] as const
  for (const source of sources) await client.files.attach(vault, item.id, 'essay.pdf', source)
  await client.files.attach(vault, item.id, 'essay.pdf', Readable.toWeb(createReadStream('a')) as ReadableStream<Uint8Array>)
  await client.files.attach(vault, item.id, 'essay.pdf', [new Uint8Array(1)], { progress: (done: number) => done })
  // @ts-expect-error a string may be a path or a text
  await client.files.attach(vault, item.id, 'essay.pdf', 'essay.pdf')
  const content: Buffer = await client.files.read(vault, item.id, 'fil_')
  await client.files.download(vault, item.id, 'fil_', { to: 'essay.pdf' })
  const opened = await client.files.open(vault, item.id, 'fil_')
  const stream: Readable = opened.stream({ start: 0, end: content.length })
  stream.destroy()
}

export async function changes(client: Client, signal: AbortSignal): Promise<void> {
  for await (const change of client.changes.watch({ after: 'now', kinds: ['file.attached'], signal })) {
    same<typeof change, Change>(true)
    switch (change.kind) {
      case 'file.attached':
      case 'file.detached':
        console.log(change.fileId, change.version)
        break
      case 'access.granted':
        console.log(change.principal.email, change.role)
        break
      case 'vault.created':
        // @ts-expect-error a change of a vault has no item
        console.log(change.itemId)
        break
      default:
        console.log(change.vaultId, change.actor.kind, change.at.getTime())
    }
  }
  // @ts-expect-error no such kind
  client.changes.watch({ kinds: ['item.eaten'] })
  for await (const event of client.audit.list({ action: ['item.read', 'vault.*'], since: new Date() })) {
    same<typeof event, AuditEvent>(true)
  }
  const { events, treeSize, root } = await client.audit.verify()
  console.log(events + treeSize, root)
}

export async function errors(client: Client): Promise<void> {
  try {
    secrets.validate('op://Alice/Homework 1/pin')
    await client.vaults.get('vlt_')
  } catch (error) {
    if (error instanceof NotFound) same<typeof error.code, 'not_found'>(true)
    else if (error instanceof AlreadyExists) same<typeof error.id, string | undefined>(true)
    else if (error instanceof StrongroomError) console.log(error.code, error.operation, error.cause)
    else throw error
  }
  await using copy = client.withOptions({ timeoutMs: 1000 })
  console.log(copy.me.id, copy.account.capabilities.files)
}
