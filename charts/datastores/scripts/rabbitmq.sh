set -eu
umask 077
export HOME=/data RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_MNESIA_BASE=/data/mnesia RABBITMQ_LOGS=-
export RABBITMQ_CONFIG_FILE=/run/meshop/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=/run/meshop/enabled_plugins
export RABBITMQ_PID_FILE=/run/meshop/rabbitmq.pid RABBITMQ_LOG_BASE=/run/meshop/log
export ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP=/dev/null
[ -s /data/.erlang.cookie ] || head -c 24 /dev/urandom | base64 | tr -dc A-Za-z0-9 >/data/.erlang.cookie
chmod 400 /data/.erlang.cookie
echo '[rabbitmq_prometheus].' >"$RABBITMQ_ENABLED_PLUGINS_FILE"
cat >"$RABBITMQ_CONFIG_FILE" <<CONF
listeners.tcp.default = 5672
prometheus.tcp.port = 15692
loopback_users = none
default_user = meshop
default_pass = $PASSWORD
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
vm_memory_high_watermark.absolute = $MEMORY_HIGH_WATERMARK
disk_free_limit.absolute = 64MB
CONF
exec rabbitmq-server
