# Elasticsearch as tools/servers makes it for tests, and a Java for it. The script of the datastores chart starts it.
ARG BASE
FROM ${BASE}
RUN useradd --uid 1000 --user-group --home-dir /data --no-create-home store \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s "$(dirname "$(dirname "$(readlink -f /usr/bin/java)")")" /usr/lib/jvm/default
ARG PROGRAM
COPY ${PROGRAM} /usr/share/elasticsearch
RUN chmod -R a+rX /usr/share/elasticsearch
ENV ES_JAVA_HOME=/usr/lib/jvm/default
USER 1000:1000
