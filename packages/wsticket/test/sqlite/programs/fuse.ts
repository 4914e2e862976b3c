/**
 * Mounts a filesystem in user space that has nothing in it: what sshfs, s3fs and virtiofs look like to statfs(2). It needs no
 * package, and speaks as much of the kernel's protocol (linux/fuse.h) as it takes to be mounted and looked at.
 *   node fuse.ts <folder>
 */
import { spawnSync } from 'node:child_process'
import { openSync, readSync, writeSync } from 'node:fs'

const device = openSync('/dev/fuse', 'r+')
// The protocol is that of this machine, which is little-endian wherever Node is.
const headerBytes = { request: 40, answer: 16 }
const functionNotImplemented = -38

const options = 'fd=3,rootmode=40000,user_id=0,group_id=0'
spawnSync('mount', ['--internal-only', '-t', 'fuse', '-o', options, 'nothing', process.argv[2] as string], {
  stdio: ['ignore', 'inherit', 'inherit', device],
})
writeSync(1, 'ready\n')

/** What is answered, by the number of the request; null for what has no answer. */
const answers: { readonly [operation: number]: () => Uint8Array | null } = {
  // FUSE_FORGET
  2: () => null,
  // FUSE_GETATTR: a folder.
  3() {
    const attributes = Buffer.alloc(104)
    attributes.writeBigUInt64LE(1n, 16)
    attributes.writeUInt32LE(0o40_755, 76)
    attributes.writeUInt32LE(2, 80)
    return attributes
  },
  // FUSE_STATFS
  17: () => Buffer.alloc(80),
  // FUSE_INIT, version 7.31
  26() {
    const version = Buffer.alloc(64)
    version.writeUInt32LE(7, 0)
    version.writeUInt32LE(31, 4)
    version.writeUInt32LE(4096, 20)
    return version
  },
}

const request = Buffer.alloc(2 ** 17 + 4096)
for (;;) {
  readSync(device, request)
  const answer = answers[request.readUInt32LE(4)]?.()
  if (answer === null) continue
  const body = answer ?? Buffer.alloc(0)
  const header = Buffer.alloc(headerBytes.answer)
  header.writeUInt32LE(headerBytes.answer + body.length, 0)
  header.writeInt32LE(answer === undefined ? functionNotImplemented : 0, 4)
  request.copy(header, 8, 8, 16)
  writeSync(device, Buffer.concat([header, body]))
}
