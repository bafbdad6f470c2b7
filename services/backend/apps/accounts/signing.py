"""The process's one signer and verifier of access tokens, built on first use from the settings."""

from functools import cache

from django.conf import settings

from meshop_shared.tokens import TokenSigner, TokenVerifier


@cache
def token_signer() -> TokenSigner:
    """Signer with the configured key."""
    config = settings.MESHOP
    return TokenSigner(
        private_key_pem=config.signing_key_pem,
        issuer=config.jwt_issuer,
        audience=config.jwt_audience,
        lifetime_s=config.access_token_s,
    )


@cache
def token_verifier() -> TokenVerifier:
    """Verifier of what :func:`token_signer` signs."""
    config = settings.MESHOP
    return TokenVerifier(jwks=token_signer().jwks(), issuer=config.jwt_issuer, audience=config.jwt_audience)
