-- A generation keeps the number of partitions that it was made with, whatever the program's setting is by then:
-- which partition a stream belongs to depends on it. All generations of before have one.
alter table projection.generation
  add column partitions smallint not null default 1 check (partitions > 0);
