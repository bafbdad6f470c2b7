# The operator. Build from the root of the checkout:
#   docker build -f docker/operator.Dockerfile -t meshop/operator:dev .
# BASE is any Debian 12 with Python 3.11; what runs has neither compilers nor pip.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python3 -m venv /venv
COPY requirements/operator.txt requirements/
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements/operator.txt \
 && /venv/bin/pip uninstall --yes pip setuptools
COPY services/shared/meshop_shared shared/meshop_shared
COPY operators/meshop_operator operators/meshop_operator
RUN /venv/bin/python -m compileall -q --invalidation-mode checked-hash shared operators /venv/lib

FROM ${BASE}
RUN groupadd --gid 10001 meshop && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin meshop
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app/shared:/app/operators PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=9103
WORKDIR /app
USER 10001:10001
EXPOSE 9103
CMD ["python", "-m", "meshop_operator"]
