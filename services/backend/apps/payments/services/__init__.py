"""Writing payments. Each module is one aggregate or flow."""
