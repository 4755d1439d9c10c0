/**
 * The layers of the house: imports go down only, and never in a circle.
 * See docs/architecture.md.
 */
const only = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { pathNot: `^(${to.join('|')})`, dependencyTypesNot: ['core'] },
})
const npm = (...packages) => packages.map((name) => `node_modules/${name}/`)

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('base-stands-alone', '^src/base/', ['src/base/', ...npm('@noble')]),
    only('ports-are-interfaces', '^src/ports/', ['src/(base|ports)/']),
    only('wire-encodes', '^src/wire/', ['src/(base|ports|wire)/', ...npm('@noble', '@bufbuild')]),
    only('core-is-pure', '^src/core/', ['src/(base|ports|wire|core)/', ...npm('@noble', 'immer')]),
    {
      name: 'core-knows-no-node',
      severity: 'error',
      from: { path: '^src/(base|wire|core)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'parsec-knows-no-ballots',
      severity: 'error',
      from: { path: '^src/core/parsec/' },
      to: { path: '^src/core/ballot/' },
    },
    only('machines-see-core', '^machines/', ['machines/', 'src/(base|core|ports)/', ...npm('xstate')]),
    only('adapters-implement-ports', '^src/(crypto|log|transport)/', [
      'src/(base|ports|wire|crypto|log|transport)/',
      'node_modules/',
    ]),
    only('engine-binds', '^src/engine/', [
      'src/(base|ports|wire|core|crypto|log|transport|engine)/',
      'machines/',
      'node_modules/',
    ]),
    only('inspector-looks-down', '^src/inspector/', ['src/(base|ports|wire|core|engine|inspector)/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^(src|machines|node_modules)',
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
