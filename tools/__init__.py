"""What developers run from the checkout: the local stack, test servers, lint and locks. No service imports this."""
