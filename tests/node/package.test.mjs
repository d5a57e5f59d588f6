// What is published: a tarball that a service can depend on, alone or with the package of its platform beside it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { folder } from './account.mjs'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const napi = join(root, 'node_modules/@napi-rs/cli/dist/cli.js')
const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
const { version } = JSON.parse(readFileSync(join(root, 'bindings-node/package.json'), 'utf8'))

/** npm, which knows nothing but what is on this machine. */
const npm = (cwd, ...args) => run('npm', [...args, '--offline', '--no-audit', '--no-fund', '--loglevel=error'], { cwd })

/** The package as it is here, its native part without what is for debuggers alone. */
async function checkout(t) {
  const made = join(folder(t), 'strongroom')
  cpSync(join(root, 'bindings-node'), made, { recursive: true })
  const [native] = readdirSync(made).filter((name) => name.endsWith('.node'))
  await run('strip', ['--strip-debug', join(made, native)])
  return { made, native }
}

async function pack(from, to) {
  const { stdout } = await npm(from, 'pack', '--json', '--pack-destination', to)
  const [{ filename, files }] = JSON.parse(stdout)
  return { tarball: join(to, filename), files: files.map((file) => file.path).sort() }
}

const ESM = `
  import { connect, init, drop } from 'strongroom'
  const kit = await init('memory:', { owner: 'teacher@example.edu' })
  const teacher = await connect(kit.location, kit.token)
  console.log((await teacher.vaults.create('Alice')).name)
  await teacher.close()
  drop(kit.location)
`
const CJS = `require('strongroom').init('memory:', { owner: 'teacher@example.edu' }).then((kit) => console.log(kit.principal.email))`

/** Installs into a new service, and uses it there. */
async function use(t, ...tarballs) {
  const service = folder(t)
  writeFileSync(join(service, 'package.json'), '{ "private": true }')
  await npm(service, 'install', ...tarballs)
  writeFileSync(join(service, 'service.mjs'), ESM)
  writeFileSync(join(service, 'service.cjs'), CJS)
  assert.equal((await run(process.execPath, ['service.mjs'], { cwd: service })).stdout, 'Alice\n')
  assert.equal((await run(process.execPath, ['service.cjs'], { cwd: service })).stdout, 'teacher@example.edu\n')
  const program = join(service, 'node_modules/.bin/strongroom')
  assert.equal((await run(program, ['--version'])).stdout, `strongroom ${version}\n`)
  return service
}

test('the tarball of a checkout is all that a service needs', async (t) => {
  const { made, native } = await checkout(t)
  const { tarball, files } = await pack(made, folder(t))
  const lib = readdirSync(join(root, 'bindings-node/lib')).map((name) => `lib/${name}`)
  const others = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'bin/strongroom.js', 'index.d.ts', 'index.js', 'native.d.ts', 'package.json']
  assert.deepEqual(files, [...others, ...lib, native].sort())
  for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) {
    assert.equal(readFileSync(join(made, licence), 'utf8'), readFileSync(join(root, licence), 'utf8'))
  }
  const { scripts = {}, dependencies = {} } = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8'))
  assert.deepEqual([scripts, dependencies], [{}, {}], 'nothing runs when it is installed, and nothing comes with it')
  await use(t, tarball)

  const { messages, pkg } = await publint({ pkgDir: made, strict: true })
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), [])
  await run(process.execPath, [attw, tarball, '--no-color']).catch(({ stdout }) => assert.fail(stdout))
})

test('a published package finds the native part in the package of its platform', async (t) => {
  const { made, native } = await checkout(t)
  const artifacts = join(made, 'artifacts')
  mkdirSync(artifacts)
  renameSync(join(made, native), join(artifacts, native))
  const cli = (...args) => run(process.execPath, [napi, ...args], { cwd: made })
  await cli('create-npm-dirs')
  const triple = native.split('.')[1]
  const platforms = readdirSync(join(made, 'npm'))
  assert.ok(platforms.includes(triple) && platforms.length === 7, platforms.join())
  // What this machine did not build is not published from it.
  for (const other of platforms.filter((name) => name !== triple)) rmSync(join(made, 'npm', other), { recursive: true })
  renameSync(join(artifacts, native), join(made, 'npm', triple, native))
  const manifest = JSON.parse(readFileSync(join(made, 'npm', triple, 'package.json'), 'utf8'))
  assert.deepEqual([manifest.name, manifest.version, manifest.cpu, manifest.os], [`strongroom-${triple}`, version, [process.arch], [process.platform]])

  const to = folder(t)
  const platform = await pack(join(made, 'npm', triple), to)
  const main = await pack(made, to)
  assert.ok(!main.files.some((file) => file.endsWith('.node')))
  const service = await use(t, main.tarball, platform.tarball)

  rmSync(join(service, `node_modules/strongroom-${triple}`), { recursive: true })
  await assert.rejects(run(process.execPath, ['service.cjs'], { cwd: service }), /no native part for .*optional dependencies/)
})
