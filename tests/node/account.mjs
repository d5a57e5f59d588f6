// A fresh account for a test.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Field, connect, drop, init } from 'strongroom'

/** A concealed value, which must be seen nowhere but where it is asked for. */
export const SECRET = 'correct-horse-battery-staple'

const ends = new WeakMap()

/** Does something after the test; what was asked for last comes first. */
function afterwards(t, end) {
  if (!ends.has(t)) {
    ends.set(t, [])
    t.after(async () => {
      for (const end of ends.get(t).reverse()) await end()
    })
  }
  ends.get(t).push(end)
}

/** A folder that is removed after the test. */
export function folder(t) {
  const made = mkdtempSync(join(tmpdir(), 'strongroom-'))
  afterwards(t, async () => {
    for (let round = 0; existsSync(made); round += 1) {
      try {
        rmSync(made, { recursive: true, force: true })
      } catch (error) {
        // A store that is just being closed may still make a file in it.
        if (round === 20) throw error
        await sleep(50)
      }
    }
  })
  return made
}

/** An account in memory, or at a location, and its owner's client. */
export async function account(t, location = 'memory:') {
  const kit = await init(location, { owner: 'teacher@example.edu' })
  const client = await connect(kit.location, kit.token)
  afterwards(t, async () => {
    await client.close()
    if (kit.location.startsWith('memory:')) drop(kit.location)
  })
  return { kit, client }
}

/** An item with a secret in it, in a vault of its own. */
export async function item(client) {
  const vault = await client.vaults.create('Alice', { externalId: 'student-42' })
  const fields = [new Field('password', SECRET, { type: 'concealed' }), new Field('grade', 'A')]
  return client.items.create(vault.id, { title: 'Homework', fields, files: [['essay.txt', Buffer.from('An essay')]] })
}
