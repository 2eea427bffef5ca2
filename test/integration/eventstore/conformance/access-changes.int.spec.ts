/** What becomes of calls that are open when their caller's rights change, with the published client over TLS. */
import { rmSync, writeFileSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import {
  AccessDeniedError,
  type AllStreamSubscription,
  type Credentials,
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  START,
  type StreamSubscription,
} from '@eventstore/db-client';
import monitoring from '@eventstore/db-client/generated/monitoring_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import users from '@eventstore/db-client/generated/users_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frameOf, readFrames } from '../../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { someCertificates } from '../../../support/certificates.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { aNode } from '../support.ts';
import { aGroupOn, connected, consumer } from './persistent-subscriptions-support.ts';
import { admin, basic, type RawConnection, secureConnection } from './raw-call.ts';
import { aStream, someEvents } from './support.ts';

const folder = temporaryFolder();
const caFile = join(folder, 'ca.pem');
const certificates = someCertificates();
let port: number;
let closeNode: () => Promise<void>;
let raw: RawConnection;
let client: EventStoreDBClient;

beforeAll(async () => {
  const started = await aNode({ tls: certificates, secure: true });
  port = started.node.port;
  closeNode = started.close;
  writeFileSync(caFile, certificates.authority);
  raw = secureConnection(port, certificates.authority);
  client = clientOf(admin);
});
afterAll(async () => {
  raw.close();
  await closeNode();
  rmSync(folder, { recursive: true });
});

const clientOf = ({ username, password }: Credentials): EventStoreDBClient =>
  EventStoreDBClient.connectionString(
    `esdb://${username}:${password}@127.0.0.1:${port}?tls=true&tlsCaFile=${caFile}`,
  );

let people = 0;

/** Somebody new, in these groups. */
async function aUser(...groups: string[]): Promise<Credentials> {
  const someone = { username: `user${++people}`, password: 'theirs' };
  await createUser(someone, groups);
  return someone;
}

const USERS = '/event_store.client.users.Users';

async function createUser({ username, password }: Credentials, groups: string[]): Promise<void> {
  const options = new users.CreateReq.Options();
  options.setLoginName(username).setPassword(password).setGroupsList(groups);
  const request = new users.CreateReq().setOptions(options);
  const { status } = await raw.call(`${USERS}/Create`, users.CreateResp, request, admin);
  expect(status).toBe(0);
}

async function setGroups({ username }: Credentials, ...groups: string[]): Promise<void> {
  const options = new users.UpdateReq.Options().setLoginName(username).setGroupsList(groups);
  const request = new users.UpdateReq().setOptions(options);
  const { status } = await raw.call(`${USERS}/Update`, users.UpdateResp, request, admin);
  expect(status).toBe(0);
}

async function disable({ username }: Credentials): Promise<void> {
  const request = new users.DisableReq().setOptions(new users.DisableReq.Options().setLoginName(username));
  const { status } = await raw.call(`${USERS}/Disable`, users.DisableResp, request, admin);
  expect(status).toBe(0);
}

async function enable({ username }: Credentials): Promise<void> {
  const request = new users.EnableReq().setOptions(new users.EnableReq.Options().setLoginName(username));
  const { status } = await raw.call(`${USERS}/Enable`, users.EnableResp, request, admin);
  expect(status).toBe(0);
}

async function remove({ username }: Credentials): Promise<void> {
  const request = new users.DeleteReq().setOptions(new users.DeleteReq.Options().setLoginName(username));
  const { status } = await raw.call(`${USERS}/Delete`, users.DeleteResp, request, admin);
  expect(status).toBe(0);
}

async function resetPassword({ username }: Credentials): Promise<void> {
  const options = new users.ResetPasswordReq.Options().setLoginName(username).setNewPassword('other');
  const request = new users.ResetPasswordReq().setOptions(options);
  const { status } = await raw.call(`${USERS}/ResetPassword`, users.ResetPasswordResp, request, admin);
  expect(status).toBe(0);
}

const append = (stream: string, type = 'Happened') => client.appendToStream(stream, someEvents(1, type));
const settings = (data: Record<string, unknown>) =>
  client.appendToStream('$settings', jsonEvent({ type: 'update-default-acl', data }));
const readers = (stream: string, ...readRoles: string[]) =>
  client.setStreamMetadata(stream, { acl: { readRoles } });

