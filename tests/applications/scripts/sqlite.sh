# 200,000 rows inserted, joined, indexed, changed; then on a file, with a dump read back.
sqlite3 :memory: < /tmp/data/rows.sql | md5sum
head -n 30000 /tmp/data/rows.sql > part.sql; echo 'commit;' >> part.sql
sqlite3 file.db < part.sql && sqlite3 file.db 'select count(*), sum(kind) from item'
# Numbers are turned to text by way of long double, which is of another size on each processor.
sqlite3 file.db 'update item set price = cast(price as integer)'
sqlite3 file.db .dump | md5sum
sqlite3 file.db .dump | sqlite3 again.db && sqlite3 again.db 'pragma integrity_check; select avg(length(name)) from item'
sqlite3 -json file.db 'select id, kind, name from item limit 2' && sqlite3 -box file.db 'select id, name from item where id in (5, 77)'
sqlite3 file.db 'vacuum; analyze; explain query plan select * from item where id = 3'
sqlite3 file.db 'select nothing' 2>&1; echo $?
