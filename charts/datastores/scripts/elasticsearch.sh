# The program writes into its folder of settings; ours is read-only, so it gets a copy.
set -eu
home=${ES_HOME:-/usr/share/elasticsearch}
export ES_PATH_CONF=/run/meshop/config ES_TMPDIR=/tmp
mkdir -p "$ES_PATH_CONF"
cp -r "$home/config/." "$ES_PATH_CONF"
exec "$home/bin/elasticsearch" -E path.data=/data -E path.logs=/run/meshop/logs -E network.host=0.0.0.0 \
    -E discovery.type=single-node -E xpack.security.enabled=false -E node.store.allow_mmap=false
