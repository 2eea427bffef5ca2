/** `Users`, and logging in, on a node that checks access. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import users from '@eventstore/db-client/generated/users_pb.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grpcStatus } from '../../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { aNode } from '../support.ts';
import { type Answer, admin, type Credentials, ops, type RawConnection, rawConnection } from './raw-call.ts';

let node: RawConnection;
let close: () => Promise<void>;
beforeAll(async () => {
  const started = await aNode({ secure: true });
  node = rawConnection(started.node.port);
  close = started.close;
});
afterAll(async () => {
  node.close();
  await close();
});

const USERS = '/event_store.client.users.Users';
type By = string | Credentials | undefined;
interface User {
  readonly login: string;
  readonly password?: string;
  readonly fullName?: string;
  readonly groups?: string[];
}

const create = (by: By, { login, password = 'secret', fullName = '', groups = [] }: User) => {
  const options = new users.CreateReq.Options().setLoginName(login).setPassword(password);
  options.setFullName(fullName).setGroupsList(groups);
  return node.call(`${USERS}/Create`, users.CreateResp, new users.CreateReq().setOptions(options), by);
};
const update = (by: By, { login, fullName = '', groups = [] }: User) => {
  const options = new users.UpdateReq.Options().setLoginName(login).setFullName(fullName);
  const request = new users.UpdateReq().setOptions(options.setGroupsList(groups));
  return node.call(`${USERS}/Update`, users.UpdateResp, request, by);
};
const remove = (by: By, login: string) => {
  const options = new users.DeleteReq.Options().setLoginName(login);
  return node.call(`${USERS}/Delete`, users.DeleteResp, new users.DeleteReq().setOptions(options), by);
};
const disable = (by: By, login: string) => {
  const options = new users.DisableReq.Options().setLoginName(login);
  return node.call(`${USERS}/Disable`, users.DisableResp, new users.DisableReq().setOptions(options), by);
};
const enable = (by: By, login: string) => {
  const options = new users.EnableReq.Options().setLoginName(login);
  return node.call(`${USERS}/Enable`, users.EnableResp, new users.EnableReq().setOptions(options), by);
};
const details = async (by: By, login?: string) => {
  const request = new users.DetailsReq();
  if (login !== undefined) request.setOptions(new users.DetailsReq.Options().setLoginName(login));
  const answer = await node.call(`${USERS}/Details`, users.DetailsResp, request, by);
  return { ...answer, found: answer.messages.map((message) => message.getUserDetails()?.toObject()) };
};
const changePassword = (by: By, login: string, current: string, next: string) => {
  const options = new users.ChangePasswordReq.Options().setLoginName(login);
  options.setCurrentPassword(current).setNewPassword(next);
  const request = new users.ChangePasswordReq().setOptions(options);
  return node.call(`${USERS}/ChangePassword`, users.ChangePasswordResp, request, by);
};
const resetPassword = (by: By, login: string, next: string) => {
  const options = new users.ResetPasswordReq.Options().setLoginName(login).setNewPassword(next);
  const request = new users.ResetPasswordReq().setOptions(options);
  return node.call(`${USERS}/ResetPassword`, users.ResetPasswordResp, request, by);
};
/** Asks for something that everybody may have: the status tells whether the credentials are right. */
const logIn = async (by: By): Promise<number> => {
  const options = new streams.ReadReq.Options().setCount('1').setNoFilter(new shared.Empty());
  const name = new shared.StreamIdentifier().setStreamName(Buffer.from('s'));
  options.setStream(new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(name));
  const request = new streams.ReadReq().setOptions(options);
  const path = '/event_store.client.streams.Streams/Read';
  return (await node.call(path, streams.ReadResp, request, by)).status;
};

const ok = { status: grpcStatus.ok };
const denied = { status: grpcStatus.permissionDenied, trailers: { exception: 'access-denied' } };
const notFound = (login: string): Partial<Answer<unknown>> => ({
  status: grpcStatus.notFound,
  trailers: { exception: 'user-not-found', 'login-name': login },
});
const conflict = (login: string): Partial<Answer<unknown>> => ({
  status: grpcStatus.failedPrecondition,
  trailers: { exception: 'user-conflict', 'login-name': login },
});

