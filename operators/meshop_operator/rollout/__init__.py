"""ModelRollout: a new version of a model, step by step, and back when it is worse."""
