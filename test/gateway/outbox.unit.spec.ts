import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { limits } from '../../src/config/limits.ts';
import {
  encodeAccepted,
  encodePush,
  encodeRejected,
  resyncAllFrame,
} from '../../src/gateway/socket/encode-frame.ts';
import { frameJoiner, Outbox } from '../../src/gateway/socket/outbox.ts';
import { wireError } from '../../src/gateway/wire-error.ts';
import { bounds } from '../../src/protocol/bounds.ts';

/** A socket whose peer reads when it is told to. */
function fakeSocket() {
  const sent: Buffer[] = [];
  const socket = {
    bufferedAmount: 0,
    sent,
    send(data: Buffer) {
      sent.push(data);
      socket.bufferedAmount += data.length;
    },
    drain() {
      socket.bufferedAmount = 0;
    },
    get frames(): unknown[] {
      return sent.flatMap((data) => JSON.parse(data.toString()));
    },
  };
  return socket as typeof socket & WebSocket;
}

const join = frameJoiner();
const pushOf = (reconnectAfterMs: number) => encodePush('goingAway', { reconnectAfterMs });
const bigPush = Buffer.from(JSON.stringify({ type: 'message', data: 'x'.repeat(60_000) }));
const resync = JSON.parse(resyncAllFrame.toString());

describe('the outbox of a socket', () => {
  it('writes what a tick brought in one message: a frame alone, several as an array', () => {
    const [socket, outbox] = [fakeSocket(), new Outbox()];
    outbox.addPush(pushOf(1), socket, 0);
    outbox.flush(socket, 0, resyncAllFrame, join);
    outbox.addPush(pushOf(2), socket, 0);
    outbox.addReply(encodeAccepted(7, {}));
    outbox.flush(socket, 0, resyncAllFrame, join);
    outbox.flush(socket, 0, resyncAllFrame, join);
    expect(socket.sent.map(String)).toEqual([
      '{"type":"goingAway","data":{"reconnectAfterMs":1}}',
      '[{"type":"goingAway","data":{"reconnectAfterMs":2}},{"id":7,"ok":true,"data":{}}]',
    ]);
  });

  it('shares the bytes of a tick between all who get the same frames', () => {
    const frames = [pushOf(1), pushOf(2)];
    const sent = [fakeSocket(), fakeSocket()].map((socket) => {
      const outbox = new Outbox();
      for (const frame of frames) outbox.addPush(frame, socket, 0);
      outbox.flush(socket, 0, resyncAllFrame, join);
      return socket.sent[0];
    });
    expect(sent[0]).toBe(sent[1]);
  });

  it('splits what is more than a message may hold', () => {
    const [socket, outbox] = [fakeSocket(), new Outbox()];
    const count = bounds.framesPerMessage * 2 + 1;
    for (let n = 0; n < count; n++) outbox.addPush(pushOf(n), socket, 0);
    outbox.flush(socket, 0, resyncAllFrame, join);
    expect(socket.sent).toHaveLength(3);
    expect(socket.frames).toHaveLength(count);
  });

  it('sends what was missed before what came meanwhile', () => {
    const [socket, outbox] = [fakeSocket(), new Outbox()];
    outbox.hold();
    outbox.addReply(encodeAccepted(1, {}));
    outbox.addPush(pushOf(3), socket, 0);
    outbox.flush(socket, 0, resyncAllFrame, join);
    expect(socket.frames).toEqual([{ id: 1, ok: true, data: {} }]);
    outbox.release([pushOf(1), pushOf(2)]);
    outbox.flush(socket, 0, resyncAllFrame, join);
    expect(socket.frames.slice(1)).toEqual([1, 2, 3].map((n) => JSON.parse(pushOf(n).toString())));
  });

  describe('of a peer that reads slowly', () => {
    function collapsed() {
      const [socket, outbox] = [fakeSocket(), new Outbox()];
      for (let n = 0; n < 5; n++) {
        outbox.addPush(bigPush, socket, 1_000);
        outbox.flush(socket, 1_000, resyncAllFrame, join);
      }
      expect(outbox.isCollapsed).toBe(true);
      return { socket, outbox };
    }

    it('keeps at most its bytes, and drops pushes beyond', () => {
      const { socket, outbox } = collapsed();
      const before = socket.sent.length;
      for (let n = 0; n < 1_000; n++) outbox.addPush(bigPush, socket, 1_001);
      outbox.flush(socket, 1_001, resyncAllFrame, join);
      expect(socket.sent.length).toBe(before);
      expect(socket.bufferedAmount).toBeLessThanOrEqual(limits.gateway.sendQueueBytesMax + bigPush.length);
    });

    it('sends replies all the same, refusals too', () => {
      const { socket, outbox } = collapsed();
      outbox.addReply(encodeAccepted(5, {}));
      outbox.addReply(encodeRejected(6, wireError('busy')));
      outbox.collapse(1_001);
      outbox.flush(socket, 1_001, resyncAllFrame, join);
      expect(socket.frames.slice(-2)).toMatchObject([{ id: 5 }, { id: 6 }]);
    });

    it('goes on with a resync when the peer has caught up', () => {
      const { socket, outbox } = collapsed();
      outbox.addPush(pushOf(1), socket, 1_001);
      socket.drain();
      expect(outbox.flush(socket, 1_002, resyncAllFrame, join)).toBe('ok');
      outbox.addPush(pushOf(2), socket, 1_003);
      outbox.flush(socket, 1_003, resyncAllFrame, join);
      expect(socket.frames.slice(-2)).toEqual([resync, JSON.parse(pushOf(2).toString())]);
      expect(outbox.isCollapsed).toBe(false);
    });

    it('gives the peer up when it does not catch up in time', () => {
      const { socket, outbox } = collapsed();
      const lateMs = 1_000 + limits.gateway.collapsedMsMax;
      expect(outbox.flush(socket, lateMs, resyncAllFrame, join)).toBe('ok');
      expect(outbox.flush(socket, lateMs + 1, resyncAllFrame, join)).toBe('too-slow');
    });

    it('gives it up at once when even replies pile up over the hard bound', () => {
      const { socket, outbox } = collapsed();
      const reply = encodeAccepted(1, 'x'.repeat(limits.gateway.sendQueueBytesHardMax));
      outbox.addReply(reply);
      expect(outbox.flush(socket, 1_001, resyncAllFrame, join)).toBe('too-slow');
    });
  });
});
