-- When a token was first exchanged: for a short time after that, an exchange whose answer was lost may be made again.
-- Null for tokens that were exchanged before this column, or replaced unused: a second use of those is theft.
alter table hongbao_vault.refresh_token add column exchanged_at_ms bigint;
