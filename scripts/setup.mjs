/**
 * Installs the npm packages when they are missing or not those of the lock file. Runs before npm scripts, with
 * nothing but the system's Node, so it depends on nothing and is plain JavaScript of Node 20.
 *
 *   node scripts/setup.mjs [--quiet] [--page]
 *
 *   --quiet   says nothing when there is nothing to do
 *   --page    then builds the page when it has changed
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const oldestNodeMajor = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.installed-lock-hash');
const pinnedNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const quiet = process.argv.includes('--quiet');

refuseOldNode();
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const why = whyInstall();
if (why === undefined) {
  if (!quiet) console.log('setup: packages are up to date');
} else {
  install(why);
}
if (process.argv.includes('--page')) buildPage();

function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= oldestNodeMajor) return;
  fail(
    `This needs Node ${oldestNodeMajor} or newer, and this is ${process.version}. ` +
      'Install a newer one (https://nodejs.org), then run the command again.',
  );
}

/** Why packages must be installed, or `undefined` when those there are the right ones. */
function whyInstall() {
  if (!existsSync(modules)) return 'there are none yet';
  if (!existsSync(stamp)) return 'an earlier installation did not finish or was made by hand';
  if (readFileSync(stamp, 'utf8').trim() !== wanted) return 'package-lock.json has changed';
  if (!existsSync(pinnedNode)) return 'the pinned Node is missing';
  return undefined;
}

function install(reason) {
  console.log(`setup: installing packages with \`npm ci\` (${reason}); this takes a minute or two ...`);
  const startedMs = Date.now();
  // The warning left out is EBADENGINE: some packages want the newer Node that this very command brings.
  const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'];
  const npm = npmCommand();
  const result = spawnSync(npm.file, [...npm.args, ...options], { cwd: root, stdio: 'inherit' });
  if (result.error) fail(`Could not run npm: ${result.error.message}. Is npm installed?`);
  if (result.signal) process.exit(130);
  if (result.status !== 0) {
    fail(
      'npm could not install the packages; what it says above is why. Without a network, connect and run the ' +
        'command again.',
    );
  }
  if (!existsSync(pinnedNode)) {
    fail(
      'npm installed the packages but left out the pinned Node, which comes by an install script. Allow scripts ' +
        '(`npm config delete ignore-scripts`) and run the command again.',
    );
  }
  writeFileSync(stamp, `${wanted}\n`);
  console.log(`setup: done in ${Math.round((Date.now() - startedMs) / 1000)} s`);
}

/**
 * With the pinned Node by its path: a shell that has just run the system's `node` remembers where that is, so in
 * `node scripts/setup.mjs && node scripts/build-page.ts` the second would be the system's too, right after installing.
 */
function buildPage() {
  const result = spawnSync(pinnedNode, [join(root, 'scripts', 'build-page.ts')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.signal) process.exit(130);
  if (result.status !== 0) fail('the page could not be built; what it says above is why.');
}

/** The npm that runs us, when one does; else the one on the path. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js') && existsSync(script)) return { file: process.execPath, args: [script] };
  return { file: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
}

function fail(sentence) {
  console.error(`setup: ${sentence}`);
  process.exit(1);
}
