/**
 * The one-way rule of imports (docs/architecture.md). Checked by `npm run lint:imports`.
 *
 *   domain <- commands <- gateway <- cli
 *   domain <- projections <- gateway, cli
 *   infra implements the ports that src owns
 *   client and web know the protocol's types and the pure domain only
 */
const allow = (from, allowed) => ({
  name: `${from.replaceAll('/', '-')}-imports`,
  severity: 'error',
  comment: `${from} may import only: ${allowed.join(', ')}`,
  from: { path: `^${from}/` },
  to: { path: '^(src|infra|test|bench|web|scripts)/', pathNot: [from, ...allowed].map((p) => `^${p}(/|$)`) },
});

module.exports = {
  forbidden: [
    allow('src/domain', []),
    allow('src/runtime', []),
    allow('src/config', ['src/domain', 'src/runtime']),
    allow('src/protocol', [
      'src/domain',
      'src/config/limits.ts',
      'src/commands/requests.ts',
      'src/commands/event-log.ts',
    ]),
    allow('src/vault', ['src/domain', 'src/runtime', 'src/config']),
    allow('src/commands', ['src/domain', 'src/vault', 'src/runtime', 'src/config']),
    allow('src/projections', [
      'src/domain',
      'src/runtime',
      'src/config',
      'src/commands/event-log.ts',
      'src/commands/refund-port.ts',
    ]),
    allow('src/gateway', [
      'src/domain',
      'src/commands',
      'src/projections',
      'src/protocol',
      'src/vault',
      'src/runtime',
      'src/config',
    ]),
    allow('src/client', ['src/protocol', 'src/domain', 'src/runtime', 'src/config/limits.ts']),
    allow('src/cli', ['src', 'infra']),
    allow('infra', [
      'src/domain',
      'src/commands',
      'src/projections',
      'src/vault',
      'src/runtime',
      'src/config',
    ]),
    allow('web', ['src/client', 'src/protocol', 'src/domain']),
    {
      name: 'one-folder-knows-the-event-store',
      severity: 'error',
      comment: 'Only infra/eventstore, and what tests and measures it, may import the event store client.',
      from: { pathNot: '^(infra/eventstore|test/integration/eventstore|bench/append)/' },
      to: { path: 'node_modules/@eventstore/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'No IO in the domain: it also runs in browsers.',
      from: { path: '^src/(domain|protocol|client)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycles',
      comment: 'Types may refer to each other; code may not.',
      severity: 'error',
      from: { path: '^(src|infra)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-tests-in-production',
      severity: 'error',
      from: { path: '^(src|infra|web|bin)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
