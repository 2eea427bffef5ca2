-- Why a generation was never filled: shown by `status` until a later one was, and what an operator may skip. The
-- checkpoints of such a generation are gone with it.
alter table projection.generation add column failure jsonb;
