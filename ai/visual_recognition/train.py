"""``python -m visual_recognition.train``: learn how photos differ from shop pictures, judge, publish what is better."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from meshop_shared.ai.training import Requirement, Trained, train_main
from visual_recognition.dataset import gallery_read, pictures_read
from visual_recognition.descriptors import Floats
from visual_recognition.encoder import describer_load
from visual_recognition.evaluation import (
    DATASET_LIMITS,
    Library,
    judge_histogram,
    judge_normalised,
    judge_plain,
    library_build,
    ranking,
)
from visual_recognition.model import gallery_learn, lead_of
from visual_recognition.pictures import picture_read


class VisualJob:
    """Learn from unlabelled photos; labelled ones judge, and say how far a match can be trusted."""

    name = "visual_recognition"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Where the pictures are."""
        parser.add_argument(
            "--data", type=Path, required=True, help="labelled pictures: GroceryStoreDataset, folder or tar"
        )
        parser.add_argument(
            "--gallery",
            type=Path,
            help="folder of the shop's own unlabelled photos; default: those of the data",
        )
        parser.add_argument("--encoder", default="", help="the ONNX encoder that the service will use")

    def train(self, options: argparse.Namespace) -> Trained:
        """Judge on halves; what is published learned from all photos."""
        pictures, describer = pictures_read(options.data), describer_load(options.encoder)
        library = library_build(pictures, describer)
        own = gallery_read(options.gallery) if options.gallery else []
        seen = (
            np.array([describer.describe(picture_read(one, limits=DATASET_LIMITS)).vector for one in own])
            if own
            else library.vectors()
        )
        model = gallery_learn(library.descriptor, seen, trust=trust_learn(library))
        return Trained(
            artefact=model.dumps,
            data_digest=pictures.digest(),
            split=f"five random halves of {len(pictures.photos)} photos: one unlabelled to learn from, one to judge, "
            "and the other way; what is published learned from all",
            metrics=judge_normalised(library, seed=options.seed).means(),
            baselines={
                "colour histogram": judge_histogram(pictures).means(),
                "without a gallery": judge_plain(library).means(),
            },
            requirements=(
                Requirement("top1", "colour histogram", 2.0), Requirement("recall10", "colour histogram", 1.3),
                Requirement("top1", "without a gallery", 1.0), Requirement("recall10", "without a gallery", 1.0),
            ),
            notes="Photos of customers against one iconic picture of each article: top-1 and Recall@10 of the article, "
            "top-1 of its category. Only mean and covariance of the photos are in the artefact, no photo.",
        )  # fmt: skip


def trust_learn(library: Library) -> Floats:
    """How the best score and its lead tell whether its category is right, from photos judged by the other half."""
    chance = np.random.default_rng(1)
    order = chance.permutation(len(library.photos))
    half = len(order) // 2
    categories = np.array(library.categories)
    rows, right = [], []
    for gallery, judged in ((order[:half], order[half:]), (order[half:], order[:half])):
        model = gallery_learn(library.descriptor, library.vectors()[gallery])
        for number in judged:
            found, scores = ranking(library, library.photos[number], model)
            rows.append((float(scores[0]), lead_of(scores, list(categories[found]))))
            right.append(bool(categories[found[0]] == categories[library.classes[number]]))
    if len(set(right)) < 2:
        return np.zeros(3, np.float32)
    learned = LogisticRegression().fit(np.array(rows), np.array(right))
    return np.array([learned.intercept_[0], *learned.coef_[0]], np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 3 when the model was refused."""
    return train_main(VisualJob(), arguments)


if __name__ == "__main__":
    sys.exit(main())
