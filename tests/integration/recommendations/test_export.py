from django.core.management import call_command

from recommendations.interactions import interactions_build, lines_read
from tests.integration.recommendations.test_recommendations import order_make
from tests.support.factories import user_make


def test_the_export_is_what_training_reads(catalogue, tmp_path):
    user, other = user_make(), user_make()
    order_make(user, catalogue[1], catalogue[2])
    order_make(other, catalogue[2])
    order_make(other, catalogue[3], status="cancelled")
    order_make(None, catalogue[4])
    file = tmp_path / "lines.csv"
    call_command("recommendations_export", file)
    assert user.email not in file.read_text()
    assert list(tmp_path.iterdir()) == [file]
    history = interactions_build(lines_read(file))
    assert history.skus == ("P1", "P2")
    assert history.customers == 2
    assert len(history) == 3
    assert history.price.tolist() == [1.5, 1.5, 1.5]
    assert history.names[0] == catalogue[1].name
