"""Triggers that keep the words of the catalogue, for whoever writes products: services, admin or COPY."""

from typing import ClassVar

from django.db import migrations

LEARN = """
CREATE FUNCTION products_learn_words(texts text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO products_searchword (spelling, word)
    SELECT spellings.spelling, new.word
    FROM (
        SELECT DISTINCT word FROM regexp_split_to_table(lower(texts), '[^[:alpha:]]+') AS words (word)
        WHERE char_length(word) BETWEEN 3 AND 30 AND NOT EXISTS (
            SELECT 1 FROM products_searchword known WHERE known.spelling = words.word AND known.word = words.word
        )
    ) new
    CROSS JOIN LATERAL (
        SELECT new.word
        UNION
        SELECT overlay(new.word PLACING '' FROM letter FOR 1)
        FROM generate_series(1, char_length(new.word)) letter WHERE char_length(new.word) > 3
    ) spellings (spelling)
    ORDER BY 1, 2  -- so that two writers who learn the same words wait for, and never deadlock, each other
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION products_words_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM products_learn_words((SELECT string_agg(concat_ws(' ', name, brand, search_extra), ' ') FROM new_rows));
    RETURN NULL;
END $$;

CREATE FUNCTION products_words_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM products_learn_words((
        SELECT string_agg(concat_ws(' ', n.name, n.brand, n.search_extra), ' ')
        FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE (n.name, n.brand, n.search_extra) IS DISTINCT FROM (o.name, o.brand, o.search_extra)
    ));
    RETURN NULL;
END $$;

CREATE TRIGGER products_words_of_new AFTER INSERT ON products_product
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_words_of_new();
CREATE TRIGGER products_words_of_changed AFTER UPDATE ON products_product
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_words_of_changed();

SELECT products_learn_words(string_agg(concat_ws(' ', name, brand, search_extra), ' '))
FROM products_product GROUP BY id / 10000;
"""

FORGET = """
DROP TRIGGER products_words_of_changed ON products_product;
DROP TRIGGER products_words_of_new ON products_product;
DROP FUNCTION products_words_of_changed();
DROP FUNCTION products_words_of_new();
DROP FUNCTION products_learn_words(text);
DELETE FROM products_searchword;
"""


class Migration(migrations.Migration):
    """Learns the words of the products that are there, and of all that follow."""

    dependencies: ClassVar[list] = [("products", "0004_search_words")]
    operations: ClassVar[list] = [migrations.RunSQL(LEARN, FORGET)]
