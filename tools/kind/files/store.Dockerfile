# A datastore as Debian packs it. The scripts of the datastores chart start it, as user 999.
ARG BASE
FROM ${BASE}
ARG PACKAGE
RUN useradd --uid 999 --user-group --home-dir /data --no-create-home store \
 && printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
 && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends ${PACKAGE} && rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/lib/postgresql/15/bin:/usr/lib/rabbitmq/bin:$PATH
USER 999:999
