import { randomBytes } from 'node:crypto';
import { type Client, ClientError, createClient } from '../../src/client/index.ts';
import type { ErrorCode } from '../../src/domain/error-codes.ts';
import type { ClientMessageId, ConversationId, UserId } from '../../src/domain/ids.ts';
import { directConversationId } from '../../src/domain/ids.ts';
import type { MessageView } from '../../src/protocol/views/message-views.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';

const runtime = systemRuntime();

/** Someone with an account and a connected client. */
export interface Person {
  readonly name: string;
  readonly username: string;
  readonly password: string;
  readonly userId: UserId;
  readonly client: Client;
  /** Everything that arrived in conversations, in the order of its arrival. */
  readonly received: readonly MessageView[];
}

/** Registers a fresh account and connects. */
export async function register(name: string, url: string): Promise<Person> {
  const client = createClient({ url, runtime, deviceName: 'test' });
  const received: MessageView[] = [];
  client.on('message', (message) => received.push(message));
  const username = `${name.toLowerCase()}-${randomBytes(5).toString('hex')}`;
  const password = randomBytes(12).toString('base64url');
  const { userId } = await client.register({ username, password, nickname: name });
  await client.connect();
  return { name, username, password, userId, client, received };
}

/** A second device of the same person, on any server. */
export async function anotherDevice(person: Person, url: string): Promise<Client> {
  const client = createClient({ url, runtime, deviceName: 'second device' });
  await client.logIn({ username: person.username, password: person.password });
  await client.connect();
  return client;
}

/** Makes two people friends. Resolves with their conversation when both may read it. */
export async function befriend(one: Person, other: Person): Promise<ConversationId> {
  await one.client.request('requestFriend', { userId: other.userId, note: '' });
  const { position } = await other.client.request('acceptFriend', { userId: one.userId });
  await one.client.friends({ afterPosition: position });
  return directConversationId(one.userId, other.userId);
}

/** Sends a text; resolves with its seq. */
export async function say(person: Person, conversationId: ConversationId, text: string): Promise<number> {
  const { data } = await person.client.request('sendMessage', {
    conversationId,
    clientMsgId: freshMessageId(),
    content: { kind: 'text', text },
  });
  return data.seq;
}

export function freshMessageId(): ClientMessageId {
  return runtime.ids.next() as ClientMessageId;
}

/** A nonce as the sender of a packet chooses it. */
export function freshNonce(): string {
  return randomBytes(16).toString('hex');
}

/** Resolves with the position from which on a read shows the money. */
export async function topUp(person: Person, amountFen: number): Promise<string> {
  const { position } = await person.client.request('deposit', {
    amountFen,
    providerRef: `test-${runtime.ids.next()}`,
  });
  return position;
}

/** Resolves when the person has everything of the conversation up to `seq`. */
export async function hasReceived(
  person: Person,
  conversationId: ConversationId,
  seq: number,
): Promise<void> {
  const arrived = (message: MessageView): boolean =>
    message.conversationId === conversationId && message.seq >= seq;
  if (person.received.some(arrived)) return;
  await person.client.next('message', arrived);
}

/** The texts that a person has received in a conversation, in order of arrival. */
export function textsOf(person: Person, conversationId: ConversationId): (string | null)[] {
  return person.received.flatMap((message) =>
    message.conversationId === conversationId && message.kind === 'text' ? [message.text] : [],
  );
}

/** The code with which a request is refused; fails when it is not. */
export async function codeOf(request: Promise<unknown>): Promise<ErrorCode | string> {
  try {
    await request;
  } catch (error) {
    if (error instanceof ClientError) return error.code;
    throw error;
  }
  throw new Error('the request was accepted');
}
