// Who may import whom. Each rule has a planted violation, a file named after it, under test/arch/planted.
const SPEC = '\\.spec\\.ts$';
const OURS = '^(?:apps|libs|migrations)/';
const lib = (names) => `^libs/(?:${names.join('|')})/`;
const door = (names) => `^libs/(?:${names.join('|')})/src/index\\.ts$`;
const room = (names) => `^libs/[^/]+/.*?/(?:${names.join('|')})/`;
const core = (names) => `^(?:node:)?(?:${names.join('|')})$`;
const npm = (names) => `(?:^|/)node_modules/(?:${names.join('|')})/`;

/** `$1` in `to` stands for the first group that matched in `from`: groups there must never be optional. */
const forbid = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** A pure folder reaches itself and the kernel; the group is the outermost folder of that name. */
const pure = (name, folder, comment) => forbid(
  name,
  comment,
  { path: `^(.+?/${folder})/`, pathNot: SPEC },
  { pathNot: ['^$1/', door(['kernel'])] },
);

module.exports = {
  forbidden: [
    forbid(
      'one-door',
      'A lib is free to move its insides about only while src/index.ts is all that others know of it.',
      { path: '^([^/]+/[^/]+)' },
      { path: '^libs/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^$1/'] },
    ),
    forbid(
      'across-libs-by-name',
      'Another lib is @app/<lib>, so that a reader sees the border that the import crosses.',
      { path: '^([^/]+/[^/]+)' },
      { path: '^libs/[^/]+/src/index\\.ts$', pathNot: '^$1/', dependencyTypesNot: ['aliased-tsconfig-paths'] },
    ),
    forbid(
      'kernel-imports-nothing',
      'Everything leans on the kernel, so it leans on nothing: RFC 8785 and hashing are all it takes from outside.',
      { path: lib(['kernel']), pathNot: SPEC },
      { pathNot: [lib(['kernel']), npm(['canonicalize']), core(['crypto', 'buffer'])] },
    ),
    forbid(
      'event-store-imports-kernel-only',
      'The log knows no game, no cache and no web: it can be reasoned about, and tried, alone.',
      { path: lib(['event-store']), pathNot: SPEC },
      { path: OURS, pathNot: [lib(['event-store', 'kernel'])] },
    ),
    forbid(
      'cache-imports-kernel-only',
      'The cache holds bytes and versions; what they mean, and where they come from, is told to it through ports.',
      { path: lib(['cache']), pathNot: SPEC },
      { path: OURS, pathNot: [lib(['cache', 'kernel'])] },
    ),
    forbid(
      'game-state-imports',
      'Game state stands on the kernel, the log, the cache and auth; all else comes to it, through app.module.ts.',
      { path: lib(['game-state']), pathNot: SPEC },
      { path: OURS, pathNot: [lib(['game-state', 'kernel', 'event-store', 'cache', 'auth'])] },
    ),
    forbid(
      'audit-imports',
      'The audit log watches every request and the log, and knows nothing of what they mean.',
      { path: lib(['audit']), pathNot: SPEC },
      { path: OURS, pathNot: [lib(['audit', 'kernel', 'event-store', 'auth', 'observability'])] },
    ),
    forbid(
      'sync-health-stream-never-import-game-state',
      'They declare ports and app.module.ts binds them, so that each serves any aggregate without the game.',
      { path: lib(['sync', 'health', 'stream']), pathNot: SPEC },
      { path: lib(['game-state']) },
    ),
    forbid(
      'rules-imports-kernel-only',
      'Configuration is checked by it before the frameworks are loaded.',
      { path: lib(['rules']), pathNot: SPEC },
      { pathNot: [lib(['rules', 'kernel']), npm(['zod'])] },
    ),
    forbid(
      'operations-know-no-kind',
      'What runs is bound by the libs that do it: they import operations, and operations import none of them.',
      { path: lib(['operations']), pathNot: SPEC },
      { path: OURS, pathNot: [lib(['operations', 'kernel', 'event-store', 'game-state', 'auth'])] },
    ),
    forbid(
      'client-imports-nothing',
      'It is published alone and runs in browsers: no other lib, no package, nothing of Node.',
      { path: lib(['client']), pathNot: [SPEC, '^libs/client/test/'] },
      { pathNot: lib(['client']) },
    ),
    pure(
      'domain-is-pure',
      'domain',
      'Decisions replay and test without a world around them: no framework, no I/O; time is an argument.',
    ),
    pure(
      'crdt-is-pure',
      'crdt',
      'Two regions merge to the same bytes only if nothing but the events has a say in the merge.',
    ),
    forbid(
      'command-and-query-apart',
      'Reading and writing scale and change apart; what both need is in the kernel or in the event store.',
      { path: '^(libs/[^/]+)/.*?/(command|query)/', pathNot: SPEC },
      { path: '^$1/.*?/(?:command|query)/', pathNot: '^$1/.*?/$2/' },
    ),
    forbid(
      'command-never-reads-a-projection',
      'A projection lags behind the log: deciding on it is deciding on yesterday. Commands load through event-store.',
      { path: room(['command']), pathNot: SPEC },
      { path: room(['projection', 'read-model']) },
    ),
    forbid(
      'query-never-touches-the-domain',
      'A read is a row in the shape of the answer; through the domain it would be slower and tied to the write side.',
      { path: room(['query', 'read-model']), pathNot: SPEC },
      { path: room(['domain']) },
    ),
    forbid(
      'migrations-import-nothing-of-ours',
      'A migration that has shipped never changes, so it cannot share code that does.',
      { path: '^migrations/', pathNot: SPEC },
      { path: OURS, pathNot: '^migrations/' },
    ),
    forbid(
      'migrations-run-by-the-service',
      'Only the service and the tests bring a database up to date; a lib finds its tables there.',
      { path: OURS, pathNot: ['^migrations/', '^apps/state-service/', lib(['testing']), SPEC] },
      { path: '^migrations/' },
    ),
    forbid(
      'admin-dashboard-talks-http-only',
      'The dashboard is a client like any other: what it can do, the API can do.',
      { path: '^apps/admin-dashboard/' },
      { path: OURS, pathNot: ['^apps/admin-dashboard/', lib(['client'])] },
    ),
    forbid(
      'libs-never-import-apps',
      'An app composes libs. A lib that knows its app cannot serve a second one.',
      { path: '^(?:libs|migrations)/' },
      { path: '^apps/' },
    ),
    forbid(
      'testing-only-in-tests',
      'The build leaves libs/testing out; product code that needs it does not start.',
      { path: OURS, pathNot: [lib(['testing']), SPEC] },
      { path: lib(['testing']) },
    ),
    forbid(
      'no-circles',
      'Under ESM with decorator metadata a circle is a crash at load; a circle of types is on its way there.',
      {},
      { circular: true },
    ),
    forbid(
      'no-unresolvable',
      'The file or package is not there. What the build writes to dist/ is there later.',
      {},
      { couldNotResolve: true, pathNot: '(?:^|/)dist/' },
    ),
    forbid(
      'no-dev-dependency-in-product',
      'devDependencies are not in the image that runs.',
      { path: OURS, pathNot: [lib(['testing']), SPEC] },
      { dependencyTypes: ['npm-dev'] },
    ),
    forbid(
      'no-undeclared-package',
      'A package that is there only because another one brought it goes when that one is updated.',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    forbid(
      'no-deprecated-core',
      'Node keeps these modules only for old code.',
      {},
      { dependencyTypes: ['core'], path: core(['punycode', 'domain', 'constants', 'sys']) },
    ),
  ],
  options: {
    // Type-only imports count: a border is crossed by what a file knows, not by what is left of it after compilation.
    tsPreCompilationDeps: true,
    // The client has a package.json of its own and takes what its tests need from the one above.
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:libs/client/)?dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
