/** `Users`: who may log in, for administrators; and each user's own password, for himself. */
import users from '@eventstore/db-client/generated/users_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { accessDenied, GrpcError, grpcStatus, headerText } from '../grpc/grpc-status.ts';
import { orUnavailable } from '../grpc/or-unavailable.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { requireAdministrator } from './access.ts';
import { isAdministrator } from './caller.ts';
import type { PasswordHasher } from './password-hash.ts';
import type { FoundUser, UserDirectory, UserWrite } from './user-directory.ts';
import type { UserRecord } from './user-record.ts';
import { parseFullName, parseGroups, parseLogin, parsePassword } from './user-request.ts';

/** Every call of the service, by path. */
export function usersService(
  directory: UserDirectory,
  hasher: PasswordHasher,
): readonly (readonly [string, GrpcHandler])[] {
  const service = '/event_store.client.users.Users';
  return [
    [`${service}/Create`, create(directory, hasher)],
    [`${service}/Update`, update(directory)],
    [`${service}/Delete`, remove(directory)],
    [`${service}/Enable`, enable(directory)],
    [`${service}/Disable`, disable(directory)],
    [`${service}/Details`, details(directory)],
    [`${service}/ChangePassword`, changePassword(directory, hasher)],
    [`${service}/ResetPassword`, resetPassword(directory, hasher)],
  ];
}

function create(directory: UserDirectory, hasher: PasswordHasher): GrpcHandler {
  return async (call) => {
    const options = parseMessage(users.CreateReq, await call.requiredMessage()).getOptions();
    requireAdministrator(call.caller);
    const login = parseLogin(options?.getLoginName());
    const password = parsePassword(options?.getPassword());
    const fullName = parseFullName(options?.getFullName());
    const groups = parseGroups(options?.getGroupsList());
    const there = directory.find(login);
    if (there === undefined) {
      if (directory.createdCount >= limits.eventNode.usersCreatedMax) {
        throw new GrpcError(grpcStatus.resourceExhausted, 'there are as many users as there may be');
      }
      const hash = await hasher.hash(password);
      const user = { login, fullName, groups, disabled: false, password: hash };
      written(login, await orUnavailable(directory.create(user)));
    } else if (!(await hasher.verify(there.user.password, password))) {
      // With the password that he has, it is the same request sent again.
      throw userConflict(login);
    }
    await call.write(frameOf(new users.CreateResp()));
  };
}

function update(directory: UserDirectory): GrpcHandler {
  return async (call) => {
    const options = parseMessage(users.UpdateReq, await call.requiredMessage()).getOptions();
    requireAdministrator(call.caller);
    const fullName = parseFullName(options?.getFullName());
    const groups = parseGroups(options?.getGroupsList());
    await change(directory, parseLogin(options?.getLoginName()), { fullName, groups });
    await call.write(frameOf(new users.UpdateResp()));
  };
}

function remove(directory: UserDirectory): GrpcHandler {
  return async (call) => {
    const options = parseMessage(users.DeleteReq, await call.requiredMessage()).getOptions();
    requireAdministrator(call.caller);
    const login = parseLogin(options?.getLoginName());
    written(login, await orUnavailable(directory.remove(existing(directory, login))));
    await call.write(frameOf(new users.DeleteResp()));
  };
}

function enable(directory: UserDirectory): GrpcHandler {
  return async (call) => {
    const options = parseMessage(users.EnableReq, await call.requiredMessage()).getOptions();
    requireAdministrator(call.caller);
    await change(directory, parseLogin(options?.getLoginName()), { disabled: false });
    await call.write(frameOf(new users.EnableResp()));
  };
}

function disable(directory: UserDirectory): GrpcHandler {
  return async (call) => {
    const options = parseMessage(users.DisableReq, await call.requiredMessage()).getOptions();
    requireAdministrator(call.caller);
    await change(directory, parseLogin(options?.getLoginName()), { disabled: true });
    await call.write(frameOf(new users.DisableResp()));
  };
}

function changePassword(directory: UserDirectory, hasher: PasswordHasher): GrpcHandler {
  return async (call) => {
    const options = parseMessage(users.ChangePasswordReq, await call.requiredMessage()).getOptions();
    const login = parseLogin(options?.getLoginName());
    requireSelf(call, login);
    const found = existing(directory, login);
    const current = options?.getCurrentPassword() ?? '';
    const next = parsePassword(options?.getNewPassword());
    if (!(await hasher.verify(found.user.password, current))) throw accessDenied();
    await replace(directory, found, { password: await hasher.hash(next) });
    await call.write(frameOf(new users.ChangePasswordResp()));
  };
}

function resetPassword(directory: UserDirectory, hasher: PasswordHasher): GrpcHandler {
  return async (call) => {
    const options = parseMessage(users.ResetPasswordReq, await call.requiredMessage()).getOptions();
    requireAdministrator(call.caller);
    const login = parseLogin(options?.getLoginName());
    const found = existing(directory, login);
    const password = await hasher.hash(parsePassword(options?.getNewPassword()));
    await replace(directory, found, { password });
    await call.write(frameOf(new users.ResetPasswordResp()));
  };
}

/** One user, or, without a login, all of them in the order of their logins. */
function details(directory: UserDirectory): GrpcHandler {
  return async (call) => {
    const login = parseMessage(users.DetailsReq, await call.requiredMessage())
      .getOptions()
      ?.getLoginName();
    if (login !== undefined && login.trim() !== '') {
      requireSelf(call, login);
      await call.write(detailsFrame(existing(directory, parseLogin(login))));
      return;
    }
    requireAdministrator(call.caller);
    for (const each of directory.logins()) {
      const found = directory.find(each);
      if (found !== undefined) await call.write(detailsFrame(found));
      if (call.signal.aborted) return;
    }
  };
}

function requireSelf({ caller }: GrpcCall, login: string): void {
  if (caller.login !== login && !isAdministrator(caller)) throw accessDenied();
}

function existing(directory: UserDirectory, login: string): FoundUser {
  const found = directory.find(login);
  if (found === undefined) {
    throw new GrpcError(grpcStatus.notFound, `there is no user ${login}`, {
      exception: 'user-not-found',
      'login-name': headerText(login),
    });
  }
  return found;
}

const change = (directory: UserDirectory, login: string, changes: Partial<UserRecord>): Promise<void> =>
  replace(directory, existing(directory, login), changes);

async function replace(
  directory: UserDirectory,
  found: FoundUser,
  changes: Partial<UserRecord>,
): Promise<void> {
  const outcome = await orUnavailable(directory.replace(found, { ...found.user, ...changes }));
  written(found.user.login, outcome);
}

function written(login: string, outcome: UserWrite): void {
  if (outcome === 'conflict') throw userConflict(login);
}

const userConflict = (login: string): GrpcError =>
  new GrpcError(grpcStatus.failedPrecondition, `the user ${login} is there, or was changed meanwhile`, {
    exception: 'user-conflict',
    'login-name': headerText(login),
  });

const TICKS_PER_MS = 10_000n;

function detailsFrame({ user, updatedMs }: FoundUser): Buffer {
  const updated = new users.DetailsResp.UserDetails.DateTime();
  updated.setTicksSinceEpoch(String(BigInt(updatedMs) * TICKS_PER_MS));
  const details = new users.DetailsResp.UserDetails()
    .setLoginName(user.login)
    .setFullName(user.fullName)
    .setGroupsList([...user.groups])
    .setDisabled(user.disabled)
    .setLastUpdated(updated);
  return frameOf(new users.DetailsResp().setUserDetails(details));
}
