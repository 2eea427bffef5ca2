import type pg from 'pg';

/**
 * The objects that migrations make, one a line and in a fixed order: schemas, tables with their columns, constraints,
 * indexes, views, sequences, types, functions, triggers, extensions. Two databases with the same lines have the same
 * schema. Left out: the system's own, and what a projection makes for itself (`<projection>_g<n>`).
 */
export async function listSchema(database: Pick<pg.Pool, 'query'>): Promise<string[]> {
  const { rows } = await database.query<{ line: string }>(
    `with own as (
       select oid, nspname from pg_namespace
       where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname !~ '_g[0-9]+$'
     ), relation as (
       select c.oid, own.nspname || '.' || c.relname as name, c.relkind, c.reloptions, c.relpersistence
       from pg_class c join own on own.oid = c.relnamespace
     ), line as (
       select 1 as kind, nspname as name, 0 as place, 'schema ' || nspname as line from own
       union all
       select 2, name, 0, concat_ws(' ', 'table', name,
         case relpersistence when 'u' then 'unlogged' end, 'with (' || array_to_string(reloptions, ', ') || ')')
       from relation where relkind in ('r', 'p')
       union all
       select 2, name, attnum, concat_ws(' ', '  column', attname, format_type(atttypid, atttypmod),
         case when attnotnull then 'not null' end,
         case when attgenerated <> '' then 'generated' end || ' default ' || pg_get_expr(adbin, adrelid),
         case when attgenerated = '' then 'default ' || pg_get_expr(adbin, adrelid) end,
         case attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end)
       from relation
       join pg_attribute a on a.attrelid = relation.oid and attnum > 0 and not attisdropped
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where relkind in ('r', 'p')
       union all
       select 2, name, 10000, '  constraint ' || conname || ' ' || pg_get_constraintdef(k.oid)
       from relation join pg_constraint k on k.conrelid = relation.oid and contype <> 'n'
       union all
       select 2, name, 20000, '  index ' || pg_get_indexdef(indexrelid)
       from relation join pg_index on indrelid = relation.oid
       where not exists (select from pg_constraint where conindid = indexrelid and conrelid = indrelid)
       union all
       select 2, name, 30000, '  trigger ' || pg_get_triggerdef(t.oid)
       from relation join pg_trigger t on t.tgrelid = relation.oid and not tgisinternal
       union all
       select 3, name, 0, 'view ' || name || ' ' || trim(regexp_replace(pg_get_viewdef(oid), '\\s+', ' ', 'g'))
       from relation where relkind in ('v', 'm')
       union all
       select 4, name, 0, 'sequence ' || name from relation where relkind = 'S'
       union all
       select 5, nspname || '.' || typname, 0, 'type ' || nspname || '.' || typname || ' ' ||
         coalesce((select 'enum (' || string_agg(enumlabel, ', ' order by enumsortorder) || ')'
                   from pg_enum where enumtypid = t.oid), format_type(typbasetype, typtypmod))
       from pg_type t join own on own.oid = typnamespace where typtype in ('e', 'd')
       union all
       select 6, nspname || '.' || proname, 0, 'function ' || p.oid::regprocedure || ' ' ||
         md5(pg_get_functiondef(p.oid))
       from pg_proc p join own on own.oid = pronamespace where prokind in ('f', 'p')
       union all
       select 7, extname, 0, 'extension ' || extname from pg_extension where extname <> 'plpgsql'
     )
     select line from line order by kind, name collate "C", place, line collate "C"`,
  );
  return rows.map(({ line }) => line);
}
