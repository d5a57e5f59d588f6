// What results are: frozen objects by JavaScript's names, which show no secret.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import * as strongroom from 'strongroom'
import { Field, Item, Page, connect } from 'strongroom'
import { SECRET, account, item } from './account.mjs'

/** Everything that prints, and what it prints. */
const printed = (value) => [
  inspect(value),
  inspect(value, { depth: 20, showHidden: true, getters: true, customInspect: true }),
  format('%o %O %j %s', value, value, value, value),
  JSON.stringify(value),
  String(value),
  inspect({ ...value }),
  inspect(Object.entries(value)),
  inspect(structuredClone(value), { depth: 20 })
]

test('no printed form of an item shows a secret', async (t) => {
  const { client } = await account(t)
  const made = await item(client)
  const read = await client.items.get(made.vaultId, made.id)
  const [one] = await client.items.getMany(made.vaultId, [made.id])
  const versions = await client.items.history(made.vaultId, made.id)
  for (const value of [made, read, one, versions, versions.data, read.fields, read.fields[0]]) {
    for (const text of printed(value)) assert(!text.includes(SECRET), text)
  }
  assert.equal(read.field('password').value, SECRET)
  assert.equal(read.reveal().fields[0].value, SECRET)
  assert.match(inspect(read), /grade/)
  assert.match(inspect(read), /'A'/)
})

test('no printed form of a credential shows its tokens', async (t) => {
  const { kit, client } = await account(t)
  const { token } = await client.users.create('alice@example.edu')
  const rows = await client.users.createMany([{ email: 'bob@example.edu' }])
  assert(token.startsWith('strongroom_usr_'))
  for (const value of [kit, rows, rows[0]]) {
    for (const secret of [kit.token, kit.recovery, rows[0].token]) {
      for (const text of printed(value)) assert(!text.includes(secret), text)
    }
  }
  assert(!inspect(client, { depth: 10, showHidden: true }).includes(kit.token))
})

test('results are frozen, and of their classes', async (t) => {
  const { kit, client } = await account(t)
  const made = await item(client)
  const vault = await client.vaults.get(made.vaultId)
  const grants = await client.access.list(vault.id)
  const changes = await client.changes.list()
  const all = [kit, kit.principal, made, made.fields, made.tags, made.files, made.files[0], vault, grants, grants.data[0]]
  for (const value of [...all, grants.data[0].principal, client.me, client.account, ...changes.data, changes.data[0].actor]) {
    assert(Object.isFrozen(value), inspect(value))
    assert.throws(() => {
      value.name = 'Mallory'
    }, TypeError)
  }
  assert(made instanceof Item)
  assert(grants instanceof Page)
  assert(changes.data.some((change) => change instanceof strongroom.FileChange))
  assert.equal(typeof made.version, 'number')
  assert(made.createdAt instanceof Date)
  assert.equal(Date.now() - made.createdAt.getTime() < 60_000, true)
  assert.equal(vault.externalId, 'student-42')
  assert.equal('expiresAt' in grants.data[0], false)
  assert.equal(grants.data[0].expiresAt, undefined)
})

test('a field says what is wrong with its type', () => {
  assert.throws(() => new Field('pin', '1', { type: 'secret' }), strongroom.InvalidArgument)
  assert.equal(new Field('pin', '1').type, 'text')
  assert.equal(new Field('pin', '1', { section: 'door' }).section, 'door')
})

test('pages are awaited, or gone through to their end', async (t) => {
  const { client } = await account(t)
  const vault = await client.vaults.create('Alice')
  const titles = Array.from({ length: 1000 }, (_, at) => `Homework ${at}`)
  for (let round = 0; round < 2; round += 1) {
    await client.items.createMany(vault.id, titles.map((title) => ({ title: `${title}/${round}` })))
  }
  const first = await client.items.list(vault.id)
  assert.equal(first.hasMore, true)
  const all = []
  for await (const summary of client.items.list(vault.id)) all.push(summary.id)
  assert.equal(new Set(all).size, 2000)
  const rest = []
  for await (const summary of first) rest.push(summary.id)
  assert.deepEqual(rest, all)
  const events = []
  for await (const event of client.audit.list({ action: 'vault.created' })) events.push(event.action)
  assert.deepEqual(events, ['vault.created'])
  const limited = await client.changes.list({ limit: 10 })
  assert.equal(limited.data.length, 10)
  let count = 0
  for await (const change of limited) count += change.kind === 'item.created'
  assert.equal(count, 2000)
  assert.equal((await client.vaults.list().finally(() => {})).data.length, 1)
})

test('null is as good as leaving an argument out', async (t) => {
  const { client } = await account(t)
  const vault = await client.vaults.create('Alice', { description: null, externalId: null, access: null })
  assert.equal(vault.description, '')
  assert.equal((await client.vaults.createMany([{ name: 'Bob', externalId: null }]))[0].name, 'Bob')
  assert.equal((await client.vaults.update(vault.id, null)).name, 'Alice')
})

test('everything of the package is there by import and by require', async () => {
  const { createRequire } = await import('node:module')
  const required = createRequire(import.meta.url)('strongroom')
  for (const name of Object.keys(required)) assert.equal(strongroom[name], required[name], `${name} is not imported`)
  assert.equal(typeof connect, 'function')
})

test('the version is that of the package', async () => {
  const manifest = JSON.parse(readFileSync(new URL('../../bindings-node/package.json', import.meta.url), 'utf8'))
  assert.equal(strongroom.version, manifest.version)
})
