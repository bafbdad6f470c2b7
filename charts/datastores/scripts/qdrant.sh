set -eu
export QDRANT__STORAGE__STORAGE_PATH=/data/storage QDRANT__STORAGE__SNAPSHOTS_PATH=/data/snapshots
export QDRANT_INIT_FILE_PATH=/data/.initialized QDRANT__TELEMETRY_DISABLED=true
cd "${QDRANT_HOME:-/qdrant}"
exec ./qdrant
