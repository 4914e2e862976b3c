/**
 * Filesystems whose files other machines write, or that look like it: there the locks and the shared memory of SQLite do not
 * hold, and a ticket could be redeemed on two machines (sqlite.org/wal.html).
 * @module
 */

// f_type of statfs(2), as Linux and the makers of the rest spell it: include/uapi/linux/magic.h, and stat.c of GNU coreutils.
const namesByType: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x564c, 'NCP'],
  [0x01021997, '9P'],
  // Everything behind FUSE looks the same: sshfs and s3fs, virtiofs between a host and its guests, and what is local.
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x61636673, 'ACFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x20030528, 'OrangeFS'],
  [0xaad7aaea, 'PanFS'],
  [0xbeefdead, 'StorNext'],
  [0x013111a8, 'Ibrix'],
  // The host's folders in a guest.
  [0x786f4256, 'VirtualBox shared folder'],
  [0xbacbacbc, 'VMware shared folder'],
  [0x7c7c6673, 'Parallels shared folder'],
])

/** The name of a network filesystem by what `statfs` of Linux says of its type; null for any other. */
export function networkFilesystemOf(type: number): string | null {
  // A machine of 32 bits gives the upper half of these numbers with a sign.
  return namesByType.get(type >>> 0) ?? null
}
