import { describe, expect, it } from 'vitest'
import { networkFilesystemOf } from '../../src/network-filesystem.ts'

describe('the type of a filesystem', () => {
  it.each([
    ['NFS', 0x6969],
    ['CIFS', 0xff534d42],
    ['SMB2', 0xfe534d42],
    ['9P', 0x01021997],
    ['FUSE', 0x65735546],
    ['Ceph', 0x00c36400],
    ['Lustre', 0x0bd00bd0],
  ])('is that of a network filesystem for %s', (name, type) => {
    expect(networkFilesystemOf(type)).toBe(name)
  })

  it('is told where a machine gives it with a sign', () => {
    expect(networkFilesystemOf(0xff534d42 | 0)).toBe('CIFS')
  })

  it.each([
    ['ext4', 0xef53],
    ['xfs', 0x58465342],
    ['btrfs', 0x9123683e],
    ['zfs', 0x2fc12fc1],
    ['f2fs', 0xf2f52010],
    ['tmpfs', 0x01021994],
    ['overlay', 0x794c7630],
  ])('is that of no network filesystem for %s', (_, type) => {
    expect(networkFilesystemOf(type)).toBeNull()
  })
})
