import { streams } from '../../domain/streams.ts';
import { doneOf } from '../outcomes.ts';
import { personalBody, userCommand } from '../user-command.ts';
import type { WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';

export function profileHandlers({ aggregates, keyring }: WriteScope): Handlers<'changeProfile'> {
  return {
    async changeProfile(request, context) {
      const body = await personalBody(keyring, context, 'changeProfile', request);
      const nickname = await keyring.seal(context.userId, request.nickname);
      const command = userCommand(context, { type: 'ChangeProfile', nickname } as const, body);
      return doneOf(await aggregates.account.execute(streams.account(context.userId), command));
    },
  };
}
