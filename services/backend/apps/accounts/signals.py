"""Hooks for apps above this one."""

from django.dispatch import Signal

#: Sent after a login or registration has committed and before it is answered, with ``user`` and ``cart_token`` (the
#: guest cart's UUID as text, or ``None``). Receivers run one after the other; one that fails is logged, and the
#: login goes on.
user_signed_in = Signal()
