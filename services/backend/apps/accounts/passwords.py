"""Password hashing."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class OwaspArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the OWASP Password Storage Cheat Sheet's first choice: 19 MiB, t=2, p=1."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
