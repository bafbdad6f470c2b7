"""A kind cluster with a mesh, on any machine: node image, Istio and stores are made from packages and Go modules."""
