/** Access lists, with the published client over TLS: who may do what to which stream. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AccessDeniedError,
  type AppendToStreamOptions,
  type Credentials,
  EventStoreDBClient,
  jsonEvent,
  START,
} from '@eventstore/db-client';
import users from '@eventstore/db-client/generated/users_pb.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { someCertificates } from '../../../support/certificates.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { aNode } from '../support.ts';
import { secureConnection } from './raw-call.ts';
import { aStream, someEvents, take } from './support.ts';

const admin: Credentials = { username: 'admin', password: 'changeit' };
const ops: Credentials = { username: 'ops', password: 'changeit' };
const ann: Credentials = { username: 'ann', password: 'hers' };

const folder = temporaryFolder();
const caFile = join(folder, 'ca.pem');
let port: number;
let closeNode: () => Promise<void>;
/** Nobody in particular, unless a call says otherwise. */
let client: EventStoreDBClient;

const clientOf = (user?: Credentials, host = '127.0.0.1'): EventStoreDBClient => {
  const who = user === undefined ? '' : `${user.username}:${user.password}@`;
  return EventStoreDBClient.connectionString(`esdb://${who}${host}:${port}?tls=true&tlsCaFile=${caFile}`);
};

beforeAll(async () => {
  const certificates = someCertificates();
  writeFileSync(caFile, certificates.authority);
  const started = await aNode({ tls: certificates, secure: true });
  port = started.node.port;
  closeNode = started.close;
  client = clientOf();
  const raw = secureConnection(port, certificates.authority);
  const options = new users.CreateReq.Options()
    .setLoginName('ann')
    .setPassword('hers')
    .setGroupsList(['readers']);
  const request = new users.CreateReq().setOptions(options);
  await raw.call('/event_store.client.users.Users/Create', users.CreateResp, request, admin);
  raw.close();
});
afterAll(async () => {
  await closeNode();
  rmSync(folder, { recursive: true });
});

const by = (credentials: Credentials | undefined): { credentials?: Credentials } =>
  credentials === undefined ? {} : { credentials };
const append = (stream: string, who?: Credentials, options: AppendToStreamOptions = {}) =>
  client.appendToStream(stream, someEvents(1), { ...options, ...by(who) });
const read = (stream: string, who?: Credentials) => take(client.readStream(stream, by(who)));
const denied = (attempt: Promise<unknown>) => expect(attempt).rejects.toThrow(AccessDeniedError);

/** A stream with one event, and an access list. */
async function guarded(acl: Parameters<EventStoreDBClient['setStreamMetadata']>[1]['acl']): Promise<string> {
  const stream = aStream();
  await append(stream);
  await client.setStreamMetadata(stream, { acl: acl ?? {} });
  return stream;
}

