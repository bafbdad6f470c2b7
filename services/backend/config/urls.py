"""Every path the backend serves."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns = [
    path("api/auth/", include("apps.accounts.api.urls")),
    path("api/", include("apps.recommendations.api.urls")),
    path("api/", include("apps.visual.api.urls")),
    path("api/", include("apps.support.api.urls")),
    path("api/products/", include("apps.products.api.urls")),
    path("api/search/", include("apps.search.api.urls")),
    path("api/orders/", include("apps.orders.api.urls")),
    path("api/audit/", include("apps.audit.api.urls")),
    path("api/payments/", include("apps.payments.api.urls")),
    path("api/notifications/", include("apps.notifications.api.urls")),
    path("api/pricing/", include("apps.pricing.api.urls")),
    path("api/fraud/", include("apps.fraud.api.urls")),
    path("api/analytics/", include("apps.analytics.api.urls")),
    path("api/analytics/", include("apps.forecasting.api.urls")),
    path("api/webhooks/", include("apps.webhooks.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
    path("", include("apps.health.urls")),
    path("media/", include("apps.products.media_urls")),
]
handler400 = "apps.core.api.errors.bad_request"
handler403 = "apps.core.api.errors.permission_denied"
handler404 = "apps.core.api.errors.page_not_found"
handler500 = "apps.core.api.errors.server_error"
