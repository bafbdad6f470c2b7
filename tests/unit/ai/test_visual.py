"""What the eye sees: subjects, colours, copies, and which thing a photo shows."""

from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.support.drawings import encoded, thing
from visual_recognition.colours import colours_named
from visual_recognition.descriptors import COLOURS, describe, subject_find
from visual_recognition.encoder import Describer, Encoder, describer_load
from visual_recognition.finding import copies_of, find
from visual_recognition.index import Entry, MemoryIndex, Shown
from visual_recognition.matching import SAME_CORRELATION, local_scores
from visual_recognition.model import (
    VisualModel,
    categories_vote,
    colour_scores,
    fused_scores,
    gallery_learn,
    lead_of,
    standardised,
)
from visual_recognition.pictures import Limits, picture_read

LIMITS = Limits(max_bytes=5_000_000, max_pixels=24_000_000)
COLOURED = {"red": (200, 30, 30), "green": (40, 140, 50), "blue": (30, 60, 190), "yellow": (240, 215, 40)}


def shelf(count: int = 12) -> MemoryIndex:
    index = MemoryIndex()
    entries = []
    for number in range(count):
        name = list(COLOURED)[number % 4]
        shown = (Shown(100 + number, number, name),)
        entries.append(Entry(f"{number}.jpg", shown, describe(thing(number, colour=COLOURED[name]))))
    index.put(entries)
    return index


def photo(seed: int, colour: str) -> np.ndarray:
    """The same thing in a dim shop, on a grey floor, a little turned."""
    pixels = thing(seed, colour=COLOURED[colour]).astype(float)
    pixels[(pixels == 255).all(axis=2)] = (90, 85, 80)
    matrix = cv2.getRotationMatrix2D((160, 160), 8, 0.9)
    turned = cv2.warpAffine(pixels.astype(np.uint8), matrix, (320, 320), borderValue=(90, 85, 80))
    return (turned * 0.7).astype(np.uint8)


def test_the_backdrop_is_cut_away_and_a_photo_is_left_whole():
    pixels, subject = subject_find(thing(1))
    assert pixels.shape[0] < 275
    assert 0.7 < subject.mean() < 0.85  # a disc in its square
    whole, everything = subject_find(np.random.default_rng(1).integers(0, 255, (90, 90, 3)).astype(np.uint8))
    assert whole.shape == (90, 90, 3)
    assert everything.all()


def test_a_description_is_the_same_each_time_and_of_unit_length():
    one, two = describe(thing(3)), describe(thing(3))
    assert np.array_equal(one.vector, two.vector)
    assert np.array_equal(one.features, two.features)
    assert one.vector.shape == (COLOURS,)
    assert np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("pixels", [np.zeros((8, 300, 3), np.uint8), np.full((200, 9, 3), 255, np.uint8)])
def test_pictures_of_nothing_are_described(pixels):
    described = describe(pixels)
    assert np.isfinite(described.vector).all()
    assert len(described.features) == 0


def test_the_light_of_a_photo_hardly_changes_its_colours():
    bright, dim = describe(thing(4)), describe((thing(4) * 0.75).astype(np.uint8))
    assert bright.vector @ dim.vector > 0.9


def test_a_thing_is_found_by_its_photo_and_told_from_others_of_its_colour():
    index = shelf()
    for seed, colour in ((0, "red"), (5, "green"), (10, "blue")):
        found = find(index, describe(photo(seed, colour)), None)
        assert found.products(1)[0][0].product_id == seed
        assert found.votes()[0][0] == colour


def test_an_empty_shelf_has_nothing():
    found = find(MemoryIndex(), describe(thing(1)), None)
    assert (found.products(5), found.votes(), found.confidence(None)) == ([], [], None)


def test_several_products_may_show_one_file():
    index = MemoryIndex()
    index.put([Entry("a", (Shown(1, 7, None), Shown(2, 8, None), Shown(3, 7, None)), describe(thing(1)))])
    products = find(index, describe(thing(1)), None).products(10)
    assert [shown.product_id for shown, _ in products] == [7, 8]
    index.reshow({"a": (Shown(2, 8, "new"),)})
    assert index.files() == {"a": (Shown(2, 8, "new"),)}
    index.drop(["a", "unknown"])
    assert index.nearest(describe(thing(1)).vector, count=3) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels[24:-24, 24:-24],
        lambda pixels: cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        lambda pixels: picture_read(encoded(pixels, "JPEG", quality=40), limits=LIMITS),
        lambda pixels: cv2.warpAffine(
            pixels, cv2.getRotationMatrix2D((160, 160), 5, 1), (320, 320), borderMode=cv2.BORDER_REPLICATE
        ),
    ],
    ids=["crop", "size", "jpeg", "turn"],
)
def test_a_copy_is_known_whatever_was_done_to_it(change):
    index = shelf()
    for number in range(4):
        colour = list(COLOURED.values())[number]
        described = describe(change(thing(number, colour=colour)))
        copies = copies_of(index.nearest(described.vector, count=30), described)
        assert [entry.file for entry, _ in copies] == [f"{number}.jpg"]
        assert SAME_CORRELATION <= copies[0][1] <= 1


