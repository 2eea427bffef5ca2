-- The log's history that a command's events are in. After an older log was restored, rows of the part that is lost
-- must not answer for it. Rows of before are of the history that their projection follows.
alter table hongbao_write.command_history add column epoch text not null default '';
update hongbao_write.command_history set epoch = coalesce(
  (select max(checkpoint.epoch)
   from projection.checkpoint
   join projection.generation on generation.name = checkpoint.name and generation.number = checkpoint.generation
   where generation.name = 'commands' and generation.state = 'live'), '');
alter table hongbao_write.command_history alter column epoch drop default;

-- From now on a checkpoint beyond the log's newest event means that the log is older than it was. Those of before may
-- stand among the store's own events. Followers begin at the log's start once; what they did, they find done.
delete from hongbao_write.follower_checkpoint;
