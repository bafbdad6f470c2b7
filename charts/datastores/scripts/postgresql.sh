# A new cluster is made beside its place and moved there when it is whole: a start that was cut short begins anew.
set -eu
PGDATA=/data/pgdata
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    rm -rf "$PGDATA.new"
    initdb --pgdata="$PGDATA.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=trust --auth-host=scram-sha-256
    echo "host all all all scram-sha-256" >>"$PGDATA.new/pg_hba.conf"
    pg_ctl --pgdata="$PGDATA.new" --options="-c listen_addresses= -c unix_socket_directories=/run/meshop" --wait start
    psql --host=/run/meshop --username=postgres --set=ON_ERROR_STOP=1 \
        --set=owner="$POSTGRES_USER" --set=name="$POSTGRES_DB" --set=password="$PASSWORD" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"owner";
SQL
    pg_ctl --pgdata="$PGDATA.new" --wait stop
    mv "$PGDATA.new" "$PGDATA"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/run/meshop \
    -c max_connections="$MAX_CONNECTIONS" -c shared_buffers="$SHARED_BUFFERS"
