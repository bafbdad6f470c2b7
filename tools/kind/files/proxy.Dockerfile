ARG BASE
FROM ${BASE}
RUN groupadd -g 1337 istio-proxy && useradd -u 1337 -g 1337 istio-proxy && mkdir -p /var/lib/istio/envoy && ldconfig
COPY envoy_bootstrap.json /var/lib/istio/envoy/envoy_bootstrap_tmpl.json
COPY envoy pilot-agent /usr/local/bin/
RUN chmod 755 /usr/local/bin/* && envoy --version
ENTRYPOINT ["/usr/local/bin/pilot-agent"]
