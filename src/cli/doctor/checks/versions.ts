import packageJson from '../../../../package.json' with { type: 'json' };
import type { Check } from '../check.ts';
import { type Finding, ok, warning } from '../finding.ts';

/** Which hongbao on which Node. */
export const versionsCheck: Check = {
  name: 'versions',
  look: async () => [
    judgeVersions(packageJson.version, process.versions.node, packageJson.dependencies.node),
  ],
};

/** Whether the Node that runs is the one that the program is made and tested with. */
export function judgeVersions(version: string, node: string, pinned: string): Finding {
  const runs = `hongbao ${version} runs on Node ${node}`;
  if (node === pinned) return ok(`${runs}, the one that it is tested with.`);
  return warning(
    `${runs}, but is tested with ${pinned}.`,
    'Start it with `npm start` or bin/hongbao.mjs, which take the right one from node_modules.',
  );
}
