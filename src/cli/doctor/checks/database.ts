import type pg from 'pg';
import { limits } from '../../../config/limits.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';

/** Whether PostgreSQL answers, what it is, how it is set, and how many connections are left. */
export const databaseCheck: Check = {
  name: 'database',
  async look({ database, settings }) {
    const reach = await database();
    if (reach.kind === 'stopped') return [skipped(reach.why)];
    if (reach.kind === 'failed') return [judgeUnreachable(reach.why, settings?.databaseUrl !== undefined)];
    return judgeDatabase(await readFacts(reach.it));
  },
};

export interface DatabaseFacts {
  readonly version: string;
  readonly encoding: string;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  readonly connectionsMax: number;
  readonly connectionsTaken: number;
  /** A replica, or a database that was set to refuse writes. */
  readonly readOnly: boolean;
}

export function judgeUnreachable(why: string, isOutside: boolean): Finding {
  return problem(
    `It does not answer: ${why}.`,
    isOutside
      ? 'Start it, or correct DATABASE_URL: host, port, user, password and database.'
      : 'Its log says why (`hongbao.log` in the data folder); the supervisor starts it again.',
  );
}

export function judgeDatabase(facts: DatabaseFacts): readonly Finding[] {
  const left = facts.connectionsMax - facts.connectionsTaken;
  const findings: Finding[] = [];
  if (facts.readOnly) {
    findings.push(
      problem('It takes no writes: it is a replica or read-only.', 'Set DATABASE_URL to the primary.'),
    );
  }
  if (facts.fsync !== 'on') {
    findings.push(
      problem(
        'fsync is off: a power failure may lose or damage the vault.',
        'Set fsync = on and restart it.',
      ),
    );
  }
  if (facts.fullPageWrites !== 'on') {
    findings.push(
      warning(
        'full_page_writes is off: a power failure may damage it on a disk that does not write whole pages.',
        'Set full_page_writes = on, unless the file system promises whole pages.',
      ),
    );
  }
  if (facts.encoding !== 'UTF8') {
    findings.push(
      problem(`Its encoding is ${facts.encoding}.`, 'Make the database anew, with encoding UTF8.'),
    );
  }
  findings.push(judgeConnections(left, facts.connectionsMax));
  const settings = `synchronous_commit ${facts.synchronousCommit}, fsync ${facts.fsync}, full_page_writes ${facts.fullPageWrites}`;
  return [ok(`PostgreSQL ${facts.version} answers.`, [settings]), ...findings];
}

function judgeConnections(left: number, most: number): Finding {
  const sentence = `${left} of its ${most} connections are left.`;
  const advice =
    'Raise max_connections, or end what holds them (`select * from pg_stat_activity`): each process takes up to 20.';
  if (left < limits.doctor.connectionsLeftMin) return problem(sentence, advice);
  return left < limits.doctor.connectionsLeftWarn ? warning(sentence, advice) : ok(sentence);
}

async function readFacts(pool: pg.Pool): Promise<DatabaseFacts> {
  const { rows } = await pool.query<DatabaseFacts>(
    `select current_setting('server_version') as version,
       current_setting('server_encoding') as encoding,
       current_setting('fsync') as fsync,
       current_setting('full_page_writes') as "fullPageWrites",
       current_setting('synchronous_commit') as "synchronousCommit",
       (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int)
         as "connectionsMax",
       (select count(*)::int from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()) as "connectionsTaken",
       -- What a session gets unless it says otherwise, as this one does.
       pg_is_in_recovery() or exists (
         select from pg_settings where name = 'default_transaction_read_only' and reset_val = 'on') as "readOnly"`,
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error('PostgreSQL gave no answer about itself');
  return facts;
}
