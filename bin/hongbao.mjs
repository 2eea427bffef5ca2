#!/usr/bin/env node
/**
 * The `hongbao` command. Whatever Node this is (20 or newer), it runs the program with the pinned Node from
 * node_modules, passes signals on and takes over its exit code.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = pinnedNode();
if (node === undefined) {
  console.error('hongbao: its packages are not installed. Run `npm run setup` in its folder first.');
  process.exit(1);
}

// Compiled code is kept between runs: a command starts in half the time.
const compileCache = join(root, 'node_modules', '.cache', 'hongbao-compiled');
const child = spawn(node, [join(root, 'src', 'cli', 'main.ts'), ...process.argv.slice(2)], {
  // The channel tells a server when we are gone, so that it does not outlive a command that was killed with -9.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`hongbao: could not run ${node}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
});

/** The binary of npm's `node` package, wherever npm put it; Windows' has another place in it. */
function pinnedNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}
