"""What ``bench_events`` compares with: a mail as a Celery task that is sent after the commit, and nothing around it.

A process that dies at the wrong moment loses such a mail, and a broker that is away loses all of them.
"""

from celery import shared_task
from django.core.mail import EmailMultiAlternatives

from apps.notifications.contexts import order_context
from apps.notifications.rendering import subject_render, template_render
from apps.notifications.services.templates import template_find
from apps.orders.models import Order


@shared_task(name="bench.bare_mail")
def bare_mail(order_id: int) -> None:
    """Confirm an order: the same words, by the same mail server."""
    order = Order.objects.select_related("user").prefetch_related("items").get(pk=order_id)
    template, values = template_find(key="order_confirmation"), order_context(order.user, order)
    message = EmailMultiAlternatives(
        subject=subject_render(template.subject, values),
        body=template_render(template.text, values, html=False),
        to=[order.user.email],
    )
    message.attach_alternative(template_render(template.html, values, html=True), "text/html")
    message.send()
