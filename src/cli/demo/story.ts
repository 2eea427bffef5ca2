import { ClientError } from '../../client/index.ts';
import type { ClientMessageId, PacketId } from '../../domain/ids.ts';
import { directConversationId } from '../../domain/ids.ts';
import { formatYuan } from '../../domain/money.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Bot, createBot, hears, say } from './bot.ts';

const depositFen = 10_000;
const packetFen = 888;
const packetShares = 3;
const packetTtlSeconds = 10;

export interface Story {
  readonly url: string;
  readonly runtime: Runtime;
  readonly tell: (line: string) => void;
}

/** Plays the story with three bots and tells it line by line. Answers the packet that was sent. */
export async function playStory({ url, runtime, tell }: Story): Promise<PacketId> {
  const [alice, bob, carol] = await Promise.all(
    ['Alice', 'Bob', 'Carol'].map((name) => createBot(name, url, runtime)),
  );
  if (!alice || !bob || !carol) throw new Error('three names make three bots');
  try {
    tell(`Alice (${alice.username}), Bob and Carol register and connect.`);
    await becomeFriends(alice, bob, tell);
    await becomeFriends(alice, carol, tell);
    await chat(alice, bob, runtime, tell);
    return await sharePacket(alice, bob, carol, runtime, tell);
  } finally {
    for (const bot of [alice, bob, carol]) bot.client.disconnect();
  }
}

async function becomeFriends(one: Bot, other: Bot, tell: Story['tell']): Promise<void> {
  const asked = other.client.next('friend', (friend) => friend.list === 'incoming' && friend.entry !== null);
  await one.client.request('requestFriend', { userId: other.userId, note: `It is ${one.name}` });
  const request = await asked;
  const note = request.list === 'incoming' ? request.entry?.note : '';
  const accepted = one.client.next('friend', (friend) => friend.list === 'friends' && friend.entry !== null);
  await other.client.request('acceptFriend', { userId: one.userId });
  await accepted;
  tell(`${one.name} asks ${other.name} ("${note}"), and they are friends.`);
}

async function chat(alice: Bot, bob: Bot, runtime: Runtime, tell: Story['tell']): Promise<void> {
  const conversation = directConversationId(alice.userId, bob.userId);
  const heard = hears(bob, conversation, 'Happy new year!');
  await say(alice, conversation, 'Happy new year!', runtime);
  await heard;
  tell('Alice to Bob: "Happy new year!"');

  bob.client.disconnect();
  const missed = ['Are you there?', 'I have something for you.', 'Come back soon.'];
  let lastSeq = 0;
  for (const text of missed) lastSeq = await say(alice, conversation, text, runtime);
  tell(`Bob is offline while Alice writes ${missed.length} messages.`);

  const received: string[] = [];
  const stop = bob.client.on('message', (message) => {
    if (message.conversationId === conversation && message.kind === 'text') received.push(message.text ?? '');
  });
  const last = bob.client.next('message', (message) => message.seq === lastSeq);
  await bob.client.connect();
  await last;
  stop();
  tell(`Bob is back and gets, once and in order: ${received.map((text) => `"${text}"`).join(', ')}`);

  const wasRead = alice.client.next('receipt', (receipt) => receipt.read >= lastSeq);
  bob.client.markRead(conversation, lastSeq);
  await wasRead;
  tell(`Alice sees that Bob has read everything up to message ${lastSeq}.`);
}

async function sharePacket(
  alice: Bot,
  bob: Bot,
  carol: Bot,
  runtime: Runtime,
  tell: Story['tell'],
): Promise<PacketId> {
  const { data: group, position } = await alice.client.request('createGroup', {
    name: 'New year',
    memberIds: [bob.userId, carol.userId],
  });
  await Promise.all([bob, carol].map((bot) => bot.client.group(group.groupId, { afterPosition: position })));
  tell('Alice makes the group "New year" with Bob and Carol.');

  const heard = Promise.all([bob, carol].map((bot) => hears(bot, group.conversationId, 'Ready?')));
  await say(alice, group.conversationId, 'Ready?', runtime);
  await heard;

  await alice.client.request('deposit', { amountFen: depositFen, providerRef: `demo-${runtime.ids.next()}` });
  tell(`Alice tops up ${formatYuan(depositFen)} yuan.`);

  const { data: packet } = await alice.client.request('sendPacket', {
    conversationId: group.conversationId,
    clientMsgId: runtime.ids.next() as ClientMessageId,
    kind: 'lucky',
    totalFen: packetFen,
    count: packetShares,
    ttlSeconds: packetTtlSeconds,
    receivers: [],
    greeting: 'Best wishes',
    nonce: Buffer.from(runtime.random.bytes(16)).toString('hex'),
  });
  tell(
    `Alice sends a lucky packet: ${formatYuan(packetFen)} yuan in ${packetShares} shares, for ${packetTtlSeconds} s.`,
  );

  const refunded = alice.client.next(
    'wallet',
    (wallet) => wallet.entries.some((entry) => entry.kind === 'refund' && entry.packetId === packet.packetId),
    (packetTtlSeconds + 20) * 1000,
  );
  const grabs = await Promise.all([bob, carol].map((bot) => grab(bot, packet.packetId)));
  for (const line of grabs) tell(line);
  tell(`One share is left. Waiting for the expiry second ...`);

  const wallet = await refunded;
  const refund = wallet.entries.find((entry) => entry.kind === 'refund');
  const lateMs = (refund?.timeMs ?? 0) - packet.expiresAtSecond * 1000;
  tell(
    `Alice is told that ${formatYuan(refund?.amountFen ?? 0)} yuan came back, ${lateMs} ms after the expiry second. ` +
      `She holds ${formatYuan(wallet.balanceFen)} yuan.`,
  );
  return packet.packetId;
}

async function grab(bot: Bot, packetId: PacketId): Promise<string> {
  try {
    const { data } = await bot.client.request('grabPacket', { packetId });
    return `${bot.name} grabs ${formatYuan(data.amountFen)} yuan.`;
  } catch (error) {
    if (error instanceof ClientError) return `${bot.name} gets nothing: ${error.message}`;
    throw error;
  }
}
