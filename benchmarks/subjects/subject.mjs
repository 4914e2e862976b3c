/**
 * What every benchmark subject does in its own process: listen, tell the port, and answer what the runner asks.
 * @module
 */

/**
 * Serves one subject of a benchmark.
 * @param {import('node:http').Server & { done: number }} server counts what it has done
 * @param {(count: number) => Promise<string[]>} prepare makes what the load needs: tickets, tokens
 */
export function serve(server, prepare) {
  server.listen(0, '127.0.0.1', 511, () => process.send({ port: server.address().port }))
  process.on('message', ({ ask, count }) => {
    if (ask === 'prepare') void prepare(count).then((prepared) => process.send({ prepared }))
    if (ask === 'cpu') process.send({ cpu: process.cpuUsage(), done: server.done })
  })
  process.on('disconnect', () => process.exit())
}
