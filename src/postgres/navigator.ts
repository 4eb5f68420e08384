/**
 * Node 21 and later have `navigator`. Where it is missing, `pg` asks `Response` instead whether it runs on a worker of a
 * CDN, and so loads all of Node's HTTP client: some 60 ms at every start. Imported before `pg`.
 */
if (!('navigator' in globalThis)) {
  const [major] = process.versions.node.split('.');
  Object.defineProperty(globalThis, 'navigator', {
    value: { userAgent: `Node.js/${major}` },
    configurable: true,
  });
}
