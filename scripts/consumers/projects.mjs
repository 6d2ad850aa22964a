// The projects of strangers that the packed tarball is tried in. Each is a copy of a folder of this repository, with
// packages from the registry. `build` and `run` are commands inside the project.

/** A server that prints `port 1234`, as those of test/package/projects do. */
const SERVES = 'serves';
/** A program that ends with code 0 if all went well. */
const PASSES = 'passes';
/** A server that prints its address in its first line, as the examples do. */
const NEST = 'nest';

export const PROJECTS = [
  {
    name: 'Jest 29',
    folder: 'test/package/projects/jest',
    packages: ['express@5', 'jest@29'],
    run: ['npx', 'jest'],
    expect: PASSES,
  },
  {
    name: 'Jest 30, the example',
    folder: 'examples/jest',
    packages: ['express@5', 'jest@30'],
    run: ['npx', 'jest'],
    expect: PASSES,
  },
  {
    name: 'Jest 30, every timer faked before the package is loaded',
    folder: 'scripts/consumers/jest-global-fakes',
    packages: ['express@5', 'jest@30'],
    run: ['npx', 'jest', '--config', '{"fakeTimers":{"enableGlobally":true}}'],
    expect: PASSES,
  },
  {
    name: 'Vitest',
    folder: 'scripts/consumers/vitest',
    type: 'module',
    packages: ['express@5', 'vitest@4'],
    run: ['npx', 'vitest', 'run'],
    expect: PASSES,
  },
  {
    name: 'node:test',
    folder: 'scripts/consumers/node-test',
    type: 'module',
    packages: ['express@5'],
    run: ['node', '--test'],
    expect: PASSES,
  },
  {
    name: 'tsx',
    folder: 'test/package/projects/typescript',
    type: 'module',
    packages: ['express@5', 'tsx@4'],
    run: ['npx', 'tsx', 'app.ts'],
    expect: SERVES,
  },
  {
    name: 'esbuild',
    folder: 'test/package/projects/commonjs',
    packages: ['express@5', 'esbuild@0.28'],
    build: ['npx', 'esbuild', 'app.cjs', '--bundle', '--platform=node', '--outfile=out.cjs'],
    run: ['node', 'out.cjs'],
    expect: SERVES,
  },
  {
    name: 'webpack',
    folder: 'test/package/projects/commonjs',
    packages: ['express@5', 'webpack@5', 'webpack-cli@7'],
    build: ['npx', 'webpack', './app.cjs', '--target', 'node', '--mode', 'production', '-o', 'out'],
    run: ['node', 'out/main.js'],
    expect: SERVES,
  },
  {
    name: 'Bun',
    folder: 'test/package/projects/esm',
    type: 'module',
    packages: ['express@5', 'bun@1'],
    run: ['npx', 'bun', 'app.mjs'],
    expect: SERVES,
  },
  {
    name: 'Deno',
    folder: 'test/package/projects/esm',
    type: 'module',
    packages: ['express@5', 'deno@2'],
    run: ['npx', 'deno', 'run', '--allow-all', '--no-check', 'app.mjs'],
    expect: SERVES,
  },
  {
    name: 'NestJS on Express, with @nestjs/terminus',
    folder: 'examples/nestjs',
    type: 'module',
    packages: [],
    run: ['npx', 'tsx', 'main.ts'],
    expect: NEST,
  },
];
