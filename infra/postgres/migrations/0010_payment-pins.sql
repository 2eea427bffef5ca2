-- Payment PINs, beside the passwords. A try is counted before it is looked at, in one statement: of guesses made at
-- the same moment no more are looked at than of guesses one after another.
create table hongbao_vault.payment_pin (
  user_id uuid primary key,
  phc text not null,
  -- Tries since the last right one, or since the last lock.
  tries integer not null default 0,
  -- Locks since the last right PIN: each is longer than the one before.
  locks integer not null default 0,
  locked_until_ms bigint not null default 0
);
