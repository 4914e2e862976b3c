/**
 * What every benchmark subject does in its own process: listen, tell the port, and answer what the runner asks.
 * @module
 */

/**
 * Serves one subject of a benchmark.
 * @param {import('node:http').Server} server
 * @param {(count: number) => Promise<string[]>} prepare makes what the load needs: tickets, tokens
 */
export function serve(server, prepare) {
  server.listen(0, '127.0.0.1', 511, () => process.send({ port: server.address().port }))
  process.on('message', ({ ask, count }) => {
    if (ask === 'prepare') void prepare(count).then((prepared) => process.send({ prepared }))
    if (ask === 'cpu') process.send({ cpu: process.cpuUsage(), admitted: server.admitted ?? 0 })
  })
  process.on('disconnect', () => process.exit())
}