describe('TLS', () => {
  test('is what a client gets that knows the authority, by address and by name', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const named = clientOf(admin, host);
      const stream = aStream();
      await named.appendToStream(stream, someEvents(2));
      expect(await take(named.readStream(stream))).toHaveLength(2);
    }
  });

  test('holds for a node that was discovered, too', async () => {
    const url = `esdb+discover://localhost:${port}?tls=true&tlsCaFile=${caFile}&maxDiscoverAttempts=1`;
    const discovered = EventStoreDBClient.connectionString(url);
    await discovered.appendToStream(aStream(), someEvents(1));
  });

  test('does not work for a client that does not know the authority, nor does plain text', async () => {
    for (const tail of ['tls=true', 'tls=false']) {
      const stranger = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?${tail}`);
      await expect(stranger.appendToStream(aStream(), someEvents(1))).rejects.toMatchObject({ code: 14 });
    }
  });
});

describe('credentials', () => {
  test('that are wrong are refused for everything, though nobody in particular may do it', async () => {
    const wrong = { username: 'ann', password: 'guess' };
    await denied(append(aStream(), wrong));
    await denied(read(aStream(), wrong));
    await denied(clientOf(wrong).appendToStream(aStream(), someEvents(1)));
  });

  test('may come with the connection or with one call', async () => {
    const stream = await guarded({ readRoles: ['ann'] });
    expect(await read(stream, ann)).toHaveLength(1);
    expect(await take(clientOf(ann).readStream(stream))).toHaveLength(1);
    await denied(take(clientOf(ops).readStream(stream)));
  });
});

describe('without an access list', () => {
  test("users' streams are open to everybody", async () => {
    const stream = aStream();
    await append(stream);
    await client.setStreamMetadata(stream, { maxCount: 9 });
    expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({ maxCount: 9 });
    expect(await read(stream)).toHaveLength(1);
    await client.deleteStream(stream);
    await client.tombstoneStream(stream);
  });

  test.each(['$own', '$settings', '$user-admin', '$ce-stream'])(
    'the system stream %s is open to administrators',
    async (stream) => {
      for (const who of [undefined, ann, ops]) {
        await denied(read(stream, who));
        await denied(client.getStreamMetadata(stream, by(who)));
      }
    },
  );

  test('the whole log is open to administrators', async () => {
    for (const who of [undefined, ann, ops]) {
      await denied(take(client.readAll({ maxCount: 1, ...by(who) })));
      await denied(take(client.subscribeToAll(by(who))));
    }
    expect(await take(client.readAll({ maxCount: 3, credentials: admin }))).toHaveLength(3);
  });
});

describe("a stream's access list", () => {
  test('says who reads and subscribes', async () => {
    const stream = await guarded({ readRoles: ['readers'] });
    await denied(read(stream));
    await denied(read(stream, ops));
    await denied(take(client.subscribeToStream(stream)));
    expect(await read(stream, ann)).toHaveLength(1);
    expect(
      await take(client.subscribeToStream(stream, { fromRevision: START, credentials: ann }), 1),
    ).toHaveLength(1);
    expect(await read(stream, admin)).toHaveLength(1);
  });

  test('says who appends, one by one and in batches', async () => {
    const stream = await guarded({ writeRoles: ['ann'] });
    // Without credentials of its own the client takes the batch call, with them the single one.
    await denied(append(stream));
    await denied(append(stream, ops));
    await denied(clientOf(ops).appendToStream(stream, someEvents(1)));
    await append(stream, ann);
    await clientOf(ann).appendToStream(stream, someEvents(1));
    await append(stream, admin);
    expect(await read(stream)).toHaveLength(4);
  });

  test('that refuses one append leaves the others on the same call alone', async () => {
    const closed = await guarded({ writeRoles: [] });
    const [refused, ...appended] = await Promise.allSettled([
      append(closed),
      append(aStream()),
      append(aStream()),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(AccessDeniedError) });
    expect(appended.map((each) => each.status)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('says who deletes', async () => {
    const stream = await guarded({ deleteRoles: ['ann'] });
    await denied(client.deleteStream(stream));
    await denied(client.tombstoneStream(stream, { credentials: ops }));
    await client.deleteStream(stream, { credentials: ann });
  });

  test('says who reads and writes metadata, and with it the list itself', async () => {
    const stream = await guarded({ metaReadRoles: ['readers'], metaWriteRoles: ['$ops'] });
    await denied(client.getStreamMetadata(stream));
    await denied(client.setStreamMetadata(stream, {}));
    await denied(client.setStreamMetadata(stream, {}, { credentials: ann }));
    expect((await client.getStreamMetadata(stream, { credentials: ann })).metadata).toBeDefined();
    await client.setStreamMetadata(stream, {}, { credentials: ops });
    await client.setStreamMetadata(stream, { maxCount: 1 });
  });

  test('opens a system stream', async () => {
    await append('$open', admin);
    await denied(read('$open', ann));
    await client.setStreamMetadata('$open', { acl: { readRoles: ['$all'] } }, { credentials: admin });
    expect(await read('$open')).toHaveLength(1);
  });

  test('of the whole log says who reads that', async () => {
    await client.setStreamMetadata('$all', { acl: { readRoles: ['readers'] } }, { credentials: admin });
    expect(await take(client.readAll({ maxCount: 1, credentials: ann }))).toHaveLength(1);
    await denied(take(client.readAll({ maxCount: 1, credentials: ops })));
  });
});

test('nobody writes to $all, and nobody deletes metadata', async () => {
  await denied(append('$all', admin));
  const stream = await guarded({});
  await denied(client.deleteStream(`$$${stream}`, { credentials: admin }));
});

test('a link does not open what its reader may not read', async () => {
  const stream = aStream();
  const links = ['0@$user-admin', `0@${stream}`].map(
    (data) =>
      ({
        ...jsonEvent({ type: '$>', data: {} }),
        contentType: 'application/octet-stream',
        data: Buffer.from(data),
      }) as const,
  );
  await append(stream);
  const linking = aStream();
  await client.appendToStream(linking, links);
  const resolved = await take(client.readStream(linking, { resolveLinkTos: true }));
  expect(resolved.map(({ event }) => event?.streamId)).toEqual([undefined, stream]);
  const asAdmin = await take(client.readStream(linking, { resolveLinkTos: true, credentials: admin }));
  expect(asAdmin.map(({ event }) => event?.streamId)).toEqual(['$user-admin', stream]);
});

test('the stream of settings changes what holds without an access list, at once', async () => {
  const settings = (data: Record<string, unknown>) =>
    client.appendToStream('$settings', jsonEvent({ type: 'update-default-acl', data }), {
      credentials: admin,
    });
  const stream = aStream();
  await append(stream);
  await settings({ $userStreamAcl: { $r: 'readers' }, $systemStreamAcl: { $r: ['$ops'] } });
  await denied(read(stream));
  expect(await read(stream, ann)).toHaveLength(1);
  expect(await read('$ce-stream', ops)).not.toHaveLength(0);
  // The hashes of passwords have a list of their own.
  await denied(read('$user-admin', ops));
  await settings({});
  expect(await read(stream)).toHaveLength(1);
  await denied(read('$ce-stream', ops));
});
