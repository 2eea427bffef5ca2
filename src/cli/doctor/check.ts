import type { Finding } from './finding.ts';
import type { World } from './world.ts';

/** One thing that `hongbao doctor` looks at. It changes nothing, and may throw: that is reported. */
export interface Check {
  readonly name: string;
  look(world: World): Promise<readonly Finding[]>;
}
