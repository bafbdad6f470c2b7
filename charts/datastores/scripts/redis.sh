set -eu
umask 077
printf 'requirepass %s\n' "$PASSWORD" >/run/meshop/redis.conf
exec redis-server /run/meshop/redis.conf --bind 0.0.0.0 --port 6379 --dir /data --appendonly yes \
    --maxmemory "$MAX_MEMORY" --maxmemory-policy volatile-lru
