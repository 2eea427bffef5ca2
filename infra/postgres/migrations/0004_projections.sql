-- Bookkeeping of the read side. The read models' own tables are not here: each generation of a projection makes
-- them in a schema of its own (friends_g3), and the views in the schema "read" show the live generation.

create schema projection;
create schema read;

create table projection.generation (
  name        text        not null,
  number      integer     not null check (number > 0),
  -- The version of the code's declaration that filled it.
  version     integer     not null check (version > 0),
  -- A dropped one has no tables any more; its row stays, so that no number is ever used twice.
  state       text        not null check (state in ('live', 'shadow', 'retired', 'dropped')),
  created_at  timestamptz not null default now(),
  primary key (name, number)
);

create unique index generation_one_live on projection.generation (name) where state = 'live';

-- A generation's writers move these with a compare-and-set, in the same transaction as the rows. A retired
-- generation has none, so that its writers fail.
create table projection.checkpoint (
  name        text        not null,
  generation  integer     not null,
  partition   smallint    not null check (partition >= 0),
  -- The log's history that the rows came from.
  epoch       text        not null,
  -- The log position up to which the rows hold everything; -1 is before the first event.
  position    bigint      not null check (position >= -1),
  -- The last position that changed a row.
  changed     bigint      not null check (changed >= -1),
  -- Why the partition stands still, until it moves again.
  failure     jsonb,
  primary key (name, generation, partition),
  foreign key (name, generation) references projection.generation (name, number) on delete cascade
) with (fillfactor = 50);
