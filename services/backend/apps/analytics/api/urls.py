"""Paths under ``/api/analytics/``."""

from django.urls import path

from apps.analytics.api import customer_views, report_views, sales_views

urlpatterns = [
    path("sales/daily/", sales_views.SalesDailyApi.as_view()),
    path("sales/summary/", sales_views.SalesSummaryApi.as_view()),
    path("products/", sales_views.ProductSalesApi.as_view()),
    path("categories/", sales_views.CategorySalesApi.as_view()),
    path("activity/", sales_views.ActivityApi.as_view()),
    path("segments/", customer_views.SegmentsApi.as_view()),
    path("segments/customers/", customer_views.SegmentCustomersApi.as_view()),
    path("funnel/", customer_views.FunnelApi.as_view()),
    path("cohorts/", customer_views.CohortsApi.as_view()),
    path("reports/", report_views.ReportsApi.as_view()),
    path("reports/<int:report_id>/", report_views.ReportApi.as_view()),
    path("reports/<int:report_id>/download/<str:file_format>/", report_views.ReportDownloadApi.as_view()),
]
