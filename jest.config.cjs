// Nest 12 is ESM-only and jest 30 on Node 20 cannot mix it with CommonJS packages, so the tests and the
// ESM-only dependencies are compiled to CommonJS by swc.
const swc = (parser) => ['@swc/jest', {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser,
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
}];

const esmOnly = ['@nestjs', 'cookie', 'content-disposition', 'file-type', 'strtok3', 'token-types', 'uint8array-extras',
  '@tokenizer', '@borewit', 'es-toolkit', 'canonicalize', 'uuid', 'jose'];

const project = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch,
  testEnvironment: 'node',
  moduleNameMapper: {
    '^@app/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    // Its package offers itself to import only, not to require.
    '^canonicalize$': '<rootDir>/node_modules/canonicalize/lib/canonicalize.js',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '\\.ts$': swc({ syntax: 'typescript', decorators: true, dynamicImport: true }),
    '\\.m?js$': swc({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/libs/client/dist/', '<rootDir>/.data/'],
  ...more,
});

const database = {
  globalSetup: '<rootDir>/test/server.mjs',
  globalTeardown: '<rootDir>/test/server-stop.mjs',
};

module.exports = {
  testTimeout: 180_000, // for a machine that is busy with other things; no test is timed by it
  reporters: ['default', '<rootDir>/test/ending.cjs'],
  projects: [
    project('unit', ['<rootDir>/libs/**/*.unit.spec.ts', '<rootDir>/apps/**/*.unit.spec.ts']),
    project('arch', ['<rootDir>/test/arch/*.spec.ts']),
    project('int', ['<rootDir>/libs/**/*.int.spec.ts', '<rootDir>/apps/**/*.int.spec.ts'], database),
    project('contract', ['<rootDir>/test/contract/*.spec.ts'], database),
    project('e2e', ['<rootDir>/test/e2e/*.spec.ts'], database),
    project('browser', ['<rootDir>/test/browser/*.spec.ts'], { ...database, globalSetup: '<rootDir>/test/browser.mjs' }),
    project('faults', ['<rootDir>/test/faults/*.spec.ts'], { globalSetup: '<rootDir>/test/build.mjs' }),
  ],
};
