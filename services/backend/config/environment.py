"""Every setting of the backend, read once from the environment and validated. Nothing else reads ``os.environ``."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from meshop_shared.settings import ServiceSettings

CommaList = Annotated[list[str], NoDecode]
NamedUrls = Annotated[dict[str, str], NoDecode]
_HTTP_URL = re.compile(r"https?://[A-Za-z0-9._\-\[\]:]+")


class BackendSettings(ServiceSettings):
    """Environment of backend, worker and management commands; the README table is checked against this class."""

    secret_key: SecretStr = Field(description="Django's signing key, at least 32 characters.", min_length=32)
    jwt_private_key: SecretStr | None = Field(
        None, description="RSA private key (PEM) that signs access tokens."
    )
    jwt_private_key_file: Path | None = Field(
        None, description="File with that key, instead of JWT_PRIVATE_KEY."
    )
    jwt_issuer: str = Field("meshop", description="`iss` of access tokens.")
    jwt_audience: str = Field("meshop", description="`aud` of access tokens.")
    access_token_s: int = Field(900, ge=60, description="Lifetime of an access token, seconds.")
    refresh_token_s: int = Field(604_800, ge=300, description="Lifetime of a refresh token, seconds.")

    database_url: SecretStr = Field(description="PostgreSQL, as `postgres://user:password@host:port/name`.")
    database_conn_max_age_s: int = Field(
        600, ge=0, description="Seconds a thread keeps its database connection."
    )
    redis_url: str = Field(description="Redis, for caches, limits and sessions of the admin.")
    broker_url: str | None = Field(
        None,
        description="Where events and tasks wait for workers, as `amqp://user:password@host/vhost`; "
        "without it, Redis, which may lose what it stored in its last second.",
    )
    event_retention_days: int = Field(
        14,
        ge=1,
        description="Days that published events are kept; what consumers remember stays twice as long.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port where relay and worker show their metrics; 0 shows none."
    )
    heartbeat_file: Path | None = Field(
        None, description="File that relay, worker and beat touch every few seconds while they work."
    )
    webhook_targets: Literal["public", "any"] = Field(
        "public",
        description="`any` lets merchants' webhooks go to plain HTTP and private addresses, for development.",
    )
    webhook_timeout_s: float = Field(
        10.0, gt=0, le=30, description="Deadline of one call of a merchant's endpoint, seconds."
    )
    webhook_disable_after: int = Field(
        20,
        ge=1,
        description="Failed calls in a row after which an endpoint is disabled; 20 take some 23 hours.",
    )

    ai_urls: NamedUrls = Field(
        {},
        description="AI services, as `recommendations=http://host:port,chatbot=http://host:port`; what is not named "
        "is answered by its fallback. A dash in a name is read as an underscore.",
    )
    ai_deadline_ms: int = Field(
        150,
        ge=1,
        le=10_000,
        description="How long an AI service may take before the fallback answers instead.",
    )
    ai_picture_deadline_ms: int = Field(
        1_500,
        ge=1,
        le=10_000,
        description="The same for questions with a picture, which take longer to answer.",
    )

    ai_database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL of the AI services, whose feature tables the queue `ai` keeps like the shop.",
    )
    ai_trainings: CommaList = Field(
        [],
        description="AI services that a worker of the queue `ai` trains every night, by comma; their code must be "
        "installed beside it. On Kubernetes, CronJobs train.",
    )

    reorder_lead_time_days: int = Field(
        14,
        ge=0,
        le=365,
        description="Days from an order to the shelf, where an article's policy says nothing.",
    )
    reorder_review_days: int = Field(
        7, ge=1, le=90, description="Days between two looks at what is to be ordered."
    )
    reorder_service_level: float = Field(
        0.95, ge=0.5, le=0.99, description="How surely the stock must last until the next delivery."
    )
    reorder_cover_days: int = Field(
        28, ge=1, le=365, description="Days of sales that an order brings beyond that."
    )
    pricing_min_margin: float = Field(
        0.1,
        ge=0,
        le=10,
        description="Margin over its cost that a product's lowest price has unless it is set.",
    )
    pricing_cap: float = Field(
        1.5, ge=1, le=10, description="Times its price that a product's highest price is unless it is set."
    )
    pricing_daily_step: float = Field(
        0.1, gt=0, le=1, description="Largest change of a proposed price within 24 hours, as a fraction."
    )
    price_hold_minutes: int = Field(
        60, ge=0, le=10_080, description="Minutes that carts keep a price after a proposal has raised it."
    )
    fraud_review_amount: Decimal = Field(
        Decimal("500"),
        ge=0,
        description="Total from which an order goes to the analysts' queue while the fraud service does not answer.",
    )
    fraud_hold_hours: int = Field(
        48, ge=1, le=720, description="Longest time that a suspicious order's goods wait for an analyst."
    )
    fraud_label_days: int = Field(
        30, ge=1, description="Days without a complaint after which an order counts as honest."
    )

    public_url: str = Field(
        "http://127.0.0.1:8000", description="Where clients reach the shop; used in links."
    )
    allowed_hosts: CommaList = Field(["127.0.0.1", "localhost"], description="Host names served, by comma.")
    media_root: Path = Field(Path("media"), description="Folder of uploaded images.")
    static_root: Path = Field(Path("static"), description="Folder of collected static files.")
    email_url: str = Field(
        "consolemail://",
        description="Mail server, as `smtp+tls://user:password@host:587`. Without one, mails are only printed; that "
        "is refused when PUBLIC_URL is https on another host than this machine.",
    )
    email_from: str = Field("Meshop <shop@localhost>", description="Sender of mails.")

    rate_limit: Literal["on", "off"] = Field(
        "on", description="`off` lifts all request limits, for load tests."
    )
    trusted_proxies: Annotated[list[IPvAnyNetwork], NoDecode] = Field(
        [], description="Networks of our own proxies, by comma; only their `X-Forwarded-For` is believed."
    )
    shop_currency: str = Field("GBP", pattern="^[A-Z]{3}$", description="ISO 4217 currency of new products.")
    shop_time_zone: str = Field(
        "UTC",
        description="Time zone of the shop's day in analytics, as `Europe/London`; after a change, run "
        "`manage.py analytics_backfill`.",
    )
    shipping_flat: Decimal = Field(Decimal("4.95"), ge=0, description="Shipping per order.")
    shipping_free_from: Decimal = Field(
        Decimal("50"), ge=0, description="Subtotal from which shipping is free."
    )
    tax_rate: Decimal = Field(
        Decimal("0"), ge=0, le=1, description="Tax added to the subtotal, as a fraction."
    )
    order_reservation_minutes: int = Field(30, ge=1, description="Minutes an unpaid order holds its stock.")
    review_moderation: Literal["post", "pre"] = Field(
        "post", description="`post` shows reviews at once, `pre` holds them until staff approve."
    )
    prometheus_multiproc_dir: Path | None = Field(
        None, description="Folder where worker processes share their metrics; set it when there are several."
    )
    elasticsearch_url: str = Field(
        "",
        description="Elasticsearch 8, as `http://user:password@host:9200`; without it, PostgreSQL searches.",
    )
    search_timeout_s: float = Field(
        0.5, gt=0, le=10, description="How long Elasticsearch may take before PostgreSQL answers instead."
    )
    qdrant_url: str = Field(
        "",
        description="Qdrant, as `http://host:6333`, or `file:///folder` for qdrant-client's own store, which one "
        "process at a time may use; without it, products have no vectors.",
    )
    qdrant_api_key: SecretStr | None = Field(None, description="Key of that Qdrant, if it asks for one.")
    text_model: Path | None = Field(
        None,
        description="Folder with MiniLM, as `python -m meshop_shared.embeddings.export` writes it; without it, vectors "
        "of texts are hashed words.",
    )
    payment_provider: Literal["fake", "stripe"] = Field(
        "fake",
        description="Who moves the money. `fake` moves none; it is refused when PUBLIC_URL is https on another host "
        "than this machine.",
    )
    stripe_secret_key: SecretStr | None = Field(None, description="Stripe's API key, `sk_…` or `rk_…`.")
    stripe_webhook_secret: SecretStr | None = Field(
        None,
        description="Signing secret of the webhook endpoint, `whsec_…`; several by comma while one is rotated.",
    )
    stripe_api_base: str = Field("https://api.stripe.com", description="Where Stripe's API is.")
    stripe_timeout_s: float = Field(
        10.0, gt=0, le=30, description="Deadline of one attempt of a call to Stripe."
    )
    stripe_retries: int = Field(
        1, ge=0, le=2, description="Attempts after the first, with the same idempotency key."
    )
    meshop_failpoint: str = Field(
        "", description="For crash tests only: name of the place where the process kills itself."
    )
    meshop_faults: Literal["on", "off"] = Field(
        "off",
        description="`on` lets `manage.py fault` break things on purpose, for drills; a public shop refuses it.",
    )
    image_max_bytes: int = Field(5_000_000, ge=1, description="Largest image upload, bytes.")
    image_max_pixels: int = Field(40_000_000, ge=1, description="Largest image upload, width × height.")

    @field_validator("ai_urls", mode="before")
    @classmethod
    def _split_urls(cls, value: str | dict[str, str]) -> dict[str, str]:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        if not all(name and _HTTP_URL.fullmatch(url) for name, _, url in pairs):
            raise ValueError("write name=http://host:port, separated by commas")
        return {name.replace("-", "_"): url for name, _, url in pairs}

    @field_validator("allowed_hosts", "trusted_proxies", "ai_trainings", mode="before")
    @classmethod
    def _split(cls, value: str | list[str]) -> list[str]:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("ai_trainings")
    @classmethod
    def _name_modules(cls, names: list[str]) -> list[str]:
        if not all(re.fullmatch("[a-z_]+", name) for name in names):
            raise ValueError("write names of AI services, as recommendations, separated by commas")
        return names

    @field_validator("shop_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("use a name of the IANA time zone database, as Europe/London")
        return value

    @model_validator(mode="after")
    def _one_signing_key(self) -> "BackendSettings":
        if not (self.jwt_private_key or self.jwt_private_key_file):
            raise ValueError("set JWT_PRIVATE_KEY or JWT_PRIVATE_KEY_FILE")
        return self

    @model_validator(mode="after")
    def _payment_provider_is_meant(self) -> "BackendSettings":
        if self.payment_provider == "stripe":
            if self.stripe_secret_key is None or self.stripe_webhook_secret is None:
                raise ValueError("PAYMENT_PROVIDER=stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET")
        elif self.is_public:
            raise ValueError("a public shop cannot use PAYMENT_PROVIDER=fake: set PAYMENT_PROVIDER=stripe")
        return self

    @model_validator(mode="after")
    def _no_faults_in_public(self) -> "BackendSettings":
        if self.is_public and self.meshop_faults == "on":
            raise ValueError("a public shop cannot have MESHOP_FAULTS=on: drills belong elsewhere")
        return self

    @model_validator(mode="after")
    def _mails_are_sent(self) -> "BackendSettings":
        if self.is_public and not self.email_url.startswith("smtp"):
            raise ValueError("a public shop sends its mails: set EMAIL_URL to a mail server, as smtp+tls://…")
        return self

    @property
    def is_public(self) -> bool:
        """Whether customers out there use this shop."""
        public = urlsplit(self.public_url)
        return public.scheme == "https" and public.hostname not in ("127.0.0.1", "::1", "localhost")

    @property
    def signing_key_pem(self) -> str:
        """The PEM text of the RSA key."""
        if self.jwt_private_key:
            return self.jwt_private_key.get_secret_value()
        assert self.jwt_private_key_file is not None
        return self.jwt_private_key_file.read_text()
