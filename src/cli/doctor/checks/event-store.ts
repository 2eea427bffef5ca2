import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped } from '../finding.ts';
import { isJsonObject, isTextOrMissing } from '../json-shapes.ts';
import type { Reach, Store } from '../world.ts';

/** Whether the event store answers, what it is, and where its log ends. */
export const eventStoreCheck: Check = {
  name: 'event store',
  async look({ store, settings }) {
    const reach = await store();
    const node = reach.kind === 'there' ? await nodeFacts(reach.it.url) : undefined;
    return [judgeEventStore(reach, node, settings?.esdbUrl !== undefined)];
  },
};

export interface NodeFacts {
  /** As it names it itself. */
  readonly version: string | undefined;
  readonly takesWrites: boolean;
}

export function judgeEventStore(
  reach: Reach<Pick<Store, 'head' | 'epoch'>>,
  node: NodeFacts | undefined,
  isOutside: boolean,
): Finding {
  if (reach.kind === 'stopped') return skipped(reach.why);
  if (reach.kind === 'failed') {
    return problem(
      `It does not answer: ${reach.why}.`,
      isOutside
        ? 'Start it, or correct ESDB_URL: host, port, tls, user and password.'
        : 'Its log says why (`hongbao.log` in the data folder); the supervisor starts it again.',
    );
  }
  const { head, epoch } = reach.it;
  const version = node?.version === undefined ? '' : `, version ${node.version}`;
  const history = epoch === '' ? 'no epoch yet' : `epoch ${epoch}`;
  const sentence = `${isOutside ? 'The outside store' : 'The embedded node'} answers${version}; its log ends at ${head}, ${history}.`;
  if (node !== undefined && !node.takesWrites) {
    return problem(
      `${sentence} It takes no writes now.`,
      'It is stopping, or is a replica: connect to the leader, or wait until it has started again.',
    );
  }
  return ok(sentence);
}

interface Info {
  readonly dbVersion?: string;
  readonly esVersion?: string;
  readonly state?: string;
}

const isInfo = (page: unknown): page is Info =>
  isJsonObject(page) && [page.dbVersion, page.esVersion, page.state].every(isTextOrMissing);

interface Health {
  readonly ready: boolean;
  readonly protocolVersion?: string;
}

const isHealth = (page: unknown): page is Health =>
  isJsonObject(page) && typeof page.ready === 'boolean' && isTextOrMissing(page.protocolVersion);

/** What the node's own pages say; undefined where they cannot be read, as over TLS or of several hosts. */
async function nodeFacts(url: string): Promise<NodeFacts | undefined> {
  const [, host] = /^esdb:\/\/(?:[^@/]*@)?([^,/?]+)[/]?\?(?:.*&)?tls=false(?:&|$)/i.exec(url) ?? [];
  if (host === undefined) return undefined;
  const [about, state] = await Promise.all([page(`http://${host}/info`), page(`http://${host}/health`)]);
  if (isInfo(about)) {
    const isReplica = /replica|follower/i.test(about.state ?? '');
    return { version: about.dbVersion ?? about.esVersion, takesWrites: !isReplica };
  }
  if (!isHealth(state)) return undefined;
  // The embedded node has no version of its own.
  const { ready, protocolVersion } = state;
  return { version: protocolVersion && `${protocolVersion} of the protocol`, takesWrites: ready };
}

async function page(url: string): Promise<unknown> {
  try {
    return (await (await fetch(url)).json()) as unknown;
  } catch {
    return undefined;
  }
}
