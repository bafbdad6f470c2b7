# The Qdrant of the tests, under the name and with the settings of the real one, on the packages of an AI service.
ARG BASE
FROM ${BASE}
USER 0:0
COPY qdrant_front.py /qdrant/
RUN printf '#!/bin/sh\nexec python /qdrant/qdrant_front.py --host 0.0.0.0 --path "$QDRANT__STORAGE__STORAGE_PATH"\n' >/qdrant/qdrant \
 && chmod 755 /qdrant /qdrant/qdrant && chmod 644 /qdrant/qdrant_front.py
USER 1000:1000