describe('logging in', () => {
  test('works for the default users', async () => {
    expect(await logIn(admin)).toBe(grpcStatus.ok);
    expect(await logIn(ops)).toBe(grpcStatus.ok);
  });

  test.each([
    ['a wrong password', { username: 'admin', password: 'guess' }],
    ['an unknown user', { username: 'nobody', password: 'changeit' }],
    ['a login that breaks names', { username: '$settings\u0000/../', password: 'x' }],
    ['another scheme', 'Bearer xyz'],
    ['nonsense', 'Basic !!!'],
    ['nothing', 'Basic'],
  ])('with %s is refused as unauthenticated, before anything is done', async (_, by) => {
    expect(await logIn(by)).toBe(grpcStatus.unauthenticated);
  });
});

describe('a user', () => {
  test('who was created logs in and is shown with what was said of him, but for the password', async () => {
    const ann: User = { login: 'ann', password: 'hers', fullName: 'Ann Ä', groups: ['readers', 'writers'] };
    expect(await create(admin, ann)).toMatchObject(ok);
    expect(await logIn({ username: 'ann', password: 'hers' })).toBe(grpcStatus.ok);
    const { found } = await details(admin, 'ann');
    expect(found).toEqual([
      {
        loginName: 'ann',
        fullName: 'Ann Ä',
        groupsList: ['readers', 'writers'],
        disabled: false,
        lastUpdated: { ticksSinceEpoch: expect.stringMatching(/^\d{17}$/) },
      },
    ]);
  });

  test('who is there is a conflict to create, unless with the password that he has', async () => {
    await create(admin, { login: 'twice', password: 'one' });
    expect(await create(admin, { login: 'twice', password: 'two' })).toMatchObject(conflict('twice'));
    expect(await create(admin, { login: 'twice', password: 'one' })).toMatchObject(ok);
    expect(await logIn({ username: 'twice', password: 'one' })).toBe(grpcStatus.ok);
  });

  test('created by two at once is created by one', async () => {
    const answers = await Promise.all(
      ['one', 'two'].map((password) => create(admin, { login: 'raced', password })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([
      grpcStatus.ok,
      grpcStatus.failedPrecondition,
    ]);
  });

  test('gets a new name and other groups, and keeps his password', async () => {
    await create(admin, { login: 'moved', password: 'p', groups: ['a'] });
    expect(await update(admin, { login: 'moved', fullName: 'M', groups: ['b'] })).toMatchObject(ok);
    const { found } = await details(admin, 'moved');
    expect(found[0]).toMatchObject({ fullName: 'M', groupsList: ['b'] });
    expect(await logIn({ username: 'moved', password: 'p' })).toBe(grpcStatus.ok);
  });

  test('who is disabled cannot log in until he is enabled', async () => {
    const by = { username: 'paused', password: 'p' };
    await create(admin, { login: 'paused', password: 'p' });
    expect(await logIn(by)).toBe(grpcStatus.ok);
    expect(await disable(admin, 'paused')).toMatchObject(ok);
    expect(await logIn(by)).toBe(grpcStatus.unauthenticated);
    expect((await details(admin, 'paused')).found[0]).toMatchObject({ disabled: true });
    expect(await enable(admin, 'paused')).toMatchObject(ok);
    expect(await logIn(by)).toBe(grpcStatus.ok);
  });

  test('who is deleted is gone, and may be created again', async () => {
    await create(admin, { login: 'left', password: 'p' });
    expect(await remove(admin, 'left')).toMatchObject(ok);
    expect(await logIn({ username: 'left', password: 'p' })).toBe(grpcStatus.unauthenticated);
    expect(await details(admin, 'left')).toMatchObject(notFound('left'));
    expect((await details(admin)).found.map((user) => user?.loginName)).not.toContain('left');
    expect(await create(admin, { login: 'left', password: 'q' })).toMatchObject(ok);
    expect(await logIn({ username: 'left', password: 'p' })).toBe(grpcStatus.unauthenticated);
    expect(await logIn({ username: 'left', password: 'q' })).toBe(grpcStatus.ok);
  });

  test('changes his own password, if he knows the one he has', async () => {
    await create(admin, { login: 'own', password: 'old' });
    const by = { username: 'own', password: 'old' };
    expect(await changePassword(by, 'own', 'guess', 'new')).toMatchObject(denied);
    expect(await changePassword(by, 'ann', 'hers', 'new')).toMatchObject(denied);
    expect(await changePassword(undefined, 'own', 'old', 'new')).toMatchObject(denied);
    expect(await changePassword(by, 'own', 'old', 'new')).toMatchObject(ok);
    expect(await logIn(by)).toBe(grpcStatus.unauthenticated);
    expect(await logIn({ username: 'own', password: 'new' })).toBe(grpcStatus.ok);
  });

  test('gets a new password from an administrator', async () => {
    await create(admin, { login: 'reset', password: 'old' });
    expect(await resetPassword(admin, 'reset', 'new')).toMatchObject(ok);
    expect(await logIn({ username: 'reset', password: 'old' })).toBe(grpcStatus.unauthenticated);
    expect(await logIn({ username: 'reset', password: 'new' })).toBe(grpcStatus.ok);
  });

  test('who is not there is not found, whatever is asked of him', async () => {
    const gone = notFound('g%C3%B6ne');
    for (const answer of [
      await update(admin, { login: 'göne' }),
      await remove(admin, 'göne'),
      await disable(admin, 'göne'),
      await enable(admin, 'göne'),
      await details(admin, 'göne'),
      await resetPassword(admin, 'göne', 'new'),
    ]) {
      expect(answer).toMatchObject(gone);
    }
  });
});

test('a node that checks nothing takes any credentials, for anything', async () => {
  const open = await aNode();
  const connection = rawConnection(open.node.port);
  for (const by of [undefined, { username: 'nobody', password: 'guess' }, 'Bearer xyz']) {
    const answer = await connection.call(`${USERS}/Details`, users.DetailsResp, new users.DetailsReq(), by);
    expect(answer).toMatchObject({ status: grpcStatus.ok, messages: [] });
  }
  connection.close();
  await open.close();
});

test('all users are shown in the order of their logins', async () => {
  for (const login of ['z-last', 'a-first']) await create(admin, { login });
  const logins = (await details(admin)).found.map((user) => user?.loginName ?? '');
  expect(logins).toEqual(expect.arrayContaining(['a-first', 'admin', 'ops', 'z-last']));
  expect(logins).toEqual([...logins].sort());
});

describe('only an administrator', () => {
  test.each([
    ['nobody in particular', undefined],
    ['an operator', ops],
    ['a plain user', { username: 'plain', password: 'p' }],
  ])('manages users, not %s', async (_, by) => {
    await create(admin, { login: 'plain', password: 'p' });
    for (const answer of [
      await create(by, { login: 'made' }),
      await update(by, { login: 'admin' }),
      await remove(by, 'admin'),
      await disable(by, 'admin'),
      await enable(by, 'admin'),
      await details(by),
      await details(by, 'admin'),
      await resetPassword(by, 'admin', 'new'),
    ]) {
      expect(answer).toMatchObject(denied);
    }
  });

  test('sees others; everybody sees himself', async () => {
    expect((await details(ops, 'ops')).found).toMatchObject([{ loginName: 'ops', groupsList: ['$ops'] }]);
  });
});

test.each([
  ['no login', { login: '' }],
  ['a colon in the login', { login: 'a:b' }],
  ['a dollar before the login', { login: '$admins' }],
  ['an invisible letter in the login', { login: 'a\u200bb' }],
  ['an overlong login', { login: 'x'.repeat(257) }],
  ['no password', { login: 'x', password: '' }],
  ['an overlong password', { login: 'x', password: 'x'.repeat(1_025) }],
  ['too many groups', { login: 'x', groups: Array.from({ length: 65 }, (_, index) => `g${index}`) }],
  ['a group without a name', { login: 'x', groups: [''] }],
  ['an overlong full name', { login: 'x', fullName: 'x'.repeat(1_025) }],
])('a user with %s is not created', async (_, user) => {
  expect(await create(admin, user)).toMatchObject({ status: grpcStatus.invalidArgument });
});
