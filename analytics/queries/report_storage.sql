-- How many files and bytes does each table take on HDFS?
select 'events' as table_name, count(*) as files, sum(file_size_in_bytes) as bytes, sum(record_count) as records from "events$files"
union all select 'actions', count(*), sum(file_size_in_bytes), sum(record_count) from "actions$files"
union all select 'transfers', count(*), sum(file_size_in_bytes), sum(record_count) from "transfers$files"
union all select 'players', count(*), sum(file_size_in_bytes), sum(record_count) from "players$files"
union all select 'sessions', count(*), sum(file_size_in_bytes), sum(record_count) from "sessions$files"
