// The same from CommonJS.

import strongroom = require('strongroom')

export async function read(location: string, token: string): Promise<string> {
  const client = await strongroom.connect(location, token)
  const value: string = await client.secrets.resolve('op://Alice/Homework 1/pin')
  await client.close()
  return value
}
