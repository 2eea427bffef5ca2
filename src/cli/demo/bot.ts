import { type Client, createClient } from '../../client/index.ts';
import type { ClientMessageId, ConversationId, UserId } from '../../domain/ids.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/** A demo character with a client of its own. */
export interface Bot {
  readonly name: string;
  readonly userId: UserId;
  readonly username: string;
  readonly client: Client;
}

/** Registers a fresh account (the name with a random end, so that the demo can be played again) and connects. */
export async function createBot(name: string, url: string, runtime: Runtime): Promise<Bot> {
  const client = createClient({ url, runtime, deviceName: 'demo bot' });
  const username = `${name.toLowerCase()}-${Buffer.from(runtime.random.bytes(4)).toString('hex')}`;
  const password = Buffer.from(runtime.random.bytes(12)).toString('base64url');
  const { userId } = await client.register({ username, password, nickname: name });
  await client.connect();
  return { name, userId, username, client };
}

/** Sends a text. Resolves with its seq when the server has it durably. */
export async function say(
  bot: Bot,
  conversationId: ConversationId,
  text: string,
  runtime: Runtime,
): Promise<number> {
  const { data } = await bot.client.request('sendMessage', {
    conversationId,
    clientMsgId: runtime.ids.next() as ClientMessageId,
    content: { kind: 'text', text },
  });
  return data.seq;
}

/** Resolves when the bot has received `text` in the conversation. */
export async function hears(bot: Bot, conversationId: ConversationId, text: string): Promise<void> {
  await bot.client.next(
    'message',
    (message) =>
      message.conversationId === conversationId && message.kind === 'text' && message.text === text,
  );
}
