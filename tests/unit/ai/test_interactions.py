from pathlib import Path

from recommendations.interactions import Line, interactions_build, online_retail_lines

HEAD = '"Invoice","StockCode","Description","Quantity","InvoiceDate","Price","Customer ID","Country"\n'


def line(sku: str, day: int, customer: str = "A", name: str = "THING") -> Line:
    return Line(customer, sku, name, day, 1, 2.5, f"{customer}{day}")


def test_only_sales_of_goods_to_known_customers_count(tmp_path: Path):
    file = tmp_path / "lines.csv"
    file.write_text(
        HEAD
        + '"1","85048 ","LIGHTS ",12,"2009-12-01 07:45:00",6.95,13085,"United Kingdom"\n'
        + '"C2","85048","LIGHTS",12,"2009-12-01 07:45:00",6.95,13085,"United Kingdom"\n'
        + '"3","85048","LIGHTS",-1,"2009-12-01 07:45:00",6.95,13085,"United Kingdom"\n'
        + '"4","85048","LIGHTS",1,"2009-12-01 07:45:00",0,13085,"United Kingdom"\n'
        + '"5","POST","POSTAGE",1,"2009-12-01 07:45:00",18,13085,"France"\n'
        + '"6","79323p","PINK",1,"2009-12-02 07:45:00",1,,"United Kingdom"\n'
        + '"7","79323p","PINK",1,"2009-12-02 07:45:00",1,13086,"United Kingdom"\n'
    )
    history = interactions_build(online_retail_lines(file))
    assert history.skus == ("85048", "79323P")
    assert history.names == ("LIGHTS", "PINK")
    assert history.quantity.tolist() == [12, 1]


def test_rows_come_in_order_of_the_day_and_can_be_cut():
    history = interactions_build([line("B", 30), line("A", 10), line("C", 20)])
    assert history.day.tolist() == [10, 20, 30]
    assert len(history.until(20)) == 2
    assert history.between(10, 20).day.tolist() == [20]


def test_the_digest_follows_what_could_be_learned():
    first = interactions_build([line("A", 1), line("B", 2)])
    assert first.digest() == interactions_build([line("A", 1), line("B", 2)]).digest()
    assert first.digest() != interactions_build([line("A", 1), line("B", 3)]).digest()
    assert first.digest() != interactions_build([line("A", 1), line("B", 2, name="X")]).digest()
