"""Django settings, made from :class:`config.environment.BackendSettings`. No literals that differ by deployment."""

from pathlib import Path
from typing import Any

from environ import Env
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import measures, subscriptions
from config.environment import BackendSettings
from meshop_shared.logging import configure_logging
from meshop_shared.settings import load_settings

MESHOP = load_settings(BackendSettings)
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = MESHOP.secret_key.get_secret_value()
DEBUG = False
ALLOWED_HOSTS = MESHOP.allowed_hosts
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "treebeard",
    "apps.core",
    "apps.audit",
    "apps.accounts",
    "apps.inventory",
    "apps.products",
    "apps.search",
    "apps.activity",
    "apps.orders",
    "apps.recommendations",
    "apps.visual",
    "apps.support",
    "apps.features",
    "apps.fraud",
    "apps.pricing",
    "apps.payments",
    "apps.notifications",
    "apps.webhooks",
    "apps.analytics",
    "apps.forecasting",
    "apps.health",
]

MIDDLEWARE = [
    "apps.core.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **Env.db_url_config(MESHOP.database_url.get_secret_value()),
        "CONN_MAX_AGE": MESHOP.database_conn_max_age_s,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # Server-side parameters let psycopg prepare the statements that repeat.
            "server_side_binding": True,
            "prepare_threshold": 5,
            "connect_timeout": 5,
            # Compiling a statement takes longer than any of ours runs.
            "options": "-c jit=off -c statement_timeout=30000 -c lock_timeout=10000 "
            "-c idle_in_transaction_session_timeout=60000",
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": MESHOP.redis_url,
        # redis-py would retry for seconds on every call while Redis is down.
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2, "retry": Retry(NoBackoff(), 0)},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

AUTHENTICATION_BACKENDS = ["apps.accounts.backends.GuardedBackend"]
PASSWORD_HASHERS = ["apps.accounts.passwords.OwaspArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600

SUBSCRIPTIONS = subscriptions.SUBSCRIPTIONS
MEASURES = measures.MEASURES

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.api.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.api.permissions.SignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.renderers.OrjsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "apps.core.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Meshop API",
    "DESCRIPTION": "The store: accounts, catalogue, carts, orders. Errors share one envelope; see `Error`.",
    "VERSION": "0.1.0",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "apps.orders.models.Order.Status",
        "ReviewStatus": "apps.products.models.ProductReview.Status",
        "ReportFormat": "apps.analytics.models.SalesReport.Format",
        "ReportKind": "apps.analytics.models.SalesReport.Kind",
        "ReportStatus": "apps.analytics.models.SalesReport.Status",
        "AnswerSource": ["model", "cache", "baseline", "fallback"],
        "PriceSource": "apps.pricing.models.PriceProposal.Source",
        "PriceProposalStatus": "apps.pricing.models.PriceProposal.Status",
        "FraudAction": "apps.fraud.models.FraudReview.Action",
        "FraudReviewStatus": "apps.fraud.models.FraudReview.Status",
        "CustomerSegmentName": "apps.analytics.models.CustomerSegment.Segment",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.api.schema.add_error_responses",
    ],
}

#: Who tells whether a reviewer has bought the product: ``(*, user_id, product_id) -> bool``.
PURCHASE_CHECKER = "apps.orders.selectors.order_has_product"

#: Makes the engine that product searches ask: ``() -> apps.products.search.port.ProductSearch``.
PRODUCT_SEARCH = "apps.search.bootstrap.product_search"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = MESHOP.static_root
MEDIA_URL = "/media/"
MEDIA_ROOT = MESHOP.media_root
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = MESHOP.image_max_bytes

_email = Env.email_url_config(MESHOP.email_url)
EMAIL_BACKEND = _email.get("EMAIL_BACKEND")
EMAIL_HOST = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _email.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = MESHOP.email_from

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# The gateway says which host was asked for; like Host itself, it is only believed if ALLOWED_HOSTS has it.
USE_X_FORWARDED_HOST = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = MESHOP.public_url.startswith("https://")
CSRF_TRUSTED_ORIGINS = [MESHOP.public_url]

LOGGING_CONFIG = None
configure_logging(service="backend", level=MESHOP.log_level)
