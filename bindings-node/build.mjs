// Builds the native part into this folder, and its types: `node build.mjs [--release] [--check] [--target TARGET]`.
//
// `--target`: another machine's, such as `aarch64-apple-darwin`; one of Linux is linked by cargo-zigbuild,
// with a version of glibc, such as `x86_64-unknown-linux-gnu.2.28`, against that one, and what comes of it must not need a newer one.
//
// `--check` fails where native.d.ts is not what the sources say. It is cargo that builds, as everything else here, so that
// what was built before is built upon; napi's own `build` would compile everything once more, for a named target.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { generateTypeDef, parseTriple } from '@napi-rs/cli'
import { checkGlibc } from './glibc.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(here)
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
const types = join(target, 'node-types')
const { values } = parseArgs({
  options: { release: { type: 'boolean' }, check: { type: 'boolean' }, target: { type: 'string' } }
})
const { release, check } = values
const [, rustTarget, glibc] = /^(.*?)(?:\.(\d.*))?$/.exec(values.target ?? '')

/** Classes that only `lib` knows. */
const INTERNAL = ['AccountCalls', 'Cancel', 'Connecting', 'FileReader', 'Following', 'RawFeed', 'RawField', 'Reply', 'Signal']

function sources(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

function build() {
  mkdirSync(types, { recursive: true })
  const hash = createHash('sha256')
  for (const file of sources(join(here, 'src'))) hash.update(readFileSync(file))
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: target,
    NAPI_TYPE_DEF_TMP_FOLDER: types,
    // Has the types written again when the sources changed, or were compiled by somebody who wanted none.
    NAPI_FORCE_BUILD_STRONGROOM_NODE: hash.digest('hex')
  }
  const crossed = rustTarget?.includes('linux')
  // A library that Node loads is linked to musl, and does not bring its own.
  if (crossed && rustTarget.endsWith('musl')) env.RUSTFLAGS = '-Ctarget-feature=-crt-static'
  const args = [crossed ? 'zigbuild' : 'build', '--quiet', '--locked', '--package', 'strongroom-node']
  if (release) args.push('--release')
  if (rustTarget) args.push('--target', values.target)
  execFileSync('cargo', args, { cwd: root, env, stdio: 'inherit' })
}

/** The platform as npm's packages for it are called. */
function triple() {
  if (rustTarget) return parseTriple(rustTarget).platformArchABI
  const { platform, arch } = process
  if (platform === 'win32') return `win32-${arch}-msvc`
  if (platform !== 'linux') return `${platform}-${arch}`
  const musl = process.report.getReport().header.glibcVersionRuntime === undefined
  return `linux-${arch}-${musl ? 'musl' : 'gnu'}`
}

function install() {
  const system = triple().split('-')[0]
  const library = { darwin: 'libstrongroom_node.dylib', win32: 'strongroom_node.dll' }[system] ?? 'libstrongroom_node.so'
  const built = join(target, rustTarget, release ? 'release' : 'debug', library)
  if (glibc) checkGlibc(glibc, built)
  const place = join(here, `strongroom.${triple()}.node`)
  // Put in place at once: a process that has the old one loaded goes on with it.
  copyFileSync(built, `${place}.new`)
  renameSync(`${place}.new`, place)
}

/** What napi makes of the sources, as TypeScript writes it by hand. */
function tidied(dts) {
  let text = dts
    .replaceAll(' | undefined | null', '')
    .replace(/\br"( |$)/gm, '$1')
    .replace(/(\/\*\*|\*)  +/g, '$1 ')
    .replace(/ +$/gm, '')
    .replaceAll('Promise<undefined>', 'Promise<void>')
    .replace(/\bRow<(\w+)>/g, '$1')
    .replace(/Array<(\w+)>/g, '$1[]')
  const docs = String.raw`(?:/\*\*(?:(?!\*/)[\s\S])*\*/\n)?`
  for (const name of INTERNAL) {
    const declared = new RegExp(`${docs}export (?:declare class|interface) ${name} \\{(?:\\}|[\\s\\S]*?\\n\\})\\n\\n?`)
    if (!declared.test(text)) throw new Error(`${name} is not declared any more`)
    text = text.replace(declared, '')
  }
  return text.replace(/^( {2})(\w+\??: )/gm, '$1readonly $2')
}

async function describe() {
  const header = readFileSync(join(here, 'native.header.ts'), 'utf8')
  const { dts } = await generateTypeDef({ typeDefDir: types, cwd: here, noDtsHeader: true })
  const text = `${header}\n${tidied(dts).trim()}\n`
  const place = join(here, 'native.d.ts')
  if (!check) return writeFileSync(place, text)
  if (readFileSync(place, 'utf8') !== text) {
    console.error('native.d.ts is not what the sources say: node bindings-node/build.mjs')
    process.exitCode = 1
  }
}

build()
install()
await describe()
