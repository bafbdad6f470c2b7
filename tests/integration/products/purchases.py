"""A shop in which everybody has bought everything."""


def bought_everything(*, user_id, product_id):
    """Answer as ``settings.PURCHASE_CHECKER`` does."""
    return True
