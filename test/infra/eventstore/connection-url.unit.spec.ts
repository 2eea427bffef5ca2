import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { clientFor } from '../../../infra/eventstore/connection-url.ts';
import { OperatorError } from '../../../src/config/operator-error.ts';

function refusalOf(url: string): unknown {
  try {
    clientFor(url);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the connection string of the event store', () => {
  it.each([
    'esdb://127.0.0.1:2113?tls=false',
    'esdb+discover://admin:p%40ss?word@one:2113,two:2113?tls=true&nodePreference=leader',
    'esdb://host?TLS=false&keep_alive-interval=20000',
  ])('is taken when the client knows all of it: %s', (url) => {
    expect(refusalOf(url)).toBeUndefined();
  });

  it.each([
    ['a port that is none', 'esdb://admin:s3cretpw@host:notaport'],
    ['no host', 'esdb://admin:s3cretpw@'],
    ['a password that is not encoded', 'esdb://admin:s3cretpw%zz@host:2113'],
    ['a value that is not one of those allowed', 'esdb://admin:s3cretpw@host:2113?tls=perhaps'],
    ['an option that the client would warn of', 'esdb://admin:s3cretpw@host:2113?tsl=false'],
    ['an option that would have no effect', 'esdb://admin:s3cretpw@host:2113?tlsVerifyCert=false'],
  ])('with %s is refused with a sentence that holds nothing of it', (_what, url) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const refusal = refusalOf(url);
    const warnings = warn.mock.calls.length;
    warn.mockRestore();
    expect(refusal).toBeInstanceOf(OperatorError);
    expect(inspect(refusal, { depth: null })).not.toContain('s3cretpw');
    expect(warnings).toBe(0);
  });
});