/** A stream with one event that these may read. */
async function aStreamFor(...readRoles: string[]): Promise<string> {
  const stream = aStream();
  await append(stream);
  await readers(stream, ...readRoles);
  return stream;
}

/** A subscription that is open: what it has been given, and how it ends. */
interface Open {
  /** Places of its events, in order. */
  readonly seen: readonly string[];
  /** Resolves when it has been given this event. */
  got(place: string): Promise<void>;
  readonly ended: Promise<Error>;
}

/** Resolves when the subscription is confirmed. */
async function opened(subscription: StreamSubscription | AllStreamSubscription): Promise<Open> {
  const seen: string[] = [];
  const arrivals = new Map<string, () => void>();
  const ended = new Promise<Error>((resolve) => subscription.once('error', resolve));
  const failed = ended.then((error) => Promise.reject(error));
  failed.catch(() => {});
  subscription.on('data', ({ event }: { event?: { streamId: string; revision: bigint } }) => {
    const place = `${event?.revision}@${event?.streamId}`;
    seen.push(place);
    arrivals.get(place)?.();
  });
  await Promise.race([new Promise<void>((resolve) => subscription.once('confirmation', resolve)), failed]);
  return {
    seen,
    ended,
    async got(place) {
      const arrived = new Promise<void>((resolve) => arrivals.set(place, resolve));
      if (!seen.includes(place)) await Promise.race([arrived, failed]);
    },
  };
}

const subscribed = (stream: string, credentials: Credentials, resolveLinkTos = false): Promise<Open> =>
  opened(client.subscribeToStream(stream, { fromRevision: START, credentials, resolveLinkTos }));

describe('an open subscription', () => {
  test("ends when the stream's access list leaves its caller out, before what is written then", async () => {
    const [ann, bob] = [await aUser(), await aUser()];
    const stream = await aStreamFor(ann.username, bob.username);
    const [hers, his, admins] = [
      await subscribed(stream, ann),
      await subscribed(stream, bob),
      await subscribed(stream, admin),
    ];
    for (const each of [hers, his, admins]) await each.got(`0@${stream}`);
    await readers(stream, bob.username);
    await append(stream);
    expect(await hers.ended).toBeInstanceOf(AccessDeniedError);
    expect(hers.seen).toEqual([`0@${stream}`]);
    for (const each of [his, admins]) await each.got(`1@${stream}`);
  });

  test('is ended with PERMISSION_DENIED', async () => {
    const ann = await aUser();
    const stream = await aStreamFor(ann.username);
    const options = new streams.ReadReq.Options();
    const name = new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
    const from = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(name);
    options.setStream(from.setStart(new shared.Empty())).setNoFilter(new shared.Empty());
    options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
    options.setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty()));
    const call = raw.open(
      '/event_store.client.streams.Streams/Read',
      streams.ReadResp,
      new streams.ReadReq().setOptions(options),
      ann,
    );
    expect((await call.messages.next()).done).toBe(false);
    await readers(stream);
    expect(await call.ended).toMatchObject({ status: 7, trailers: { exception: 'access-denied' } });
  });

  test("of a metadata stream follows the list of the stream that it's about", async () => {
    const ann = await aUser();
    const stream = aStream();
    await client.setStreamMetadata(stream, { acl: { metaReadRoles: [ann.username] } });
    const hers = await subscribed(`$$${stream}`, ann);
    await hers.got(`0@$$${stream}`);
    await client.setStreamMetadata(stream, { acl: { metaReadRoles: [] } });
    expect(await hers.ended).toBeInstanceOf(AccessDeniedError);
  });

  test('of the whole log, filtered or not, follows the list of $all', async () => {
    const [ann, bob] = [await aUser(), await aUser()];
    await readers('$all', ann.username, bob.username);
    const filter = eventTypeFilter({ prefixes: ['Filtered'] });
    const fromEnd = { fromPosition: 'end' } as const;
    const hers = await opened(client.subscribeToAll({ credentials: ann, ...fromEnd }));
    const herFiltered = await opened(client.subscribeToAll({ credentials: ann, filter, ...fromEnd }));
    const hisFiltered = await opened(client.subscribeToAll({ credentials: bob, filter, ...fromEnd }));
    await readers('$all', bob.username);
    for (const each of [hers, herFiltered]) expect(await each.ended).toBeInstanceOf(AccessDeniedError);
    const stream = aStream();
    await append(stream, 'Filtered');
    await hisFiltered.got(`0@${stream}`);
    expect(herFiltered.seen).toEqual([]);
  });

  test('follows the default lists, where its stream has none', async () => {
    const [ann, bob] = [await aUser('some'), await aUser()];
    const [plain, listed] = [aStream(), await aStreamFor(bob.username)];
    await append(plain);
    const [hers, his, hisOwn] = [
      await subscribed(plain, ann),
      await subscribed(plain, bob),
      await subscribed(listed, bob),
    ];
    await settings({ $userStreamAcl: { $r: ['some'] } });
    expect(await his.ended).toBeInstanceOf(AccessDeniedError);
    await settings({});
    await append(plain);
    await append(listed);
    await hers.got(`1@${plain}`);
    await hisOwn.got(`1@${listed}`);
  });

  test.each([
    ['leaves the group that may read', (user: Credentials) => setGroups(user, 'others')],
    ['is disabled', disable],
    ['is deleted', remove],
  ])('ends when its caller %s', async (_, change) => {
    const [ann, bob] = [await aUser('readers'), await aUser('readers')];
    const stream = await aStreamFor('readers');
    const [hers, his] = [await subscribed(stream, ann), await subscribed(stream, bob)];
    await change(ann);
    expect(await hers.ended).toBeInstanceOf(AccessDeniedError);
    await append(stream);
    await his.got(`1@${stream}`);
  });

  test('of one who was disabled ends though everybody may read the stream', async () => {
    const ann = await aUser();
    const stream = await aStreamFor('$all');
    const hers = await subscribed(stream, ann);
    await disable(ann);
    expect(await hers.ended).toBeInstanceOf(AccessDeniedError);
  });

  test('goes on when its caller changes and keeps the right', async () => {
    const ann = await aUser('readers');
    const stream = await aStreamFor('readers');
    const hers = await subscribed(stream, ann);
    await setGroups(ann, 'others', 'readers');
    await resetPassword(ann);
    await readers(stream, ann.username);
    await append(stream);
    await hers.got(`1@${stream}`);
  });

  test('opens links by the groups that its caller is in by then', async () => {
    const ann = await aUser('readers');
    const target = await aStreamFor('readers');
    const linking = aStream();
    const link = () =>
      client.appendToStream(linking, {
        ...jsonEvent({ type: '$>', data: {} }),
        contentType: 'application/octet-stream',
        data: Buffer.from(`0@${target}`),
      });
    await link();
    const hers = await subscribed(linking, ann, true);
    await hers.got(`0@${target}`);
    await setGroups(ann);
    await link();
    await append(linking);
    await hers.got(`2@${linking}`);
    expect(hers.seen).toEqual([`0@${target}`, 'undefined@undefined', `2@${linking}`]);
  });
});

