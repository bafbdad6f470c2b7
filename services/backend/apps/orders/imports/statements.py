"""SQL of the order history: lines arrive by COPY, are grouped to invoices, and become orders by the batch."""

#: Lives as long as the connection: a killed import leaves nothing.
CREATE_LINES = """
DROP TABLE IF EXISTS import_line, import_invoice;
CREATE TEMP TABLE import_line (
    line bigint, kind text, invoice text, sku text, name text, quantity bigint, price_minor bigint,
    placed_at timestamptz, customer text, country text
)
"""
COPY_LINES = """
COPY import_line (line, kind, invoice, sku, name, quantity, price_minor, placed_at, customer, country) FROM STDIN
"""
#: An invoice is all its lines, wherever they stand in the file. Its moment is that of its first line.
CREATE_INVOICES = """
CREATE INDEX ON import_line (invoice);
CREATE TEMP TABLE import_invoice AS
SELECT invoice, row_number() OVER (ORDER BY min(line)) AS number, min(placed_at) AS placed_at,
    max(customer) AS customer, max(country) AS country, count(*) AS lines,
    count(*) FILTER (WHERE kind = 'item') AS items,
    coalesce(sum(quantity * price_minor) FILTER (WHERE kind = 'item'), 0)::bigint AS subtotal,
    coalesce(sum(quantity * price_minor) FILTER (WHERE kind = 'shipping'), 0)::bigint AS shipping,
    coalesce(-sum(quantity * price_minor) FILTER (WHERE kind = 'discount'), 0)::bigint AS discount
FROM import_line GROUP BY invoice;
CREATE UNIQUE INDEX ON import_invoice (number);
CREATE UNIQUE INDEX ON import_invoice (invoice);
ANALYZE import_line, import_invoice
"""
COUNT_INVOICES = """
SELECT count(*), coalesce(sum(i.lines), 0)::bigint, count(o.id),
    coalesce(sum(i.lines) FILTER (WHERE o.id IS NOT NULL), 0)::bigint
FROM import_invoice i LEFT JOIN orders_order o ON o.import_reference = i.invoice
"""
DROP_LINES = "DROP TABLE IF EXISTS import_line, import_invoice"

NEW_INVOICES = """
SELECT i.invoice, i.placed_at, i.customer, i.country, i.lines, i.items
FROM import_invoice i
WHERE i.number > %(after)s AND i.number <= %(upto)s
  AND NOT EXISTS (SELECT FROM orders_order o WHERE o.import_reference = i.invoice)
ORDER BY i.number
"""
#: Cancellations of the old system are orders with negative quantities.
INSERT_ORDERS = """
INSERT INTO orders_order (number, user_id, status, payment_status, currency, subtotal_minor, shipping_minor, tax_minor,
    discount_minor, total_minor, shipping_address, billing_address, note, import_reference, created_at, updated_at)
SELECT n.number, n.user_id,
    CASE WHEN n.cancelled THEN 'cancelled' ELSE 'delivered' END,
    CASE WHEN n.cancelled THEN 'refunded' ELSE 'paid' END,
    %(currency)s, i.subtotal, i.shipping, 0, i.discount, i.subtotal + i.shipping - i.discount,
    n.address::jsonb, n.address::jsonb, '', i.invoice, i.placed_at, i.placed_at
FROM unnest(%(invoices)s::text[], %(numbers)s::text[], %(users)s::bigint[], %(addresses)s::text[],
        %(cancelled)s::bool[]) AS n (invoice, number, user_id, address, cancelled)
JOIN import_invoice i ON i.invoice = n.invoice
ORDER BY i.number
"""
INSERT_ITEMS = """
INSERT INTO orders_orderitem (order_id, product_id, sku, name, quantity, unit_price_minor, line_total_minor)
SELECT o.id, p.id, l.sku, l.name, l.quantity, l.price_minor, l.quantity * l.price_minor
FROM import_line l
JOIN orders_order o ON o.import_reference = l.invoice
LEFT JOIN products_product p ON p.sku = l.sku
WHERE l.invoice = ANY(%(invoices)s::text[]) AND l.kind = 'item'
ORDER BY l.line
"""
INSERT_EVENTS = """
INSERT INTO orders_orderevent (order_id, type, message, data, request_id, created_at)
SELECT o.id, 'imported', 'The order was imported from another system.', '{}', '', o.created_at
FROM orders_order o WHERE o.import_reference = ANY(%(invoices)s::text[])
ORDER BY o.id
"""
NEW_IDS = "SELECT min(id), max(id) FROM orders_order WHERE import_reference = ANY(%(invoices)s::text[])"
