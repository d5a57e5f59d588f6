// What waits, and how it ends: signals, feeds, timeouts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgument, NotFound, Unauthenticated, connect } from 'strongroom'
import { account, item } from './account.mjs'

async function alice(t) {
  const { client, kit } = await account(t)
  const made = await item(client)
  return { client, kit, here: [made.vaultId, made.id] }
}

test('a signal ends a call with its reason, and nothing was done', async (t) => {
  const { client, here } = await alice(t)
  const reason = new Error('the student went home')
  const controller = new AbortController()
  async function* slow() {
    yield Buffer.alloc(10)
    controller.abort(reason)
    await sleep(60_000, undefined, { ref: false })
  }
  const call = client.files.attach(...here, 'essay.pdf', slow(), { signal: controller.signal })
  await assert.rejects(call, (error) => error === reason)
  assert.equal((await client.items.get(...here)).files.length, 1)

  for (const call of [
    () => client.vaults.create('Bob', { signal: controller.signal }),
    () => client.vaults.list({ signal: controller.signal }),
    () => client.items.get(...here, { signal: controller.signal }),
    () => client.audit.verify({ signal: AbortSignal.abort(reason) })
  ]) {
    await assert.rejects(async () => await call(), (error) => error === reason)
  }
  assert.equal((await client.vaults.list()).data.length, 1)
  await assert.rejects(client.audit.verify({ signal: AbortSignal.abort() }), { name: 'AbortError' })
})

test('a signal that is never used is let go', async (t) => {
  const { client } = await alice(t)
  const { signal } = new AbortController()
  let listeners = 0
  for (const [name, count] of [['addEventListener', 1], ['removeEventListener', -1]]) {
    const original = signal[name].bind(signal)
    signal[name] = (...args) => {
      listeners += count
      return original(...args)
    }
  }
  for (let round = 0; round < 20; round += 1) await client.vaults.list({ signal })
  assert.equal(listeners, 0)
})

test('a feed gives each change once, and ends by its signal, by close and by break', async (t) => {
  const { client, here } = await alice(t)
  const start = await client.changes.cursor()
  for (let grade = 1; grade <= 5; grade += 1) {
    await client.items.update(...here, { setFields: [{ label: 'grade', value: String(grade) }] })
  }
  const versions = []
  const controller = new AbortController()
  for await (const change of client.changes.watch({ after: start, kinds: ['item.updated'], signal: controller.signal })) {
    versions.push(change.version)
    if (versions.length === 5) controller.abort()
  }
  assert.deepEqual(versions, [2, 3, 4, 5, 6])

  const feed = client.changes.watch({ after: start })
  for await (const change of feed) {
    assert.equal(change.version, 2)
    assert.equal(feed.cursor, change.cursor)
    break
  }
  assert.deepEqual(await feed.next(), { done: true, value: undefined })

  const waiting = client.changes.watch({ after: 'now' })
  const coming = waiting.next()
  setTimeout(() => waiting.close(), 20)
  assert.deepEqual(await coming, { done: true, value: undefined })

  const live = client.changes.watch()
  const next = live.next()
  await client.items.archive(...here)
  assert.equal((await next).value.kind, 'item.archived')
  live.close()
  const aborted = client.changes.watch({ after: start, signal: AbortSignal.abort() })
  assert.equal((await aborted.next()).done, true)
  assert.throws(() => client.changes.watch({ kinds: ['item.eaten'] }), InvalidArgument)
  assert.throws(() => client.changes.watch({ afterwards: start }), InvalidArgument)
})

test('a client that is closed refuses, and so do its copies and what waits on it', async (t) => {
  const { kit, here } = await alice(t)
  const client = await connect(kit.location, kit.token)
  const copy = client.withOptions({ timeoutMs: 5000, maxRetries: 0 })
  const feed = client.changes.watch()
  const coming = feed.next()
  const ended = assert.rejects(coming, Unauthenticated)
  await sleep(20)
  await client[Symbol.asyncDispose]()
  await assert.rejects(client.items.get(...here), Unauthenticated)
  await assert.rejects(copy.items.get(...here), Unauthenticated)
  await ended
  await assert.rejects(feed.next(), Unauthenticated)
})

test('calls of one client run side by side', async (t) => {
  const { client, here } = await alice(t)
  const calls = Array.from({ length: 200 }, () => client.items.get(...here))
  const items = await Promise.all(calls)
  assert.equal(new Set(items.map(({ id }) => id)).size, 1)
  const mixed = await Promise.allSettled([
    client.items.get(...here),
    client.items.get(here[0], `itm_${'a'.repeat(52)}`),
    client.vaults.list()
  ])
  assert.deepEqual(mixed.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
  assert(mixed[1].reason instanceof NotFound)
})
