-- The schema exists already: migrate.ts keeps its own record there. Repeated so that this file says what it needs.
create schema if not exists hongbao_core;

-- Who may do a job that one process at a time should do. Compared and set by the holder, by the database's clock.
create table hongbao_core.lease (
  name text primary key,
  owner text not null,
  expires_at timestamptz not null
);