describe("an open connection to a persistent subscription's group", () => {
  test("ends when its stream's access list leaves its caller out; another one's goes on", async () => {
    const [ann, bob] = [await aUser(), await aUser()];
    const stream = await aStreamFor(ann.username, bob.username);
    await aGroupOn(client, stream);
    const hers = await connected(clientOf(ann), stream);
    await hers.ack(await hers.next());
    const his = await connected(clientOf(bob), stream);
    await readers(stream, bob.username);
    expect(await hers.ended).toBeInstanceOf(AccessDeniedError);
    await append(stream);
    expect((await his.next()).event?.revision).toBe(1n);
  });

  test.each([
    ['leaves the group of users that may read', (user: Credentials) => setGroups(user)],
    ['is disabled', disable],
    ['is deleted', remove],
  ])('ends when its caller %s', async (_, change) => {
    const ann = await aUser('readers');
    const stream = await aStreamFor('readers');
    await aGroupOn(client, stream);
    const hers = await connected(clientOf(ann), stream);
    await change(ann);
    expect(await hers.ended).toBeInstanceOf(AccessDeniedError);
  });

  test('on the whole log follows the list of $all', async () => {
    const ann = await aUser();
    await readers('$all', ann.username);
    await client.createPersistentSubscriptionToAll(
      'group',
      persistentSubscriptionToAllSettingsFromDefaults({ startFrom: 'end' }),
    );
    const hers = await consumer(clientOf(ann).subscribeToPersistentSubscriptionToAll('group'));
    await readers('$all');
    expect(await hers.ended).toBeInstanceOf(AccessDeniedError);
  });
});

