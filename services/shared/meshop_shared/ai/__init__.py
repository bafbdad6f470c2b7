"""What all AI services share: app factory, answer envelope, model store, training harness, decision log; docs/ai.md."""
