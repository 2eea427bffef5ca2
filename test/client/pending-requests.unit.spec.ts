import { describe, expect, it } from 'vitest';
import { PendingRequests } from '../../src/client/pending-requests.ts';
import { limits } from '../../src/config/limits.ts';
import type { ErrorCode } from '../../src/domain/error-codes.ts';
import type { ClientMessageId, ConversationId, GroupId } from '../../src/domain/ids.ts';
import type { ClientFrame } from '../../src/protocol/frames.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

type Command = Extract<ClientFrame, { commandId: string }>;

function setUp() {
  const runtime = virtualRuntime();
  const line = { connected: true, sent: [] as Command[] };
  const requests = new PendingRequests(runtime, (frame) => {
    if (!line.connected) return false;
    line.sent.push(frame as Command);
    return true;
  });
  const last = () => line.sent.at(-1)!;
  const accept = (frame: Command = last()) =>
    requests.receive({ id: frame.id, ok: true, data: {}, position: '7' });
  const refuse = (code: ErrorCode, temporary: boolean, retryAfterMs?: number) =>
    requests.receive({
      id: last().id,
      ok: false,
      error: { code, message: code, temporary, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    });
  const leave = (options?: { commandId?: string; timeoutMs?: number }) =>
    requests.request('leaveGroup', { groupId: 'g' as GroupId }, options);
  return { runtime, line, requests, last, accept, refuse, leave };
}

describe('a command', () => {
  it('is sent once, and its answer resolves it', async () => {
    const { line, accept, leave } = setUp();
    const request = leave();
    expect(line.sent).toHaveLength(1);
    expect(line.sent[0]).not.toHaveProperty('retry');
    accept();
    expect(await request).toEqual({ data: {}, position: '7' });
  });

  it('that a broken connection left open is sent again first, under the same id, as a retry', async () => {
    const { line, requests, accept, leave } = setUp();
    const [first, second] = [leave(), leave()];
    line.connected = false;
    requests.connectionLost();
    const third = leave();
    line.connected = true;
    requests.flush();
    const [one, two, again, againTwo, three] = line.sent;
    expect(again).toMatchObject({ commandId: one?.commandId, retry: true });
    expect(againTwo).toMatchObject({ commandId: two?.commandId, retry: true });
    expect(three).not.toHaveProperty('retry');
    expect(again?.id).not.toBe(one?.id);
    for (const frame of line.sent.slice(2)) accept(frame);
    await Promise.all([first, second, third]);
  });

  it.each(['busy', 'rate-limited', 'unavailable', 'unknown-outcome'] as const)(
    'that was answered %s is sent again after a while, under the same id',
    async (code) => {
      const { runtime, line, accept, refuse, leave } = setUp();
      const request = leave();
      refuse(code, true, 2_000);
      await runtime.advance(1_999);
      expect(line.sent).toHaveLength(1);
      await runtime.advance(limits.client.retryDelayMsMax);
      expect(line.sent).toHaveLength(2);
      expect(line.sent[1]).toMatchObject({ commandId: line.sent[0]?.commandId, retry: true });
      accept();
      await request;
    },
  );

  it('that was refused is not', async () => {
    const { runtime, line, refuse, leave } = setUp();
    const request = leave();
    refuse('not-member', false);
    await expect(request).rejects.toMatchObject({ code: 'not-member', temporary: false });
    await runtime.advance(60_000);
    expect(line.sent).toHaveLength(1);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('that was sent and never answered ends as unknown; one that was never sent, as a network error', async () => {
    const { runtime, line, leave } = setUp();
    const sent = leave({ timeoutMs: 500 });
    line.connected = false;
    const unsent = leave({ timeoutMs: 500 });
    const outcomes = Promise.allSettled([sent, unsent]);
    await runtime.advance(500);
    expect(await outcomes).toMatchObject([
      { reason: { code: 'unknown-outcome', temporary: true } },
      { reason: { code: 'network', temporary: true } },
    ]);
  });

  it('keeps the id that the application gave it', () => {
    const { leave, last } = setUp();
    void leave({ commandId: 'mine' });
    expect(last().commandId).toBe('mine');
  });

  it('waits its turn: no more are under way than the gateway takes, and answers make room', async () => {
    const { line, accept, leave } = setUp();
    const max = limits.client.requestsInFlightMax;
    const all = Array.from({ length: max + 1 }, () => leave());
    expect(line.sent).toHaveLength(max);
    accept(line.sent[0]);
    expect(line.sent).toHaveLength(max + 1);
    for (const frame of line.sent.slice(1)) accept(frame);
    await Promise.all(all);
  });

  it('beyond the bound fails at once', async () => {
    const { line, requests, leave } = setUp();
    line.connected = false;
    const all = Array.from({ length: limits.client.pendingRequestsMax }, () => leave());
    await expect(leave()).rejects.toMatchObject({ code: 'busy' });
    requests.rejectAll('over');
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('larger than a message may be fails alone: nothing of it is sent, and the others go on', async () => {
    const { runtime, line, requests, accept } = setUp();
    // Three bytes each in UTF-8.
    const say = (chars: number) =>
      requests.request('sendMessage', {
        conversationId: 'group:1' as ConversationId,
        clientMsgId: 'm' as ClientMessageId,
        content: { kind: 'text', text: '红'.repeat(chars) },
      });
    const thirds = Math.floor(limits.gateway.socketMessageBytesMax / 3);
    await expect(say(thirds)).rejects.toMatchObject({ code: 'too-large', temporary: false });
    expect(line.sent).toHaveLength(0);
    const fits = say(thirds - 100);
    expect(new TextEncoder().encode(JSON.stringify(line.sent[0])).byteLength).toBeLessThanOrEqual(
      limits.gateway.socketMessageBytesMax,
    );
    accept();
    await fits;
    expect(runtime.pendingTimers).toBe(0);
  });
});
