/**
 * A `fetch` for a process that is thousands of clients: that of Node takes more of the processor than the rest of a client.
 * @module
 */
import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** @type {typeof globalThis.fetch} */
export function lightFetch(url, { method = 'GET', headers, body } = {}) {
  const asked = /** @type {URL} */ (url)
  const options = { method, agent, headers: /** @type {{ [name: string]: string }} */ (headers) }
  return new Promise((resolve, reject) => {
    const asking = request(asked, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (/** @type {string} */ chunk) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 500, headers: answered } = response
        const retryAfter = answered['retry-after']
        resolve(new Response(text, { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } }))
      })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}
