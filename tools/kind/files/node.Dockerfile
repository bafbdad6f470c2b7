ARG BASE
FROM ${BASE}
RUN mkdir -p /opt/cni/bin /kind/manifests /etc/cni/net.d /etc/containerd && cp /usr/lib/cni/* /opt/cni/bin/
COPY bin/ /usr/bin/
COPY images/ /kind/images/
COPY version /kind/version
COPY node-cni.yaml /kind/manifests/default-cni.yaml
COPY node-storage.yaml /kind/manifests/default-storage.yaml
COPY patches/ /kind/patches/
COPY containerd.toml /etc/containerd/config.toml
COPY cni.conflist /etc/cni/net.d/10-bridge.conflist
COPY node-entrypoint /usr/local/bin/entrypoint
RUN chmod 755 /usr/local/bin/entrypoint
ENV container=docker
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/entrypoint"]
