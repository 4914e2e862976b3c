/**
 * What may be in a tarball, and which specifiers it answers to.
 * @module
 */

/** Everything that is published; whatever else is found in a tarball got there by accident. */
const published = [
  /^package\.json$/,
  /^LICENSE$/,
  /^README\.md$/,
  /^dist\/(?!playground\/)[a-z/-]+\.(js|d\.ts)$/,
  /^dist\/playground\/[a-z-]+\.(js|html|css|svg)$/,
]
const required = ['package.json', 'LICENSE', 'README.md']

/**
 * @param {string[]} files of the tarball
 * @param {(file: string) => boolean} hasSource whether a built `.js` still has the source that it was built from
 * @returns {string[]} one line per fault
 */
export function checkContents(files, hasSource) {
  const unexpected = files.filter((file) => !published.some((form) => form.test(file)))
  const scripts = files.filter((file) => file.endsWith('.js'))
  return [
    ...required.filter((file) => !files.includes(file)).map((file) => `${file} is not in it`),
    ...unexpected.map((file) => `${file} should not be in it`),
    ...scripts
      .filter((file) => !hasSource(file))
      .map((file) => `${file} has no source any more: remove dist and build`),
  ]
}

/**
 * @typedef {object} Entry
 * @property {string} specifier `wsticket/stores/memory`
 * @property {string} types file from the root of the package
 * @property {string} script likewise
 */

/**
 * The public entries of a package: its `exports`, patterns spelled out for the files that they match.
 * @param {{ name: string, exports: Record<string, string | { types: string, default: string }> }} manifest
 * @param {string[]} files of the tarball
 * @returns {Entry[]}
 */
export function listEntries({ name, exports }, files) {
  return Object.entries(exports).flatMap(([key, target]) => {
    if (typeof target === 'string') return []
    const entry = (/** @type {string} */ star) => ({
      specifier: name + key.slice(1).replace('*', star),
      types: target.types.slice(2).replace('*', star),
      script: target.default.slice(2).replace('*', star),
    })
    return key.includes('*') ? starsOf(target.default.slice(2), files).map(entry) : [entry('')]
  })
}

/** @param {string} pattern `dist/stores/*.js` @param {string[]} files @returns {string[]} what the star stands for */
function starsOf(pattern, files) {
  const [before = '', after = ''] = pattern.split('*')
  return files
    .filter((file) => file.startsWith(before) && file.endsWith(after))
    .map((file) => file.slice(before.length, file.length - after.length))
}
