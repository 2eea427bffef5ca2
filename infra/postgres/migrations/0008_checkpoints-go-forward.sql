-- Rows and checkpoint move together, in one transaction. A checkpoint that somebody moves back by itself would have
-- events folded into the rows a second time: the database does not take that. (A crash of the database takes rows and
-- checkpoint back together, and is no update.)

alter table projection.checkpoint
  add constraint checkpoint_changed_before check (changed <= position) not valid;

create function projection.refuse_backward() returns trigger language plpgsql as $$
begin
  raise exception 'the rows of % hold everything up to %: their checkpoint cannot go back to %',
    old.name, old.position, new.position
    using errcode = 'check_violation',
          hint = format('To make the rows anew, run: hongbao projections rebuild %s', old.name);
end
$$;

create trigger checkpoint_goes_forward before update on projection.checkpoint
  for each row when (new.position < old.position or new.changed < old.changed)
  execute function projection.refuse_backward();
