# The program writes into its folder of settings; ours is read-only, so it gets a copy.
set -eu
home=${ES_HOME:-/usr/share/elasticsearch}
export ES_PATH_CONF=/run/meshop/config ES_TMPDIR=/tmp
mkdir -p "$ES_PATH_CONF"
cp -r "$home/config/." "$ES_PATH_CONF"
# Logs of the garbage collector and of crashes go to the folder of the program, or stop it where that is read-only.
sed -i -E '/gc\.log|^([0-9-]+:)?-XX:(ErrorFile|HeapDumpPath|\+HeapDumpOnOutOfMemoryError)/d' "$ES_PATH_CONF/jvm.options"
exec "$home/bin/elasticsearch" -E path.data=/data -E path.logs=/run/meshop/logs -E network.host=0.0.0.0 \
    -E discovery.type=single-node -E xpack.security.enabled=false -E node.store.allow_mmap=false \
    -E cluster.routing.allocation.disk.threshold_enabled=false
