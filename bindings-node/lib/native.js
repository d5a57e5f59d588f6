'use strict'

// The native half: beside this package in a checkout, else in the package for the platform that npm chose.

const TRIPLES = {
  'linux-x64': ['linux-x64-gnu', 'linux-x64-musl'],
  'linux-arm64': ['linux-arm64-gnu', 'linux-arm64-musl'],
  'darwin-x64': ['darwin-x64'],
  'darwin-arm64': ['darwin-arm64'],
  'win32-x64': ['win32-x64-msvc']
}

function load() {
  const platform = `${process.platform}-${process.arch}`
  const causes = []
  for (const triple of TRIPLES[platform] ?? []) {
    for (const name of [`../strongroom.${triple}.node`, `strongroom-${triple}`]) {
      try {
        return require(name)
      } catch (error) {
        causes.push(error)
      }
    }
  }
  throw new Error(
    `strongroom has no native part for ${platform} here: install it without leaving out optional dependencies, or build it`,
    { cause: new AggregateError(causes, causes.map((error) => error.message).join('\n')) }
  )
}

module.exports = load()
