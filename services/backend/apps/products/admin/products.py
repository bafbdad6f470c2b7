"""Admin pages of products, their variants, pictures and prices."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.forms import BaseInlineFormSet, BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponseRedirect

from apps.core.admin import ReadOnlyAdmin
from apps.products.admin.forms import ImageForm, ProductForm, VariantForm
from apps.products.models import (
    CatalogImport,
    PriceHistory,
    Product,
    ProductImage,
    ProductVariant,
    SearchWord,
)
from apps.products.services.images import image_add, image_change, image_delete
from apps.products.services.products import ProductData, product_create, product_deactivate, product_update
from apps.products.services.variants import VariantData
from meshop_shared.errors import MeshopError
from meshop_shared.money import minor_to_decimal_string


class VariantInline(admin.TabularInline):
    """Variants on the product's page; a deleted one is retired, because orders refer to it."""

    model = ProductVariant
    form = VariantForm
    extra = 0
    fields = ("sku", "name", "attributes", "price", "stock", "is_active")
    readonly_fields = ("is_active",)
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductVariant]:
        """Read stock along."""
        return super().get_queryset(request).select_related("stock_item", "product")


class ImageInline(admin.TabularInline):
    """Pictures on the product's page; an upload is drawn anew."""

    model = ProductImage
    form = ImageForm
    extra = 0
    fields = ("upload", "alt", "is_primary", "file", "width", "height")
    readonly_fields = ("file", "width", "height")


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    """Products. Prices keep their history and stock its movements; deleting hides."""

    form = ProductForm
    inlines = [VariantInline, ImageInline]
    list_display = ("sku", "name", "price", "stock", "category", "is_active", "created_at")
    list_display_links = ("sku", "name")
    list_filter = ("is_active",)
    list_select_related = ("category", "stock_item")
    list_per_page = 50
    ordering = ("-id",)
    search_fields = ("sku",)
    search_help_text = "SKU, slug, or words of name, brand, category, tags and description."
    show_full_result_count = False
    autocomplete_fields = ("category", "tags")
    readonly_fields = ("rating", "review_count", "created_at", "updated_at")

    @admin.display(ordering="price_minor")
    def price(self, product: Product) -> str:
        """The price in its currency."""
        return f"{minor_to_decimal_string(product.price_minor, product.currency)} {product.currency}"

    @admin.display
    def stock(self, product: Product) -> str:
        """What can be sold now."""
        return str(product.stock_item.available) if product.stock_item else "by variant"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        """Search by index at any size, also for the autocompletion of other pages."""
        if not search_term or "\x00" in search_term:
            return queryset, False
        words = SearchQuery(search_term, search_type="websearch", config="english")
        codes = Q(sku=search_term) | Q(sku=search_term.upper()) | Q(slug=search_term.lower())
        return queryset.filter(codes | Q(search_vector=words)), False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show a refusal of the services as a message; nothing has been written then."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except MeshopError as error:
            fields = error.extra.get("fields", {})
            details = [sentence for sentences in fields.values() for sentence in sentences]
            self.message_user(request, " ".join([error.message, *details]), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm, change: bool) -> None:
        """Change through the service; a new product waits for its variants."""
        if change:
            data = cast(ProductData, cast(ProductForm, form).product_data())
            product_update(product_id=obj.pk, data=data, actor=_actor(request))

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: list[BaseModelFormSet], change: bool
    ) -> None:
        """Create a new product together with its variants, then save the inlines; tags went with the product."""
        if not change:
            variants = [
                row for formset in formsets if formset.model is ProductVariant for row in _variants(formset)
            ]
            data = cast(ProductData, {**cast(ProductForm, form).product_data(), "variants": variants})
            created = product_create(data=data, actor=_actor(request))
            form.instance.__dict__.update(created.__dict__)
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: BaseModelFormSet, change: bool
    ) -> None:
        """Send variants and pictures through their services."""
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        if formset.model is ProductVariant and change and formset.has_changed():
            data: ProductData = {"variants": _variants(formset)}
            product_update(product_id=form.instance.pk, data=data, actor=_actor(request))
        elif formset.model is ProductImage:
            _save_images(form.instance.pk, formset)

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        """Hide it."""
        if obj.is_active:
            product_deactivate(product_id=obj.pk, actor=_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Hide them."""
        for product_id in queryset.filter(is_active=True).values_list("pk", flat=True):
            product_deactivate(product_id=product_id, actor=_actor(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[str], dict, set, list]:
        """Nothing is deleted with a product that is only hidden."""
        return [f"{product} (hidden, not deleted)" for product in objs], {}, set(), []


@admin.register(PriceHistory)
class PriceHistoryAdmin(ReadOnlyAdmin):
    """Prices as they were."""

    list_display = ("product", "variant", "price", "actor", "created_at")
    list_select_related = ("product", "variant", "actor")
    search_fields = ("=product__sku",)
    show_full_result_count = False

    @admin.display(ordering="price_minor")
    def price(self, entry: PriceHistory) -> str:
        """The price in its currency."""
        return f"{minor_to_decimal_string(entry.price_minor, entry.currency)} {entry.currency}"


@admin.register(ProductVariant)
class ProductVariantAdmin(ReadOnlyAdmin):
    """All variants; they are changed on their product's page."""

    list_display = ("sku", "name", "product", "available", "is_active")
    list_select_related = ("product", "stock_item")
    search_fields = ("=sku", "=product__sku")
    show_full_result_count = False

    @admin.display
    def available(self, variant: ProductVariant) -> int:
        """What can be sold now."""
        return variant.stock_item.available


@admin.register(ProductImage)
class ProductImageAdmin(ReadOnlyAdmin):
    """All pictures; they are changed on their product's page."""

    list_display = ("id", "product", "file", "is_primary", "width", "height")
    list_select_related = ("product",)
    search_fields = ("=product__sku",)
    show_full_result_count = False


@admin.register(SearchWord)
class SearchWordAdmin(ReadOnlyAdmin):
    """Words that searches are corrected to, under the spellings that lead to them."""

    list_display = ("spelling", "word")
    search_fields = ("=spelling", "=word")
    show_full_result_count = False


@admin.register(CatalogImport)
class CatalogImportAdmin(ReadOnlyAdmin):
    """What has been imported, and how far."""

    list_display = ("source", "format", "status", "line", "created_at", "updated_at")
    list_filter = ("status",)


def _actor(request: HttpRequest) -> AbstractBaseUser:
    return cast(AbstractBaseUser, request.user)


def _variants(formset: BaseModelFormSet) -> list[VariantData]:
    forms = [form for form in formset.forms if form not in formset.deleted_forms]
    kept = [form for form in forms if form.has_changed() or (form.instance.pk and form.instance.is_active)]
    return [cast(VariantData, cast(VariantForm, form).variant_data()) for form in kept]


def _save_images(product_id: int, formset: BaseModelFormSet) -> None:
    for form in cast(BaseInlineFormSet, formset).forms:
        if form in formset.deleted_forms:
            if form.instance.pk:
                image_delete(image_id=form.instance.pk)
        elif form.has_changed():
            data = form.cleaned_data
            if form.instance.pk:
                image_change(image_id=form.instance.pk, alt=data["alt"], is_primary=data["is_primary"])
            else:
                upload = data["upload"]
                image_add(
                    product_id=product_id,
                    upload=upload,
                    size=upload.size,
                    alt=data["alt"],
                    is_primary=data["is_primary"],
                )
