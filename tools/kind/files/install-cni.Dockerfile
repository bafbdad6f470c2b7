ARG BASE
FROM ${BASE}
COPY istio-cni /opt/cni/bin/istio-cni
COPY install-cni /usr/local/bin/install-cni
ENV PATH=$PATH:/opt/cni/bin
WORKDIR /opt/cni/bin
CMD ["/usr/local/bin/install-cni"]
