-- What makes the write side faster or saves it work after a restart. All of it can be thrown away: the log has
-- everything, and every process manager may begin again at the log's start.
create schema hongbao_write;

create table hongbao_write.snapshot (
  stream text primary key,
  fold_version integer not null,
  epoch uuid not null,
  revision bigint not null,
  last_event_id uuid not null,
  -- JSON, but not jsonb, which refuses strings that the log may hold: U+0000 and halves of surrogate pairs.
  body text not null
);

-- Accepted commands of the last days, filled by a projection and asked when a client says that it retries.
create table hongbao_write.command_history (
  command_id uuid primary key,
  body_hash text not null,
  stream text not null,
  first_revision bigint not null,
  last_revision bigint not null,
  time_ms bigint not null
);
create index command_history_by_time on hongbao_write.command_history (time_ms);

-- How far each process manager has finished its work, per history of the log.
create table hongbao_write.follower_checkpoint (
  name text not null,
  epoch uuid not null,
  position numeric(20) not null,
  primary key (name, epoch)
);
