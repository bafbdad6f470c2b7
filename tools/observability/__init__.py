"""Looking at a running Meshop: traces received, metrics gathered, dashboards drawn, drills run."""