/** An open BatchAppend call. */
class BatchCall {
  readonly #session: ClientHttp2Session = connect(`https://127.0.0.1:${port}`, {
    ca: certificates.authority,
  });
  readonly #stream;
  readonly #answers;
  #appends = 0;

  constructor(credentials: Credentials) {
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': '/event_store.client.streams.Streams/BatchAppend',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: basic(credentials),
    });
    this.#answers = readFrames(this.#stream, 1024 * 1024);
  }

  /** Sends an append's first message, and answers its number. */
  begin(stream: string, isFinal = false): number {
    const number = ++this.#appends;
    const options = new streams.BatchAppendReq.Options().setAny(new emptyPb.Empty());
    options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
    this.#send(number, isFinal, (request) => request.setOptions(options));
    return number;
  }

  finish(number: number): void {
    this.#send(number, true, () => {});
  }

  /** What the next append to be answered got: `ok`, or the kind of its error. */
  async answer(): Promise<string> {
    const { done, value } = await this.#answers.next();
    if (done === true) throw new Error('the call has ended');
    const answer = streams.BatchAppendResp.deserializeBinary(value);
    return answer.getError()?.getDetails()?.getTypeName() ?? 'ok';
  }

  append(stream: string): Promise<string> {
    this.begin(stream, true);
    return this.answer();
  }

  close(): void {
    this.#session.destroy();
  }

  #send(number: number, isFinal: boolean, fill: (request: streams.BatchAppendReq) => void): void {
    const request = new streams.BatchAppendReq().setIsFinal(isFinal);
    request.setCorrelationId(
      new shared.UUID().setString(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`),
    );
    const event = new streams.BatchAppendReq.ProposedMessage().setData(Buffer.from('{}'));
    event.setId(new shared.UUID().setString(crypto.randomUUID()));
    event.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
    request.addProposedMessages(event);
    fill(request);
    this.#stream.write(frameOf(request));
  }
}

describe('on an open BatchAppend call', () => {
  const refused = 'event_store.client.AccessDenied';

  async function aWriter(...groups: string[]) {
    const user = await aUser(...groups);
    const stream = aStream();
    const allow = (...writeRoles: string[]) => client.setStreamMetadata(stream, { acl: { writeRoles } });
    await allow('writers');
    return { user, stream, allow, call: new BatchCall(user) };
  }

  test("each append is checked against the stream's list as it is by then", async () => {
    const { user, stream, allow, call } = await aWriter('writers');
    expect(await call.append(stream)).toBe('ok');
    await allow();
    expect(await call.append(stream)).toBe(refused);
    await allow(user.username);
    expect(await call.append(stream)).toBe('ok');
    call.close();
  });

  test('an append of several messages is checked when it is whole', async () => {
    const { stream, allow, call } = await aWriter('writers');
    const begun = call.begin(stream);
    // Its answer comes behind that beginning.
    expect(await call.append(stream)).toBe('ok');
    await allow();
    call.finish(begun);
    expect(await call.answer()).toBe(refused);
    call.close();
  });

  test('what the caller may do is what the user may do by then', async () => {
    const { user, stream, call } = await aWriter('writers');
    expect(await call.append(stream)).toBe('ok');
    await setGroups(user);
    expect(await call.append(stream)).toBe(refused);
    await setGroups(user, 'writers');
    expect(await call.append(stream)).toBe('ok');
    await resetPassword(user);
    expect(await call.append(stream)).toBe('ok');
    call.close();
  });

  test('one who is disabled may do nothing until he is enabled, and one who is deleted nothing', async () => {
    const { user, call } = await aWriter();
    const open = aStream();
    expect(await call.append(open)).toBe('ok');
    await disable(user);
    expect(await call.append(open)).toBe(refused);
    await enable(user);
    expect(await call.append(open)).toBe('ok');
    await remove(user);
    expect(await call.append(open)).toBe(refused);
    call.close();
  });

  test('an administrator who is none any more is checked like everybody', async () => {
    const { user, stream, call } = await aWriter('$admins');
    expect(await call.append(stream)).toBe('ok');
    await setGroups(user);
    expect(await call.append(stream)).toBe(refused);
    call.close();
  });
});

test('an open stream of statistics ends when its caller is disabled', async () => {
  const ann = await aUser();
  const call = raw.open(
    '/event_store.client.monitoring.Monitoring/Stats',
    monitoring.StatsResp,
    new monitoring.StatsReq().setRefreshTimePeriodInMs('600000'),
    ann,
  );
  expect((await call.messages.next()).done).toBe(false);
  await disable(ann);
  expect(await call.ended).toMatchObject({ status: 7 });
});
