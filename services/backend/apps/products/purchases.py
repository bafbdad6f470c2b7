"""Whether a reviewer has bought what they review. Orders are above products, so settings name who answers."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string


def purchase_verified(*, user_id: int, product_id: int) -> bool:
    """Ask ``settings.PURCHASE_CHECKER``: a dotted path of ``(*, user_id, product_id) -> bool``; unset is no."""
    path: str | None = getattr(settings, "PURCHASE_CHECKER", None)
    if not path:
        return False
    checker: Callable[..., bool] = import_string(path)
    return bool(checker(user_id=user_id, product_id=product_id))