def test_the_same_kind_of_thing_is_no_copy():
    index = shelf()
    described = describe(thing(100, colour=COLOURED["red"]))
    assert copies_of(index.nearest(described.vector, count=30), described) == []


def test_plain_colours_are_called_by_their_names():
    for name, colour in (
        COLOURED | {"black": (15, 15, 15), "pink": (250, 170, 190), "brown": (100, 62, 30)}
    ).items():
        pixels = np.full((100, 100, 3), 255, np.uint8)
        cv2.circle(pixels, (50, 50), 35, colour, -1)
        named = colours_named(describe(pixels).palette)
        assert named[0][0] == name
        assert 0.5 < named[0][1] <= 1.001


def test_details_only_ever_add():
    query = describe(thing(1))
    colour = np.zeros(3, np.float32)
    others = [describe(thing(seed)).features for seed in (1, 2, 3)]
    fused = fused_scores(colour, query, others)
    assert (fused >= 0).all()
    assert fused.argmax() == 0
    assert np.array_equal(local_scores(query.features[:0], others), np.zeros(3))
    assert np.array_equal(standardised(np.ones(4, np.float32)), np.zeros(4))


def test_votes_and_leads():
    assert categories_vote(np.array([2.0, 1.9, 0.0]), ["a", "a", "b"])[0][0] == "a"
    assert categories_vote(np.array([2.0]), [None]) == []
    assert lead_of(np.array([2.0, 1.5, 1.0]), ["a", "a", "b"]) == 1.0
    assert lead_of(np.array([2.0]), ["a"]) == 0.0


def test_a_model_is_its_bytes_and_nothing_else_is_one():
    model = gallery_learn("colour1", np.random.default_rng(1).random((30, 5)).astype(np.float32))
    again = VisualModel.loads(model.dumps())
    assert again.descriptor == "colour1"
    assert np.array_equal(again.covariance, model.covariance)
    assert again.confidence(3.0, 1.0) == 0.5
    for wrong in (b"", b"not a model", model.dumps()[:50]):
        with pytest.raises((ValueError, KeyError, OSError, EOFError, BadZipFile)):
            VisualModel.loads(wrong)


def test_a_gallery_takes_away_what_all_photos_have():
    """Every photo is full of floor, so the thing of the floor's colour is like all of them; that says nothing."""
    floor, thing_1, thing_2 = np.eye(3, dtype=np.float32)
    chance = np.random.default_rng(1)
    gallery = np.array(
        [0.8 * floor + chance.random() * thing_1 + chance.random() * thing_2 for _ in range(50)]
    )
    photo_of_1 = 0.8 * floor + 0.7 * thing_1 + 0.3 * thing_2
    things = np.array([floor, thing_1, thing_2])
    assert colour_scores(photo_of_1, things, None).argmax() == 0
    model = gallery_learn("colour1", gallery.astype(np.float32))
    assert colour_scores(photo_of_1, things, model).argmax() == 1


def small_encoder(path: Path) -> Path:
    """Mean of each third of the height, as a graph: three numbers for each channel."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, 30, 30])
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", 9])
    nodes = [
        helper.make_node("AveragePool", ["pixels"], ["thirds"], kernel_shape=[10, 30], strides=[10, 30]),
        helper.make_node("Flatten", ["thirds"], ["vector"]),
    ]
    graph = helper.make_graph(nodes, "small", [pixels], [vector])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    return path


def test_an_encoder_in_the_slot_is_used(tmp_path):
    path = small_encoder(tmp_path / "encoder.onnx")
    plain, describer = Describer(), describer_load(path.as_uri())
    assert describer.name.startswith("colour1-")
    assert describer.size == COLOURS + 9
    top = np.full((60, 60, 3), 128, np.uint8)
    top[:20] = 255
    bottom = top[::-1].copy()
    # Colour cannot tell a picture from itself upside down; this encoder can.
    assert plain.describe(top).vector @ plain.describe(bottom).vector == pytest.approx(1, abs=0.02)
    assert describer.describe(top).vector @ describer.describe(bottom).vector < 0.9
    assert np.linalg.norm(describer.describe(top).vector) == pytest.approx(1, abs=1e-5)


def test_what_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        describer_load((tmp_path / "none.onnx").as_uri())
    with pytest.raises(Exception, match=r"(?i)protobuf|model"):
        Encoder(b"not a graph")
