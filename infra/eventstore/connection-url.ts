import { EventStoreDBClient } from '@eventstore/db-client';
import { OperatorError } from '../../src/config/operator-error.ts';

/** The options that the published client knows, however they are spelt (it minds neither case, nor `-` and `_`). */
const knownOptions = [
  'connectionName',
  'defaultDeadline',
  'discoveryInterval',
  'gossipTimeout',
  'keepAliveInterval',
  'keepAliveTimeout',
  'maxDiscoverAttempts',
  'nodePreference',
  'throwOnAppendFailure',
  'tls',
  'tlsCAFile',
  'userCertFile',
  'userKeyFile',
] as const;

/**
 * A client for a connection string. It holds a password, and the client puts it whole into its errors, and prints
 * it with its warnings: neither may happen, so the sentence here repeats nothing of it.
 *
 * @throws OperatorError for a string that makes no sense or has an option without effect.
 */
export function clientFor(url: string): EventStoreDBClient {
  if (optionsOf(url).some((option) => !knownOptions.some((known) => flat(known) === flat(option)))) {
    throw new OperatorError(
      `ESDB_URL has an option that has no effect. Take it out; there are: ${knownOptions.join(', ')}.`,
    );
  }
  try {
    return EventStoreDBClient.connectionString(url);
  } catch {
    throw new OperatorError(
      'ESDB_URL is no connection string. One looks like esdb://user:password@host:2113?tls=true, ' +
        'with the special characters of a password percent-encoded.',
    );
  }
}

function optionsOf(url: string): string[] {
  const withoutCredentials = url.replace(/^[^:]+:\/\/([^:]+:[^@]+@)?/, '');
  const [, ...queries] = withoutCredentials.split(/[?&]/);
  return queries.map((query) => query.split('=')[0] ?? '');
}

const flat = (option: string): string => option.trim().toLowerCase().replace(/[_-]/g, '');
