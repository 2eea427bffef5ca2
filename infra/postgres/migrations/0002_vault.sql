-- What is not in the log and cannot be derived from it. Backed up apart from the read models; never rebuilt.
create schema hongbao_vault;

-- A destroyed key keeps its row, without the key, so that its version is never given to another key.
create table hongbao_vault.data_key (
  subject text not null,
  version integer not null,
  -- Wrapped by the master key; null once destroyed.
  wrapped bytea,
  primary key (subject, version)
);

create table hongbao_vault.password (
  user_id uuid primary key,
  phc text not null
);

-- All tokens that descend from one login. Its row is the lock that exchange and revocation contend for.
create table hongbao_vault.token_family (
  family_id uuid primary key,
  user_id uuid not null,
  device_id uuid not null,
  revoked boolean not null default false
);
create index token_family_of_device on hongbao_vault.token_family (user_id, device_id);

create table hongbao_vault.refresh_token (
  hash text primary key,
  family_id uuid not null references hongbao_vault.token_family on delete cascade,
  expires_at_ms bigint not null,
  -- The token that this one was exchanged for; null while it is the newest.
  next_hash text
);
create index refresh_token_of_family on hongbao_vault.refresh_token (family_id);

create table hongbao_vault.server_secret (
  name text primary key,
  wrapped bytea not null
);
