"""SQL of the batch upsert. Rows arrive by COPY in temporary tables; set-based statements do the rest."""

KNOWN_PRODUCTS = "SELECT sku, id FROM products_product WHERE sku = ANY(%s)"
KNOWN_VARIANTS = """
SELECT v.sku, p.sku FROM products_productvariant v JOIN products_product p ON p.id = v.product_id
WHERE v.sku = ANY(%s)
"""
PRODUCTS_WITH_VARIANTS = """
SELECT DISTINCT p.sku FROM products_product p JOIN products_productvariant v ON v.product_id = p.id
WHERE p.sku = ANY(%s)
"""

CREATE_STAGES = """
CREATE TEMP TABLE IF NOT EXISTS import_product (
    product_id bigint, sku text, slug text, name text, description text, brand text, has_category bool,
    category_id bigint, tag_ids bigint[], price_minor bigint, currency text, attributes jsonb,
    stock_item_id bigint, search_extra text, is_active bool, created_at timestamptz,
    image text, image_width int, image_height int
) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS import_variant (
    product_sku text, sku text, name text, attributes jsonb, price_minor bigint, stock_item_id bigint
) ON COMMIT DROP;
TRUNCATE import_product, import_variant;
"""

COPY_PRODUCTS = """
COPY import_product (product_id, sku, slug, name, description, brand, has_category, category_id, tag_ids,
    price_minor, currency, attributes, stock_item_id, search_extra, is_active, created_at,
    image, image_width, image_height)
FROM STDIN
"""
COPY_VARIANTS = (
    "COPY import_variant (product_sku, sku, name, attributes, price_minor, stock_item_id) FROM STDIN"
)

#: A slug that is taken, in the shop or within the batch, gets a piece of the SKU's digest.
INSERT_PRODUCTS = """
INSERT INTO products_product (sku, slug, name, description, brand, category_id, price_minor, currency, attributes,
    is_active, rating, review_count, stock_item_id, search_extra, created_at, updated_at)
SELECT t.sku,
    CASE WHEN taken.slug IS NOT NULL OR row_number() OVER (PARTITION BY t.slug ORDER BY t.sku) > 1
         THEN t.slug || '-' || left(md5(t.sku), 10) ELSE t.slug END,
    t.name, coalesce(t.description, ''), coalesce(t.brand, ''), t.category_id, t.price_minor, t.currency,
    coalesce(t.attributes, '{}'), t.is_active, 0, 0, t.stock_item_id, t.search_extra,
    coalesce(t.created_at, now()), now()
FROM import_product t LEFT JOIN products_product taken ON taken.slug = t.slug
WHERE t.product_id IS NULL
ORDER BY t.created_at, t.sku
RETURNING id
"""

#: Makes the new products known to the statements that follow, and returns nothing.
LINK_PRODUCTS = """
UPDATE import_product t SET product_id = p.id FROM products_product p WHERE p.sku = t.sku AND t.product_id IS NULL
"""

PRICE_HISTORY = """
INSERT INTO products_pricehistory (product_id, price_minor, currency, created_at)
SELECT p.id, t.price_minor, t.currency,
    CASE WHEN p.id = ANY(%(created)s::bigint[]) THEN p.created_at ELSE now() END
FROM import_product t JOIN products_product p ON p.id = t.product_id
WHERE p.id = ANY(%(created)s::bigint[]) OR (p.price_minor, p.currency) IS DISTINCT FROM (t.price_minor, t.currency)
"""

UPDATE_PRODUCTS = """
UPDATE products_product p SET name = t.name, description = coalesce(t.description, p.description),
    brand = coalesce(t.brand, p.brand),
    category_id = CASE WHEN t.has_category THEN t.category_id ELSE p.category_id END,
    price_minor = t.price_minor, currency = t.currency, attributes = coalesce(t.attributes, p.attributes),
    updated_at = now()
FROM import_product t
WHERE p.id = t.product_id AND (
    (p.name, p.price_minor, p.currency) IS DISTINCT FROM (t.name, t.price_minor, t.currency)
    OR p.description <> t.description OR p.brand <> t.brand OR p.attributes <> t.attributes
    OR (t.has_category AND p.category_id IS DISTINCT FROM t.category_id))
RETURNING p.id
"""

DELETE_TAGS = """
DELETE FROM products_product_tags pt USING import_product t
WHERE pt.product_id = t.product_id AND t.tag_ids IS NOT NULL AND pt.tag_id <> ALL (t.tag_ids)
RETURNING pt.product_id
"""
INSERT_TAGS = """
INSERT INTO products_product_tags (product_id, tag_id)
SELECT t.product_id, tag_id FROM import_product t, unnest(t.tag_ids) AS tag_id
ON CONFLICT DO NOTHING RETURNING product_id
"""

#: Before the variants change; a variant without a price of its own follows the product's history.
VARIANT_PRICE_CHANGES = """
INSERT INTO products_pricehistory (product_id, variant_id, price_minor, currency)
SELECT p.id, v.id, coalesce(t.price_minor, p.price_minor), p.currency
FROM import_variant t JOIN products_productvariant v ON v.sku = t.sku JOIN products_product p ON p.id = v.product_id
WHERE v.price_minor IS DISTINCT FROM t.price_minor
RETURNING product_id
"""
UPDATE_VARIANTS = """
UPDATE products_productvariant v SET name = t.name, attributes = t.attributes, price_minor = t.price_minor,
    is_active = true
FROM import_variant t
WHERE v.sku = t.sku AND (v.name, v.attributes, v.price_minor, v.is_active)
    IS DISTINCT FROM (t.name, t.attributes, t.price_minor, true)
RETURNING v.product_id
"""
INSERT_VARIANTS = """
WITH added AS (
    INSERT INTO products_productvariant (product_id, sku, name, attributes, price_minor, is_active, stock_item_id)
    SELECT p.id, t.sku, t.name, t.attributes, t.price_minor, true, t.stock_item_id
    FROM import_variant t JOIN products_product p ON p.sku = t.product_sku
    WHERE NOT EXISTS (SELECT FROM products_productvariant v WHERE v.sku = t.sku)
    ORDER BY t.product_sku, t.sku
    RETURNING id, product_id, price_minor
),
priced AS (
    INSERT INTO products_pricehistory (product_id, variant_id, price_minor, currency)
    SELECT a.product_id, a.id, a.price_minor, p.currency
    FROM added a JOIN products_product p ON p.id = a.product_id WHERE a.price_minor IS NOT NULL
)
SELECT product_id FROM added
"""
#: A variant that the file no longer lists leaves the shop; orders still point at it.
RETIRE_VARIANTS = """
UPDATE products_productvariant v SET is_active = false
WHERE v.is_active AND v.product_id IN (
    SELECT p.id FROM import_variant t JOIN products_product p ON p.sku = t.product_sku)
  AND NOT EXISTS (SELECT FROM import_variant t WHERE t.sku = v.sku)
RETURNING v.product_id
"""

INSERT_IMAGES = """
INSERT INTO products_productimage (product_id, file, alt, is_primary, width, height)
SELECT t.product_id, t.image, left(t.name, 200), true, t.image_width, t.image_height
FROM import_product t WHERE t.image IS NOT NULL AND t.product_id = ANY(%(created)s::bigint[])
"""

#: What can only happen to products that were there before, in an order that lets price changes see old prices.
CHANGES = (UPDATE_PRODUCTS, DELETE_TAGS, VARIANT_PRICE_CHANGES, UPDATE_VARIANTS, RETIRE_VARIANTS)
ADDITIONS = (INSERT_TAGS, INSERT_VARIANTS)
