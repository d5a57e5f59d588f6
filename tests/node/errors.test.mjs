// Errors: their classes, their codes, their place, and nothing of a secret in them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import * as strongroom from 'strongroom'
import { AlreadyExists, DeadlineExceeded, InvalidArgument, NotFound, StrongroomError, Unavailable } from 'strongroom'
import { SECRET, account, item } from './account.mjs'

const NOBODY = `itm_${'a'.repeat(52)}`

/** The error that a call is refused with. */
async function refusal(call) {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'it was not refused' })
}

test('every code has its class', () => {
  const classes = Object.entries(strongroom).filter(([, one]) => one?.prototype instanceof StrongroomError)
  assert.equal(classes.length, 12)
  for (const [name, Class] of classes) {
    const cause = new Error('below')
    const error = new Class('it was refused', { operation: 'vaults.get', cause })
    assert(error instanceof Error)
    assert.equal(error.name, name)
    assert.equal(error.code, name.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase())
    assert.equal(error.operation, 'vaults.get')
    assert.equal(error.message, 'vaults.get: it was refused')
    assert.equal(error.cause, cause)
    assert.match(error.stack, new RegExp(`^${name}: vaults.get: it was refused\n.*errors.test.mjs`))
  }
  assert(new DeadlineExceeded() instanceof Unavailable)
  assert.equal(new AlreadyExists('', { id: 'vlt_a' }).id, 'vlt_a')
})

test('the stack points at the line of the caller', async (t) => {
  const { client } = await account(t)
  const { id } = await client.vaults.create('Alice')
  async function readsTheItem() {
    return await client.items.get(id, NOBODY)
  }
  const calls = [
    ['items.get', readsTheItem],
    ['items.list', async () => await client.items.list(NOBODY)],
    ['vaults.create', () => client.vaults.create('')],
    ['vaults.create', () => client.vaults.create(7)],
    ['connect', () => strongroom.connect('memory:nowhere', 'token')]
  ]
  for (const [operation, call] of calls) {
    const error = await refusal(call())
    assert.equal(error.operation, operation)
    assert.match(error.stack.split('\n')[1], /errors\.test\.mjs:\d+/, error.stack)
  }
  assert.match((await refusal(readsTheItem())).stack, /at readsTheItem/)
  assert.throws(() => client.withOptions({ timeoutMs: -1 }), (error) => /errors\.test\.mjs/.test(error.stack.split('\n')[1]))
})

test('errors are of their class, and name what exists', async (t) => {
  const { client } = await account(t)
  const vault = await client.vaults.create('Alice', { externalId: 'student-42' })
  const error = await refusal(client.vaults.create('Alice', { externalId: 'student-42' }))
  assert(error instanceof AlreadyExists)
  assert.equal(error.id, vault.id)
  assert((await refusal(client.items.get(vault.id, NOBODY))) instanceof NotFound)
  const rows = await client.vaults.createMany([{ name: '' }, { name: 'Bob' }])
  assert(rows[0] instanceof InvalidArgument)
  assert.equal(rows[0].operation, 'vaults.createMany')
  assert.equal(rows[1].name, 'Bob')
})

test('arguments of another type are refused, by name and without their value', async (t) => {
  const { client } = await account(t)
  const { id } = await client.vaults.create('Alice')
  const calls = {
    name: [() => client.vaults.create({ secret: SECRET }), () => client.vaults.create(undefined)],
    title: [() => client.items.create(id, { title: [SECRET] }), () => client.items.create(id)],
    value: [() => client.items.create(id, { title: 'A', fields: [{ label: 'pin', value: { secret: SECRET } }] })],
    expiresAt: [() => client.access.grant(id, 'alice@example.edu', 'read', { expiresAt: SECRET })],
    // A misspelt name would grant for ever.
    expires_at: [
      () => client.access.grant(id, 'alice@example.edu', 'read', { expires_at: new Date() }),
      () => client.access.grant(id, 'alice@example.edu', 'read', { expiresAt: new Date(NaN) })
    ],
    expires: [() => client.access.grantMany([{ vault: id, who: 'alice@example.edu', role: 'read', expires: new Date() }])],
    version: [() => client.items.get(id, NOBODY, { version: 1.5 }), () => client.items.get(id, NOBODY, { version: NaN })],
    source: [
      () => client.files.attach(id, NOBODY, 'a.txt', SECRET),
      () => client.files.attach(id, NOBODY, 'a.txt', 7),
      () => client.files.attach(id, NOBODY, 'a.txt', undefined)
    ],
    save: [() => client.users.create('alice@example.edu', { save: SECRET })],
    signal: [() => client.vaults.list({ signal: 7 })]
  }
  for (const [name, ways] of Object.entries(calls)) {
    for (const call of ways) {
      const error = await refusal(call())
      assert(error instanceof InvalidArgument, `${name}: ${error.stack}`)
      assert(!inspect(error, { showHidden: true }).includes(SECRET), inspect(error))
      assert.match(error.message, name === 'title' ? /title|argument/ : new RegExp(name), error.message)
    }
  }
})

test('what a hook throws stops the call and comes out as it is', async (t) => {
  const { client } = await account(t)
  const vault = await client.vaults.create('Alice')
  const mine = new RangeError('the disk of the hook is full')
  const save = async () => {
    throw mine
  }
  assert.equal(await refusal(client.users.create('alice@example.edu', { save })), mine)
  assert((await refusal(client.users.get('alice@example.edu'))) instanceof NotFound)
  const { id } = await client.items.create(vault.id, { title: 'Homework' })
  const progress = () => {
    throw mine
  }
  assert.equal(await refusal(client.files.attach(vault.id, id, 'a.txt', Buffer.alloc(8 << 20), { progress })), mine)
  async function* broken() {
    yield Buffer.alloc(10)
    throw mine
  }
  assert.equal(await refusal(client.files.attach(vault.id, id, 'a.txt', broken())), mine)
  assert.equal((await client.items.get(vault.id, id)).files.length, 0)
})

test('no error shows a secret', async (t) => {
  const { kit, client } = await account(t)
  const { vaultId, id } = await item(client)
  const refused = [
    await refusal(strongroom.connect(kit.location, `${kit.token.slice(0, -8)}aaaaaaaa`)),
    await refusal(client.items.update(vaultId, id, { setFields: [new strongroom.Field('', SECRET, { type: 'concealed' })] })),
    await refusal(client.items.update(vaultId, id, { setFields: [{ label: 'a', value: SECRET, type: 'other' }] })),
    await refusal(client.secrets.resolve(`op://Alice/${SECRET}`))
  ]
  for (const error of refused.slice(0, 3)) {
    const text = inspect(error, { showHidden: true, depth: 10 }) + JSON.stringify(error)
    assert(!text.includes(SECRET) && !text.includes(kit.token.slice(0, -8)), text)
  }
})
