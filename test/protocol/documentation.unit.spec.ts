import { readFileSync } from 'node:fs';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/config/limits.ts';
import { errorCodes } from '../../src/domain/error-codes.ts';
import { bounds } from '../../src/protocol/bounds.ts';
import { closeCodes } from '../../src/protocol/close-codes.ts';
import { ErrorCodeSchema } from '../../src/protocol/errors.ts';
import {
  AcceptedReplySchema,
  ClientFrameSchema,
  controlSchemas,
  RejectedReplySchema,
} from '../../src/protocol/frames.ts';
import { pushSchemas } from '../../src/protocol/pushes.ts';
import { requestSchemas } from '../../src/protocol/requests.ts';

const protocol = readDoc('protocol.md');
const errors = readDoc('errors.md');

function readDoc(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

/** The JSON examples of one side, with the number of their line. */
function examples(side: 'client' | 'server'): [line: number, frame: Record<string, unknown>][] {
  return [...protocol.matchAll(new RegExp(`^\`\`\`json ${side}\n([^]*?)\n\`\`\`$`, 'gm'))].map((match) => [
    protocol.slice(0, match.index).split('\n').length,
    JSON.parse(match[1] ?? ''),
  ]);
}

const takes: Record<string, (typeof requestSchemas | typeof controlSchemas)[never]['takes']> =
  Object.fromEntries(
    [...Object.entries(requestSchemas), ...Object.entries(controlSchemas)].map(([type, schema]) => [
      type,
      schema.takes as never,
    ]),
  );

describe('docs/protocol.md', () => {
  it('names every type of frame', () => {
    const types = [
      ...Object.keys(requestSchemas),
      ...Object.keys(controlSchemas),
      ...Object.keys(pushSchemas),
    ];
    const missing = types.filter(
      (type) => !protocol.includes(`\`${type}\``) && !protocol.includes(`### ${type}\n`),
    );
    expect(missing).toEqual([]);
  });

  it('shows an example of every update', () => {
    const shown = new Set(examples('server').map(([, frame]) => frame.type));
    expect(Object.keys(pushSchemas).filter((type) => !shown.has(type))).toEqual([]);
  });

  it.each(examples('client'))("has a valid example of a client's frame in line %i", (_line, frame) => {
    expect(Compile(ClientFrameSchema).Errors(frame)).toEqual([]);
    const type = String(frame.type);
    expect(Compile(takes[type] as never).Errors(frame.data)).toEqual([]);
    expect('commandId' in frame).toBe(Object.hasOwn(requestSchemas, type));
  });

  it.each(examples('server'))("has a valid example of a server's frame in line %i", (_line, frame) => {
    if (!('id' in frame)) {
      const schema = pushSchemas[frame.type as keyof typeof pushSchemas];
      expect(Compile(schema).Errors(frame.data)).toEqual([]);
      return;
    }
    const schema = frame.ok === true ? AcceptedReplySchema : RejectedReplySchema;
    expect(Compile(schema).Errors(frame)).toEqual([]);
  });

  it('lists every close code, what the client does and what it means', () => {
    const does = {
      again: 'reconnects',
      refresh: 'refreshes its token, then reconnects',
      stop: 'does not reconnect',
      end: 'does not reconnect: its session is over',
    };
    const rows = Object.entries(closeCodes).map(
      ([name, entry]) => `| ${entry.code} | \`${name}\` | ${does[entry.client]} | ${entry.meaning} |`,
    );
    expect(rows.filter((row) => !protocol.includes(row))).toEqual([]);
  });

  it('states the bounds that hold', () => {
    const stated = [
      limits.gateway.socketMessageBytesMax,
      limits.gateway.httpBodyBytesMax,
      limits.gateway.bytesPerFrame,
      limits.gateway.groupsPerUserMax,
      limits.gateway.framesRefusedMax,
      bounds.messageTextChars,
      bounds.helloCursors,
    ].map((bound) => bound.toLocaleString('en'));
    const plain = [
      bounds.framesPerMessage,
      limits.gateway.framesPerSecond,
      limits.gateway.framesBurst,
      limits.gateway.commandsInFlightPerConnectionMax,
      limits.gateway.connectionsPerUserMax,
      bounds.pageItems,
      bounds.receiptPushMembersMax,
      bounds.ackCursorsPerRequest,
      bounds.membersPerRequest,
    ].map(String);
    const section = protocol.slice(protocol.indexOf('## Bounds'));
    expect([...stated, ...plain].filter((bound) => !section.includes(bound))).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  it('is the registry: the same codes, statuses and meanings, in the same order', () => {
    const documented = [...errors.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (yes|no) \| (.*) \|$/gm)].map(
      (match) => match.slice(1),
    );
    const registered = Object.entries(errorCodes).map(([code, { http, temporary, meaning }]) => [
      code,
      String(http),
      temporary ? 'yes' : 'no',
      meaning,
    ]);
    expect(documented).toEqual(registered);
  });

  it("is what the protocol's type of codes takes, and nothing else", () => {
    const validator = Compile(ErrorCodeSchema);
    for (const code of Object.keys(errorCodes)) expect(validator.Check(code)).toBe(true);
    expect(validator.Check('no-such-code')).toBe(false);
  });
});
