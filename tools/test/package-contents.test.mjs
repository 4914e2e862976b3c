import { describe, expect, it } from 'vitest'
import { checkContents, listEntries } from '../package-contents.mjs'

const good = ['package.json', 'LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'dist/playground/index.html']
const hasSource = () => true

describe('package-contents', () => {
  it('finds nothing in a good tarball', () => {
    expect(checkContents(good, hasSource)).toEqual([])
  })

  it.each(['LICENSE', 'README.md', 'package.json'])('misses %s', (file) => {
    const files = good.filter((name) => name !== file)
    expect(checkContents(files, hasSource)).toEqual([`${file} is not in it`])
  })

  it.each([
    'dist/index.js.map',
    'dist/.tsbuildinfo',
    'test/a.test.ts',
    'src/index.ts',
    '.env',
    'dist/playground/main.d.ts',
  ])('finds %s', (file) => {
    expect(checkContents([...good, file], hasSource)).toEqual([`${file} should not be in it`])
  })

  it('finds what an earlier build left behind', () => {
    expect(checkContents(good, () => false)).toEqual(['dist/index.js has no source any more: remove dist and build'])
  })

  it('spells out the patterns of exports', () => {
    const exports = {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './stores/*': { types: './dist/stores/*.d.ts', default: './dist/stores/*.js' },
      './package.json': './package.json',
    }
    expect(
      listEntries({ name: 'a', exports }, ['dist/index.js', 'dist/stores/redis.js', 'dist/stores/redis.d.ts']),
    ).toEqual([
      { specifier: 'a', types: 'dist/index.d.ts', script: 'dist/index.js' },
      { specifier: 'a/stores/redis', types: 'dist/stores/redis.d.ts', script: 'dist/stores/redis.js' },
    ])
  })
})
